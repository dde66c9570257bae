from __future__ import annotations

import pytest

from chat.llm.redaction import MAX_QUOTE, quotable

KEY = "canary-4f9d2c71b8e3a650-canary"


@pytest.mark.parametrize(
    "said",
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
def test_no_part_of_the_key_is_repeated(said):
    quoted = quotable(said, KEY)
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
    "said",
    [
        "The model `gpt-5-mini-2026-01-31` does not exist.",
        "Model meta-llama/Llama-4-Maverick-17B-128E-Instruct-FP8 is not loaded",
        "This model's maximum context length is 8192 tokens, but 9001 were asked for.",
        "skilfully keyboarded basic plan",
    ],
)
def test_what_helps_is_kept(said):
    assert quotable(said, KEY) == said


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
