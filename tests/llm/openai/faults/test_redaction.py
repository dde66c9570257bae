from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.llm.openai.faults.redaction import MAX_QUOTE, quotable

KEY = "canary-4f9d2c71b8e3a650-canary"


@pytest.mark.parametrize(
    "text",
    [
        f"Incorrect API key provided: {KEY}. See the documentation.",
        "Incorrect API key provided: canary********nary.",
        f"Authorization: Bearer {KEY}",
        f"bearer {KEY[:12]}",
        f"Failed at https://user:{KEY}@host.example/v1/chat",
        f"{KEY[:10]}... is not a key",
        f"prefix{KEY}suffix",
    ],
)
def test_no_part_of_the_key_is_repeated(text):
    quoted = quotable(text, KEY)
    assert "canary" not in quoted
    assert "4f9d" not in quoted


@pytest.mark.parametrize(
    "other",
    [
        "sk-proj-AbCdEf0123456789",
        "sk-ant-api03-abcdefgh",
        "AIzaSyA1234567890abcdefg",
        "9f8e7d6c5b4a39281706f5e4d3c2b1a0",
    ],
)
def test_nor_anything_else_that_looks_like_a_key(other):
    assert other not in quotable(f"The key {other} is wrong", KEY)
    assert quotable(f"The key {other} is wrong", KEY).startswith("The key [hidden]")


@pytest.mark.parametrize(
    "text",
    [
        "The model `gpt-5-mini-2026-01-31` does not exist.",
        "Model meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8 is not loaded",
        "This model's maximum context length is 8192 tokens, but 9001 were asked for.",
        "skilfully keyboarded basic plan",
    ],
)
def test_what_helps_is_kept(text):
    assert quotable(text, KEY) == text


def test_a_key_of_a_letter_leaves_the_words_whole():
    assert quotable("the key k is taken", "k") == "the key [hidden] is taken"


def test_one_line_without_control_characters():
    assert quotable("a\r\nb\x1b[31m\x00c\u2028d", KEY) == "a b [31m c d"


def test_short():
    quoted = quotable("wrong " * 100_000, KEY)
    assert len(quoted) == MAX_QUOTE
    assert quoted.endswith("…")


@pytest.mark.parametrize("body", [None, 5, {"x": 1}, "", "  <!doctype html><p>502</p>"])
def test_nothing_to_quote(body):
    assert quotable(body, KEY) == ""


HYPHENED = "sk-proj-4f9d2c71-b8e3a650-Canary"
FORMS = {
    "as it is": HYPHENED,
    "without hyphens": HYPHENED.replace("-", ""),
    "with blanks": HYPHENED.replace("-", " "),
    "with other hyphens": HYPHENED.replace("-", "\u2011"),
    "with underscores": HYPHENED.replace("-", "_"),
    "in capitals": HYPHENED.upper(),
    "spaced": " ".join(HYPHENED),
    "in full width": "".join(chr(0xFEE0 + ord(each)) if each.isalnum() else each for each in HYPHENED),
    "with invisible characters": "\u200b".join(HYPHENED),
    "percent-encoded": "".join(f"%{ord(each):02x}" for each in HYPHENED),
    "its hyphens percent-encoded": HYPHENED.replace("-", "%2D"),
    "its hyphens as entities": HYPHENED.replace("-", "&#45;"),
    "base64": base64.b64encode(HYPHENED.encode()).decode(),
    "base64 of a pair": base64.b64encode(b"user:" + HYPHENED.encode()).decode(),
    "base64 for addresses": base64.urlsafe_b64encode(b"??>" + HYPHENED.encode()).decode().rstrip("="),
    "hexadecimal": HYPHENED.encode().hex(),
    "its beginning": HYPHENED[:12],
    "its end": HYPHENED[-14:],
    "its middle": HYPHENED[8:20],
    "within a word": f"before{HYPHENED.replace('-', '')}after",
    "in an address": f"https://host.test/v1?key={HYPHENED}",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_key_that_comes_back_altered(form):
    quoted = quotable(f"The key {FORMS[form]} is bad", HYPHENED)
    assert quoted == "The key [hidden] is bad"


@pytest.mark.parametrize("form", FORMS)
def test_and_twice(form):
    quoted = quotable(f"{FORMS[form]} and {FORMS[form]}", HYPHENED)
    assert quoted == "[hidden] and [hidden]"


@given(st.text(st.characters(codec="utf-8"), max_size=400))
def test_any_text_can_be_quoted(text):
    quoted = quotable(text, HYPHENED, "x")
    assert len(quoted) <= MAX_QUOTE
    assert quoted.isprintable()


def test_every_secret_is_hidden():
    assert quotable("the word hunter2-hunter2 and the key sk-none-12345678", "other", "hunter2-hunter2") == (
        "the word [hidden] and the key [hidden]"
    )
