from __future__ import annotations

import json

import pytest

from chat.errors import ModelGarbled, ModelInterrupted, ModelNoAnswer, ModelRejected
from chat.llm.openai.answer.deltas import AnswerReader, ReportedError
from chat.llm.openai.answer.tool_calls import MAX_CALLS_CHARACTERS, MAX_TOOL_CALLS
from chat.messages import Delta, ReasoningDelta, TextDelta, ToolCall, Usage


def chunk(delta: object = None, finish: str | None = None, **more: object) -> bytes:
    return json.dumps({"id": "x", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]} | more).encode()


def read(*chunks: bytes) -> list[Delta]:
    reader = AnswerReader()
    deltas = list(reader.read((b"", data) for data in chunks))
    return [*deltas, *reader.end()]


def fragments(*fragments: dict) -> list[ToolCall]:
    deltas = read(*(chunk({"tool_calls": [fragment]}) for fragment in fragments), chunk({}, "tool_calls"))
    assert all(isinstance(delta, ToolCall) for delta in deltas)
    return deltas


@pytest.mark.parametrize(
    ("delta", "expected"),
    [
        ({"content": "Hi"}, [TextDelta("Hi")]),
        ({"role": "assistant", "content": ""}, []),
        ({"content": None}, []),
        ({}, []),
        (None, []),
        ({"reasoning_content": "Hm"}, [ReasoningDelta("Hm")]),
        ({"reasoning": "Hm", "content": None}, [ReasoningDelta("Hm")]),
        ({"reasoning": "Hm", "content": "Hi"}, [ReasoningDelta("Hm"), TextDelta("Hi")]),
        ({"refusal": "I won't"}, [TextDelta("I won't")]),
        ({"content": [{"type": "text", "text": "Hi"}, {"type": "thinking"}, 5]}, [TextDelta("Hi")]),
        ({"content": "Hi", "tool_calls": None, "something_new": {"x": [1]}}, [TextDelta("Hi")]),
        ({"thinking": "Hm"}, [ReasoningDelta("Hm")]),
        ({"reasoning_text": "Hm", "content": ""}, [ReasoningDelta("Hm")]),
        ({"thought": ["Hm"]}, [ReasoningDelta("Hm")]),
        ({"reasoning_details": [{"type": "reasoning.text", "text": "Hm"}]}, [ReasoningDelta("Hm")]),
        ({"reasoning": "Hm", "reasoning_details": [{"text": "Hm"}]}, [ReasoningDelta("Hm")]),
        ({"content": {"parts": [{"text": "Hi"}]}}, [TextDelta("Hi")]),
        ({"content": [{"type": "refusal", "refusal": "I won't"}]}, [TextDelta("I won't")]),
    ],
)
def test_a_piece_of_an_answer(delta, expected):
    assert read(chunk(delta), chunk({}, "stop")) == expected


def test_chunks_without_choices_are_passed_over():
    assert read(b'{"choices": []}', b'{"choices": null}', b"{}", chunk({"content": "Hi"}, "stop")) == [TextDelta("Hi")]


def test_usage_comes_last_and_once():
    usage = {"prompt_tokens": 12, "completion_tokens": 3, "completion_tokens_details": {"reasoning_tokens": 1}}
    continuous = {"prompt_tokens": 12, "completion_tokens": 1}
    deltas = read(chunk({"content": "Hi"}, usage=continuous), chunk({}, "stop", usage=None), chunk(usage=usage))
    assert deltas == [TextDelta("Hi"), Usage(12, 3)]


@pytest.mark.parametrize(
    "data",
    [
        chunk({}, "stop", x_groq={"id": "r", "usage": {"prompt_tokens": 12, "completion_tokens": 3}}),
        b'{"choices": [{"finish_reason": "stop", "usage": {"prompt_tokens": 12, "completion_tokens": 3}}]}',
        chunk({}, "stop", usage={"prompt_tokens": None, "input_tokens": 12, "outputTokens": "3"}),
        chunk({}, "stop", usage=[{"prompt_tokens": "1,2", "completion_tokens": " 3 "}]),
        chunk({}, "stop", usage='{"prompt_tokens": 12, "completion_tokens": 3}'),
    ],
)
def test_usage_in_odd_places(data):
    assert read(chunk({"content": "Hi"}), data) == [TextDelta("Hi"), Usage(12, 3)]


