"""Reasoning between tags at the beginning of a text that is cut at any place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.llm.openai.answer.thinking import ThinkingTags


def split(*pieces: str) -> tuple[str, str]:
    """Return the reasoning and the text."""
    tags = ThinkingTags()
    parts = [part for piece in pieces for part in tags.feed(piece)] + tags.end()
    return tuple("".join(text for is_reasoning, text in parts if is_reasoning is flag) for flag in (True, False))


CASES = [
    ("<think>\nHm.\n</think>\n\nHello", ("Hm.", "Hello")),
    ("<think>Hm.</think>Hello\n", ("Hm.", "Hello\n")),
    ("\n <think> Hm. </think> Hello", ("Hm.", "Hello")),
    ("<thinking>Hm.</thinking>\nHello", ("Hm.", "Hello")),
    ("<THINK>Hm.</Think>Hello", ("Hm.", "Hello")),
    ("<think>Hm, </thinking> is no end</think>Hello", ("Hm, </thinking> is no end", "Hello")),
    ("<think>a < b, </ b, </thin</think>Hello", ("a < b, </ b, </thin", "Hello")),
    ("<think>one</think>\n<think>two</think>Hello", ("onetwo", "Hello")),
    ("<think></think>\n\nHello", ("", "Hello")),
    ("<think>\n\n\nHello", ("Hello", "")),
    ("<think>Hm.\n\n  ", ("Hm.", "")),
    ("</think>\n\nHello", ("", "Hello")),
    ("Hello <think>x</think>", ("", "Hello <think>x</think>")),
    ("```\n<think>x</think>\n```", ("", "```\n<think>x</think>\n```")),
    ("<thin line", ("", "<thin line")),
    ("<table>", ("", "<table>")),
    ("\n\nHello", ("", "\n\nHello")),
    ("<", ("", "<")),
    ("", ("", "")),
    (" ", ("", " ")),
    ("<think>İ</think>Hello", ("İ", "Hello")),
    ("[THINK]a [b] [/thin[/THINK]Hello [THINK]", ("a [b] [/thin", "Hello [THINK]")),
    ("<seed:think>Hm.</seed:think>\nHello", ("Hm.", "Hello")),
    ("◁think▷Hm.◁/think▷Hello", ("Hm.", "Hello")),
    ("<|think|>Hm.<|/think|>Hello", ("Hm.", "Hello")),
    ("\ufeff<think>Hm.</think>Hello", ("Hm.", "Hello")),
    ("[1] says so", ("", "[1] says so")),
    ("\ufeffHello", ("", "\ufeffHello")),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_reasoning_and_text_are_told_apart_however_they_are_cut(text, expected):
    assert split(text) == expected
    assert split(*text) == expected
    for at in range(len(text)):
        assert split(text[:at], text[at:]) == expected


TEXTS = st.lists(
    st.sampled_from(["<think>", "</think>", "<", ">", "</", "think", " ", "\n", "a", "<thinking>", "</thinking>"]),
    max_size=12,
)


@given(TEXTS)
def test_a_cut_changes_nothing(pieces):
    assert split(*pieces) == split("".join(pieces)) == split(*"".join(pieces))


@given(st.text().filter(lambda text: not text.lstrip().startswith(("<", "[", "◁", "\ufeff"))))
def test_a_text_without_a_tag_at_its_beginning_stays_as_it_is(text):
    assert split(*text) == ("", text)


@pytest.mark.parametrize("text", [" " * 100_000, "<think>" + " " * 100_000, "<think>" + "x<" * 50_000])
def test_long_texts_are_passed_on_as_they_come(text):
    tags = ThinkingTags()
    passed = sum(len(part) for piece in text for _, part in tags.feed(piece))
    assert passed > 90_000 or not text.strip().removeprefix("<think>")
