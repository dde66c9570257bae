from __future__ import annotations

import itertools
import json
from unittest.mock import patch

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from chat.errors import ModelGarbled
from chat.llm.openai.answer import chunk_template as module
from chat.llm.openai.answer.chunk_template import ChunkTemplate
from chat.llm.openai.answer.deltas import AnswerReader
from chat.llm.openai.answer.sse import EventParser
from chat.messages import Delta, ReasoningDelta, TextDelta


def data(delta: object, finish: str | None = None, **more: object) -> bytes:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
    return json.dumps({"id": "x", "choices": choices} | more, ensure_ascii=False, separators=(",", ":")).encode()


def events(*contents: str, field: str = "content") -> bytes:
    return b"".join(b"data: %b\n\n" % data({field: content}) for content in contents)


def knowing(example: bytes) -> ChunkTemplate:
    template = ChunkTemplate()
    template.learn(example)
    return template


@pytest.mark.parametrize("field", ["content", "refusal"])
def test_text_in_a_known_template_is_extracted(field):
    assert knowing(data({field: "Hi"})).match(events("He", "llo", "", " é🚀", field=field)) == TextDelta("Hello é🚀")


def test_words_in_a_typed_part_are_taken_out():
    part = [{"type": "text", "text": "Hi"}]
    assert knowing(data({"content": part})).match(b"data: %b\n\n" % data({"content": part})) == TextDelta("Hi")


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_stays_reasoning(field):
    assert knowing(data({field: "Hm"})).match(events("Well", field=field)) == ReasoningDelta("Well")


def test_the_words_are_found_beside_others_that_look_alike():
    example = data({"role": "assistant", "content": "model"}, model="model")
    received = b"data: %b\n\n" % data({"role": "assistant", "content": "Hi"}, model="model")
    assert knowing(example).match(received) == TextDelta("Hi")
    # The first that looks like them is something else, so that nothing is learnt.
    assert knowing(data({"role": "assistant", "content": "assistant"})).match(received) is None


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
    template = knowing(example)
    assert template.match(b"data: %b\n\n" % example) is None
    assert template.match(events("Hi")) is None


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
def test_anything_that_differs_from_the_template_is_refused(received):
    assert knowing(data({"content": "Hi"})).match(received) is None


def test_a_template_that_is_always_another_one_is_not_tried_for_ever():
    template = ChunkTemplate()
    with patch.object(module, "decode_text_delta", wraps=module.decode_text_delta) as decode:
        for number in range(100):
            assert template.match(b"data: %b\n\n" % data({"content": "Hi"}, created=number)) is None
            template.learn(data({"content": "Hi"}, created=number))
        assert decode.call_count <= 20


def test_a_template_that_is_another_one_now_and_then_is_learnt_anew_each_time():
    template = ChunkTemplate()
    for second in range(100):
        example = data({"content": "Hi"}, created=second)
        template.learn(example)
        assert template.match(b"data: %b\n\n" % example * 2) == TextDelta("HiHi")


def answer(received: list[bytes], with_template: bool) -> tuple[list[Delta], str]:
    """Return the answer as the client reads it, with its words joined, and its error."""
    parser, reader, template = EventParser(), AnswerReader(), ChunkTemplate()
    deltas: list[Delta] = []
    failure = ""
    try:
        for piece in received:
            if with_template and parser.is_between_events and (words := template.match(piece)):
                deltas.append(words)
                continue
            whole = parser.feed(piece)
            deltas += reader.read(whole)
            if whole:
                template.learn(whole[-1][1])
    except ModelGarbled as error:
        failure = error.message
    joined: list[Delta] = []
    for kind, delta in itertools.groupby((delta for delta in deltas if delta.text), type):
        joined.append(kind("".join(delta.text for delta in delta)))
    return joined, failure


_WORDS = st.text(max_size=4) | st.sampled_from(['"', "\\", "}", "data: ", "\n\n", '"}}]}\n\ndata: {"id'])
_EVENTS = st.builds(lambda words, field: events(words, field=field), _WORDS, st.sampled_from(["content", "reasoning"]))
_OTHERS = st.sampled_from(
    [events("Hi") * 3, b": ping\n\n", b"data: {}\n\n", b"data: {bad\n\n", events("a").replace(b"a", b"\xff")]
)


@example([events('"', field="reasoning"), events(""), events("0", field="reasoning")], 0)
@given(st.lists(st.lists(_EVENTS | _OTHERS, max_size=4).map(b"".join), max_size=8), st.integers(0, 400))
def test_an_answer_is_the_same_with_and_without_a_template(pieces, cut):
    first, rest = events("First"), b"".join(pieces)
    for received in ([first, *pieces], [first, rest[:cut], rest[cut:]]):
        assert answer(received, with_template=True) == answer(received, with_template=False)
