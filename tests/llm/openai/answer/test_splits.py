"""A stream that is cut into reads at any byte has the same deltas and the same end."""

from __future__ import annotations

import json
import math
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chat.cancellation import Cancellation
from chat.errors import ModelError
from chat.llm.openai.answer.deltas import ReportedError
from chat.llm.openai.client import _deltas
from chat.messages import ReasoningDelta, TextDelta, ToolCall
from chat.net.cancel_scope import CancelScope
from scripts.fake_model.dialects import DIALECTS


def outcome(reads: list[bytes]) -> list[Any]:
    """Return the deltas, with adjacent words joined, and the class of the error at the end."""
    deltas: list[Any] = []
    try:
        for delta in _deltas(iter(reads), CancelScope(math.inf), Cancellation(60)):
            if deltas and isinstance(delta, (TextDelta, ReasoningDelta)) and type(deltas[-1]) is type(delta):
                deltas[-1] = type(delta)(deltas[-1].text + delta.text)
            elif isinstance(delta, ToolCall) and re.fullmatch("[A-Za-z0-9]{9}", delta.id):
                deltas.append(replace(delta, id="made up, so another one each time"))
            else:
                deltas.append(delta)
    except (ModelError, ReportedError) as error:
        deltas.append((type(error), str(error)))
    return deltas


def streams() -> dict[str, bytes]:
    """Return the first answer of each dialect that streams completely."""
    return {
        name: b"".join(part for part in dialect.scripts[0] if isinstance(part, bytes))
        for name, dialect in DIALECTS.items()
        if isinstance(dialect.scripts, tuple)
        and all(isinstance(part, (bytes, int, float)) for part in dialect.scripts[0])
        and sum(len(part) for part in dialect.scripts[0] if isinstance(part, bytes)) < 20_000
    }


STREAMS = streams()


def test_there_are_streams():
    assert len(STREAMS) > 100


@pytest.mark.parametrize("name", STREAMS)
def test_byte_by_byte_or_at_once(name):
    stream = STREAMS[name]
    at_once = outcome([stream])
    assert outcome([bytes([byte]) for byte in stream]) == at_once
    assert outcome([stream[start : start + 7] for start in range(0, len(stream), 7)]) == at_once


@settings(max_examples=200)
@given(
    st.sampled_from(sorted(STREAMS)),
    st.lists(st.integers(1, 200), max_size=40),
    st.sampled_from([b"\n", b"\r", b"\r\n"]),
)
def test_any_cut_and_any_line_end(name, sizes, line_end):
    stream = STREAMS[name]
    if b"\r" not in stream:
        stream = stream.replace(b"\n", line_end)
    reads, start = [], 0
    for size in sizes:
        reads.append(stream[start : start + size])
        start += size
    reads.append(stream[start:])
    assert outcome([read for read in reads if read]) == outcome([STREAMS[name]])


FIELDS = (
    *("choices", "delta", "message", "content", "text", "index", "finish_reason", "tool_calls", "function", "usage"),
    *("name", "arguments", "id", "reasoning", "reasoning_content", "reasoning_details", "type", "prompt_tokens"),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(FIELDS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@settings(max_examples=400)
@given(JSON, JSON)
@example({"choices": False, "message": {}}, None)
@example({"choices": 0, "done": True, "message": {"x": 1}}, None)
def test_any_json_between_words_is_read_or_named(odd, delta):
    """Check that any input gives deltas that can be stored, and at most one of our errors."""
    events = [
        {"choices": [{"index": 0, "delta": {"content": "Hello"}}]},
        odd,
        {"choices": [{"index": 0, "delta": delta}]},
        {"choices": [{"index": 0, "delta": {"content": " there"}, "finish_reason": "stop"}]},
    ]
    reads = [b"data: " + json.dumps(event).encode() + b"\n\n" for event in events]
    actual = outcome(reads)
    for each in actual:
        repr(each).encode()
        if isinstance(each, (TextDelta, ReasoningDelta)):
            each.text.encode()