def test_usage_stays_within_what_a_database_takes():
    deltas = read(chunk({}, "stop", usage={"prompt_tokens": 10**18, "completion_tokens": -5}))
    assert deltas == [Usage(2**53, 0)]


def test_a_tool_call_in_fragments():
    calls = fragments(
        {"index": 0, "id": "a", "type": "function", "function": {"name": "market_data", "arguments": ""}},
        {"index": 0, "function": {"arguments": '{"coun'}},
        {"index": 0, "function": {"arguments": 'try": "China"}'}},
    )
    assert calls == [ToolCall("a", "market_data", '{"country": "China"}')]


def test_tool_calls_in_interleaved_fragments():
    calls = fragments(
        {"index": 0, "id": "a", "function": {"name": "x", "arguments": ""}},
        {"index": 1, "id": "b", "function": {"name": "x", "arguments": ""}},
        {"index": 0, "function": {"arguments": "[1"}},
        {"index": 1, "function": {"arguments": "[2"}},
        {"index": 0, "function": {"arguments": "]"}},
        {"index": 1, "function": {"arguments": "]"}},
    )
    assert calls == [ToolCall("a", "x", "[1]"), ToolCall("b", "x", "[2]")]


@pytest.mark.parametrize("index", [{}, {"index": None}, {"index": 0}])
def test_whole_calls_without_an_index_of_their_own(index):
    calls = fragments(
        {**index, "id": "a", "function": {"name": "x", "arguments": "[1]"}},
        {**index, "id": "b", "function": {"name": "x", "arguments": "[2]"}},
        {**index, "id": "c", "function": {"name": "y", "arguments": "[3]"}},
    )
    assert calls == [ToolCall("a", "x", "[1]"), ToolCall("b", "x", "[2]"), ToolCall("c", "y", "[3]")]


@pytest.mark.parametrize("place", [{"index": 0, "id": ""}, {"index": 0}, {}, {"id": None}])
def test_whole_calls_without_an_id_get_one_each(place):
    calls = fragments(
        {**place, "function": {"name": "x", "arguments": '{"country": "China"}'}},
        {**place, "function": {"name": "x", "arguments": '{"country": "India"}'}},
    )
    assert [call.arguments for call in calls] == ['{"country": "China"}', '{"country": "India"}']
    assert all(call.id for call in calls)
    assert calls[0].id != calls[1].id


@pytest.mark.parametrize("place", [{"index": 0, "id": "a"}, {"index": 0}, {"id": "a"}])
def test_a_name_repeated_in_every_fragment_is_one_call(place):
    calls = fragments(
        {**place, "function": {"name": "x", "arguments": '{"a"'}},
        {**place, "function": {"name": "x", "arguments": ": 1}"}},
        {**place, "function": {"name": "x", "arguments": ""}},
    )
    assert [(call.name, call.arguments) for call in calls] == [("x", '{"a": 1}')]


def test_fragments_that_lose_their_index_go_on():
    calls = fragments(
        {"index": 0, "id": "a", "function": {"name": "x", "arguments": "["}}, {"function": {"arguments": "]"}}
    )
    assert calls == [ToolCall("a", "x", "[]")]


def test_arguments_given_as_an_object_become_text():
    assert (
        fragments({"index": 0, "id": "a", "function": {"name": "x", "arguments": {"n": 1}}})[0].arguments == '{"n":1}'
    )


def test_arguments_stay_as_the_model_wrote_them():
    broken = '{"country": '
    assert fragments({"index": 0, "id": "a", "function": {"name": "x", "arguments": broken}})[0].arguments == broken


def test_calls_of_an_answer_that_was_cut_short_are_not_given():
    call = {"index": 0, "id": "a", "function": {"name": "x", "arguments": "{"}}
    assert read(chunk({"tool_calls": [call]}), chunk({}, "length")) == []


