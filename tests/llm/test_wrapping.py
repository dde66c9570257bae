from __future__ import annotations

import itertools
import json
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chat.errors import ModelGarbled
from chat.llm import wrapping as module
from chat.llm.deltas import AnswerReader
from chat.llm.sse import EventParser
from chat.llm.wrapping import Wrapping
from chat.messages import Delta, ReasoningDelta, TextDelta


def data(delta: object, finish: str | None = None, **more: object) -> bytes:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return json.dumps({"id": "x", "choices": choices} | more, ensure_ascii=False, separators=(",", ":")).encode()


def events(*contents: str, field: str = "content") -> bytes:
    return b"".join(b"data: %b\n\n" % data({field: content}) for content in contents)


def knowing(example: bytes) -> Wrapping:
    wrapping = Wrapping()
    wrapping.learn(example)
    return wrapping


@pytest.mark.parametrize("field", ["content", "refusal"])
def test_words_in_a_known_wrapping_are_taken_out(field):
    assert knowing(data({field: "Hi"})).words(events("He", "llo", "", " é🚀", field=field)) == TextDelta("Hello é🚀")


def test_words_in_a_typed_part_are_taken_out():
    part = [{"type": "text", "text": "Hi"}]
    assert knowing(data({"content": part})).words(b"data: %b\n\n" % data({"content": part})) == TextDelta("Hi")


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_stays_reasoning(field):
    assert knowing(data({field: "Hm"})).words(events("Well", field=field)) == ReasoningDelta("Well")


def test_the_words_are_found_beside_others_that_look_alike():
    example = data({"role": "assistant", "content": "model"}, model="model")
    received = b"data: %b\n\n" % data({"role": "assistant", "content": "Hi"}, model="model")
    assert knowing(example).words(received) == TextDelta("Hi")
    # The first that looks like them is something else, so that nothing is learnt.
    assert knowing(data({"role": "assistant", "content": "assistant"})).words(received) is None


@pytest.mark.parametrize(
    "example",
    [
        b"[DONE]",
        b"{broken",
        b"{}",
        data({}),
        data({"content": ""}),
        data({"content": "Hi"}, "stop"),
        data({"content": "Hi"}, usage={"prompt_tokens": 1}),
        data({"content": "Hi"}, error={"message": "no"}),
        data({"content": "Hi", "reasoning": "Hm"}),
        data({"content": "Hi", "tool_calls": [{"index": 0}]}),
        data({"content": 'say "Hi"'}),
        data({"content": "one\ntwo"}),
    ],
)
def test_nothing_is_learnt_from_what_means_more_than_its_words(example):
    wrapping = knowing(example)
    assert wrapping.words(b"data: %b\n\n" % example) is None
    assert wrapping.words(events("Hi")) is None


@pytest.mark.parametrize(
    "received",
    [
        b"",
        events("Hi")[:-1],
        events("Hi")[1:],
        events("Hi") + b": a comment\n\n",
        events("Hi") + b"data: [DONE]\n\n",
        events("Hi").replace(b"\n", b"\r\n"),
        events("Hi") + b"event: error\n" + events("Hi"),
        events("Hi", 'say "Hi"'),
        events("Hi", "one\ntwo"),
        events("Hi").replace(b"Hi", b"H\ti"),
        events("Hi").replace(b"Hi", b"H\xffi"),
        events("Hi").replace(b'"x"', b'"y"'),
        events("Hi") + b"data: %b\n\n" % data({"content": "."}, "stop"),
    ],
)
def test_whatever_is_not_exactly_that_is_left_to_others(received):
    assert knowing(data({"content": "Hi"})).words(received) is None


def test_a_wrapping_that_is_always_another_one_is_not_tried_for_ever():
    wrapping = Wrapping()
    with patch.object(module, "words_alone", wraps=module.words_alone) as looked_at:
        for number in range(100):
            assert wrapping.words(b"data: %b\n\n" % data({"content": "Hi"}, created=number)) is None
            wrapping.learn(data({"content": "Hi"}, created=number))
        assert looked_at.call_count <= 20


def test_a_wrapping_that_is_another_one_now_and_then_is_learnt_anew_each_time():
    wrapping = Wrapping()
    for second in range(100):
        example = data({"content": "Hi"}, created=second)
        wrapping.learn(example)
        assert wrapping.words(b"data: %b\n\n" % example * 2) == TextDelta("HiHi")


def answer(received: list[bytes], with_wrapping: bool) -> tuple[list[Delta], str]:
    """The answer as the client reads it, its words joined; and what became of it."""
    parser, reader, wrapping = EventParser(), AnswerReader(), Wrapping()
    found: list[Delta] = []
    fate = ""
    try:
        for piece in received:
            if with_wrapping and parser.is_between_events and (words := wrapping.words(piece)):
                found.append(words)
                continue
            whole = parser.feed(piece)
            found += reader.read(whole)
            if whole:
                wrapping.learn(whole[-1][1])
    except ModelGarbled as error:
        fate = error.message
    joined: list[Delta] = []
    for kind, said in itertools.groupby((delta for delta in found if delta.text), type):
        joined.append(kind("".join(delta.text for delta in said)))
    return joined, fate


_WORDS = st.text(max_size=4) | st.sampled_from(['"', "\\", "}", "data: ", "\n\n", '"}}]}\n\ndata: {"id'])
_EVENTS = st.builds(lambda words, field: events(words, field=field), _WORDS, st.sampled_from(["content", "reasoning"]))
_OTHERS = st.sampled_from(
    [events("Hi") * 3, b": ping\n\n", b"data: {}\n\n", b"data: {bad\n\n", events("a").replace(b"a", b"\xff")]
)


@example([events('"', field="reasoning"), events(""), events("0", field="reasoning")], 0)
@given(st.lists(st.lists(_EVENTS | _OTHERS, max_size=4).map(b"".join), max_size=8), st.integers(0, 400))
def test_an_answer_is_the_same_with_and_without(pieces, cut):
    first, rest = events("First"), b"".join(pieces)
    for received in ([first, *pieces], [first, rest[:cut], rest[cut:]]):
        assert answer(received, with_wrapping=True) == answer(received, with_wrapping=False)
