"""Events of a stream that deviate from the format: signs of life, ends, errors, several values in one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chat.errors import ModelNoAnswer
from chat.llm.openai.answer import chunks
from chat.llm.openai.answer.deltas import AnswerReader, ReportedError
from chat.llm.openai.answer.sse import EventParser
from chat.messages import TextDelta

REASON = "out of cache blocks"


def words(text: str, finish: str | None = None, **more: Any) -> bytes:
    return json.dumps({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]} | more).encode()


def event(data: bytes) -> bytes:
    return b"data: " + data + b"\n\n"


ONE, TWO = words("one "), words("two")
END = words("", "stop")


def read(*stream: bytes) -> AnswerReader:
    """Return the reader of a stream; its text is in `text`."""
    parser, reader = EventParser(), AnswerReader()
    deltas = [delta for received in stream for delta in reader.read(parser.feed(received))]
    deltas += reader.read_tail(parser.end(), parser.has_document)
    deltas += reader.end()
    reader.text = "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))
    return reader


SIGNS_OF_LIFE = {
    "a number": event(b"0"),
    "a flag": event(b"true"),
    "an empty text": event(b'""'),
    "a dash": event(b"-"),
    "ping in brackets": event(b"[PING]"),
    "ping with a time": event(b"ping - 2026-11-29 10:00:00"),
    "heartbeat": event(b"Heart-Beat"),
    "a comment as data": event(b": still working"),
    "an event's name alone": b"event: heartbeat\n\n",
    "a name in capitals": b"event: Ping\ndata: x\n\n",
    "a type": event(b'{"type": "ping"}'),
    "a flag that is false": event(b'{"has_error": false, "error": null, "error_code": 0}'),
    "success": event(b'{"code": 0, "message": "Success", "base_resp": {"status_code": 0}}'),
    "bytes of nothing": b"\0\0\xef\xbb\xbf",
}


@pytest.mark.parametrize("kind", SIGNS_OF_LIFE)
def test_a_sign_of_life_changes_nothing(kind):
    sign = SIGNS_OF_LIFE[kind]
    reader = read(sign, event(ONE), sign, event(TWO), sign, event(END), event(b"[DONE]"))
    assert (reader.text, reader.fault()) == ("one two", None)


FORMS = {
    "a field in capitals": [b"DATA: " + ONE + b"\n\n", event(TWO), event(END)],
    "blanks before a field": [b"  data: " + ONE + b"\n\n", event(TWO), event(END)],
    "a blank after a field": [b"data : " + ONE + b"\n\n", event(TWO), event(END)],
    "a mark before each event": [b"\xef\xbb\xbf" + event(each) for each in (ONE, TWO, END)],
    "the field twice": [event(event(ONE).strip()), event(event(TWO).strip()), event(b"data: [DONE]")],
    "no field": [event(ONE), TWO + b"\n\n", END + b"\n"],
    "two values in one event": [event(ONE + TWO), event(END)],
    "two values on two lines": [event(ONE), b"data: " + TWO + b"\ndata: " + END + b"\n\n"],
    "a text that is JSON": [event(json.dumps(ONE.decode()).encode()), event(TWO), event(END)],
    "a list of chunks": [event(b"[" + ONE + b", " + TWO + b"]"), event(END)],
    "a document that is a list": [b"[" + ONE + b",\n", TWO + b",\n", END + b"]\n"],
    "an envelope": [event(b'{"data": %b}' % ONE), event(b'{"output": %b}' % TWO), event(END)],
    "another index": [event(each.replace(b'"index": 0', b'"index": 1')) for each in (ONE, TWO, END)],
    "two choices, the second first": [
        event(words("other ").replace(b'"index": 0', b'"index": 1')[:-2] + b", " + ONE.partition(b"[")[2]),
        event(TWO),
        event(words("words", "length").replace(b'"index": 0', b'"index": 1')),
        event(END),
    ],
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_words_in_an_odd_form_are_read(form):
    reader = read(*FORMS[form])
    assert (reader.text, reader.fault()) == ("one two", None)


@pytest.mark.parametrize(
    "end",
    [
        *(event(data) for data in (b"[ DONE ]", b"<done>", b'["DONE"]', b"[END]", b"[EOS]", b"Finished")),
        *(event(data) for data in (b'{"done": true}', b'{"done": true, "done_reason": "stop"}')),
        *(b"event: done\n\n", b"event: END\ndata:\n\n", b"[DONE]\n\n", b"[DONE]"),
    ],
)  # fmt: skip
def test_an_end(end):
    assert read(event(ONE), end).fault() is None


@pytest.mark.parametrize(
    "end", [event(b'{"done": false}'), b"event: close\n\n", event(b'{"done": true, "done_reason": "length"}')]
)
def test_what_is_no_end(end):
    assert read(event(ONE), end).fault() is not None


ERRORS = {
    "in plain text": event(b"[ERROR] out of cache blocks"),
    "in plain text, in a sentence": event(b"Generation failed: out of cache blocks"),
    "in a field of its own": b'error: {"code": 500, "message": "out of cache blocks"}\n\n',
    "without a field": b'{"error": "out of cache blocks"}\n',
    "in a list": event(b'[{"error": {"message": "out of cache blocks"}}]'),
    "an exception's event": b'event: exception\ndata: {"message": "out of cache blocks"}\n\n',
    "a name in capitals": b"event: ERROR\ndata: out of cache blocks\n\n",
    "a flag beside a message": event(b'{"error": true, "message": "out of cache blocks"}'),
    "a number beside a message": event(b'{"error": 1, "message": "out of cache blocks", "choices": []}'),
    "no success": event(b'{"success": false, "message": "out of cache blocks"}'),
    "a status": event(b'{"status": "failed", "reason": "out of cache blocks"}'),
    "a type": event(b'{"type": "server_error", "message": "out of cache blocks"}'),
    "a code and a message": event(b'{"error_code": 336003, "error_msg": "out of cache blocks"}'),
    "Bedrock": event(b'{"internalServerException": {"message": "out of cache blocks"}}'),
    "MiniMax": event(b'{"choices": null, "base_resp": {"status_code": 1027, "status_msg": "out of cache blocks"}}'),
}


@pytest.mark.parametrize("kind", ERRORS)
def test_an_error_in_the_stream_keeps_its_reason(kind):
    with pytest.raises(ReportedError) as caught:
        read(event(ONE), ERRORS[kind])
    assert REASON in json.dumps(caught.value.body)


@pytest.mark.parametrize(
    "document",
    [
        {"message": REASON},
        {"__type": "ValidationException", "Message": REASON},
        {"title": REASON, "status": 400},
        {"data": {"error": {"message": REASON}}},
        [{"message": REASON}],
    ],
)
def test_a_document_without_an_answer_is_an_error(document):
    with pytest.raises(ReportedError) as caught:
        read(json.dumps(document).encode())
    assert REASON in json.dumps(caught.value.body)


@pytest.mark.parametrize("document", [{}, {"choices": [{"message": {"content": ""}}]}])
def test_a_document_with_an_empty_answer_is_none(document):
    assert isinstance(read(json.dumps(document).encode()).fault(), ModelNoAnswer)


def test_an_error_after_the_end_is_no_fault():
    reader = read(event(ONE), event(END), event(b"[DONE]"), event(b'{"error": "no"}'), event(b"{broken"))
    assert reader.fault() is None


def test_of_a_flood_of_values_in_a_list_only_some_are_read() -> None:
    assert len(chunks.decode_loosely(b"[" + b"{}," * 5000 + b"{}]")) == 1000


def test_a_flood_of_values_is_refused() -> None:
    with pytest.raises(ValueError, match="too many"):
        chunks.decode_loosely(b"{}" * 5000)