@pytest.mark.parametrize(
    "data",
    [
        b"{not json",
        b"[5]",
        b'"text"',
        b'{"choices": 5}',
        b'{"deep": ' + b"[" * 100_000,
    ],
)
def test_what_cannot_be_read_is_garbled(data):
    with pytest.raises(ModelGarbled):
        list(AnswerReader().read([(b"", data)]))


def test_a_call_without_a_name_is_garbled():
    with pytest.raises(ModelGarbled):
        fragments({"index": 0, "id": "a", "function": {"arguments": "{}"}})


def test_too_many_calls_are_garbled():
    with pytest.raises(ModelGarbled):
        fragments(*({"index": n, "id": str(n), "function": {"name": "x"}} for n in range(MAX_TOOL_CALLS + 1)))


def test_endless_arguments_are_garbled():
    start = {"index": 0, "id": "a", "function": {"name": "x"}}
    more = {"index": 0, "function": {"arguments": "x" * (MAX_CALLS_CHARACTERS // 4)}}
    with pytest.raises(ModelGarbled):
        fragments(start, *[more] * 5)


CALL = {"index": 0, "id": "a", "function": {"name": "x", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("deltas", "kept"),
    [
        ([{"vendor": {"a": 1}, "tool_calls": [CALL]}], {"vendor": {"a": 1}}),
        ([{"vendor": "abc", "content": ""}, {"tool_calls": [CALL]}], {"vendor": "abc"}),
        ([{"vendor": "ab"}, {"vendor": "c"}, {"tool_calls": [CALL], "vendor": None}], {"vendor": "abc"}),
        ([{"vendor": {"a": 1}}, {"vendor": {"b": 2}}, {"tool_calls": [CALL]}], {"vendor": {"a": 1, "b": 2}}),
        ([{"thinking": "Hm"}, {"thinking": "."}, {"tool_calls": [CALL]}], {"thinking": "Hm."}),
        ([{"reasoning_content": ""}, {"tool_calls": [CALL]}], {"reasoning_content": ""}),
        (
            [{"reasoning": "Hm", "reasoning_content": "Hm"}, {"tool_calls": [CALL]}],
            {"reasoning": "Hm", "reasoning_content": "Hm"},
        ),
        ([{"role": "assistant", "name": "x", "refusal": None, "audio": None, "tool_calls": [CALL]}], None),
    ],
)
def test_what_comes_beside_calls_is_kept(deltas, kept):
    *_, call = read(*map(chunk, deltas), chunk({}, "tool_calls"))
    assert (json.loads(call.message_extra) if call.message_extra else None) == kept


def test_what_comes_beside_the_calls_of_a_message_is_kept():
    message = {"role": "assistant", "content": None, "vendor": [1], "tool_calls": [CALL]}
    (call,) = read(json.dumps({"choices": [{"message": message, "finish_reason": "tool_calls"}]}).encode())
    assert json.loads(call.message_extra) == {"vendor": [1]}


@pytest.mark.parametrize("body", [{"message": "no"}, "no"])
def test_a_reported_error_is_handed_on(body):
    with pytest.raises(ReportedError) as caught:
        list(AnswerReader().read([(b"", json.dumps({"error": body}).encode())]))
    assert caught.value.body == body


def test_an_event_named_error_is_one_itself():
    with pytest.raises(ReportedError) as caught:
        list(AnswerReader().read([(b"error", b'{"message": "no"}')]))
    assert caught.value.body == {"message": "no"}


@pytest.mark.parametrize(
    ("chunks", "fault"),
    [
        ([], ModelGarbled),
        ([b"[DONE]"], ModelNoAnswer),
        ([chunk({}, "stop")], ModelNoAnswer),
        ([chunk({"reasoning": "Hm"}), chunk({}, "stop")], ModelNoAnswer),
        ([chunk({"content": " \n"}), chunk({}, "stop")], ModelNoAnswer),
        ([chunk({"content": "Hi"})], ModelInterrupted),
        ([chunk({"content": "Hi"}), chunk({}, "length")], ModelInterrupted),
        ([chunk({"content": "Hi"}), chunk({}, "content_filter")], ModelRejected),
    ],
)
def test_what_is_not_a_whole_answer(chunks, fault):
    reader = AnswerReader()
    for data in chunks:
        list(reader.read([(b"", data)]))
    assert type(reader.fault()) is fault


@pytest.mark.parametrize(
    ("fields", "complete"),
    [
        ({"finishReason": "MAX_TOKENS"}, False),
        ({"finishReason": "STOP"}, True),
        ({"stop_reason": "max_tokens"}, False),
        ({"stop_reason": "end_turn"}, True),
        ({"stop_reason": 151645, "finish_reason": "stop"}, True),
        ({"stop_reason": "###", "finish_reason": "stop"}, True),
        ({"stop_reason": 151645, "finish_reason": None}, True),
        ({"finish_details": {"type": "max_tokens"}}, False),
        ({"finish_details": {"type": "stop", "stop": "<|fim_suffix|>"}}, True),
    ],
)
@pytest.mark.parametrize("text", ["", " there"])
def test_a_finish_reason_under_another_name(fields, complete, text):
    reader = AnswerReader()
    choice = {"index": 0, "delta": {"content": text}} | fields
    chunks = [chunk({"content": "Hi"}), chunk({"content": ","}), json.dumps({"choices": [choice]}).encode(), b"[DONE]"]
    deltas = list(reader.read((b"", data) for data in chunks))
    assert deltas == [TextDelta("Hi," + text)]
    assert (reader.fault() is None) is complete


PLACES = {
    "in the delta": lambda fields: {"choices": [{"index": 0, "delta": {"content": " there"} | fields}]},
    "in an empty delta": lambda fields: {"choices": [{"index": 0, "delta": fields}]},
    "beside the choices": lambda fields: {
        "choices": [{"index": 0, "delta": {"content": " there"}, "finish_reason": None}],
        **fields,
    },
    "beside no choices": lambda fields: {"choices": [], **fields},
    "beside null": lambda fields: {"choices": None, "usage": None, **fields},
    "with the usage": lambda fields: {"choices": [], "usage": {"prompt_tokens": 1}, **fields},
    "in a message": lambda fields: {"choices": [{"message": {"content": " there"} | fields}]},
    "in an event that is read loosely": lambda fields: {"choices": {"0": {"delta": {"content": [" there"]} | fields}}},
}
NAMES = {
    "finish_reason": lambda reason: reason,
    "finishReason": lambda reason: reason,
    "stop_reason": lambda reason: reason,
    "finish_details": lambda reason: {"type": reason},
}


@pytest.mark.parametrize(("reason", "complete"), [("stop", True), ("length", False), (None, True), ("null", True)])
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", PLACES)
def test_a_finish_reason_in_another_place(place, name, reason, complete):
    reader = AnswerReader()
    event = PLACES[place]({name: NAMES[name](reason)})
    chunks = [chunk({"content": "Hi"}), chunk({"content": ","}), json.dumps(event).encode(), b"[DONE]"]
    deltas = list(reader.read((b"", data) for data in chunks))
    assert "".join(delta.text for delta in deltas).startswith("Hi,")
    assert (reader.fault() is None) is complete


@pytest.mark.parametrize("reason", ["stop", "tool_calls", "eos", "end_turn"])
def test_what_is_a_whole_answer(reason):
    reader = AnswerReader()
    list(reader.read([(b"", chunk({"content": "Hi"}, reason))]))
    assert reader.fault() is None


def test_words_that_come_together_are_one_delta():
    deltas = read(
        chunk({"reasoning": "Hm"}),
        chunk({"reasoning": ", well"}),
        chunk({"content": "He"}),
        chunk({"content": ""}),
        chunk({"content": "llo"}),
        chunk({"reasoning": "Done"}, "stop"),
    )
    assert deltas == [ReasoningDelta("Hm, well"), TextDelta("Hello"), ReasoningDelta("Done")]


@pytest.mark.parametrize("bad", [b"{broken", b'{"error": {"message": "no"}}'])
def test_words_before_something_bad_are_given_first(bad):
    deltas = AnswerReader().read([(b"", chunk({"content": "He"})), (b"", chunk({"content": "llo"})), (b"", bad)])
    assert next(deltas) == TextDelta("Hello")
    with pytest.raises((ModelGarbled, ReportedError)):
        next(deltas)
