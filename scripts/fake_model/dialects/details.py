"""Details that do not matter: framing, characters, counts, types."""

from __future__ import annotations

import json
from typing import Any

from scripts.fake_model.dialects.dialect import DONE, FINAL, TEXT, Dialect, Outcome, event, piece, text_script, words

FIGURES, IN = words("The figures "), words("are in.")
STOP = piece({}, "stop")
BYTES = b"".join(FINAL)
EMOJI = '{"choices": [{"index": 0, "delta": {"content": "%s"}, "finish_reason": null}]}'


def between(*events: bytes) -> Dialect:
    """Return a dialect with these events before and between its words."""
    text = b" ".join(events).decode("ascii", "replace").replace("\n", " ").strip()
    return Dialect(f"between words: {text[:60]}", ([*events, FIGURES, *events, IN, *events, STOP, DONE],))


def with_counts(usage: Any, expected: tuple[int, int] = (0, 0)) -> Dialect:
    script = [FIGURES, IN, STOP, event({"choices": [], "usage": usage}), DONE]
    return Dialect(f"counts: {usage}"[:70], (script,), Outcome(usage=expected))


def in_pieces(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


_FRAMING: dict[str, Dialect] = {
    "pings": between(b": ping\n\n"),
    "ping-empty-data": between(b"data:\n\n", b"data: \n\n"),
    "ping-event": between(b'event: ping\ndata: {"type": "ping"}\n\n', b"event: ping\n\n", b"event: ping\ndata: x\n\n"),
    "ping-null": between(event(None), event("[]"), event("{}"), event("ping"), event({"choices": []})),
    "ping-fields": between(b"id: 7\n\n", b"retry: 1000\n\n", b"unknown\n\n"),
    "ping-words": between(event("0"), event("[PING]"), event(": working"), b"event: Ping\ndata: x\n\n", b"\0\0"),
    "fields-odd": Dialect(
        "blanks and capitals in the fields' names",
        ([b" data: " + FIGURES[6:], b"DATA : " + IN[6:], b"\xef\xbb\xbf" + STOP, DONE],),
    ),
    "field-twice": Dialect("data: data:", ([b"data: " + each for each in FINAL],)),
    "field-missing": Dialect("no field's name before JSON", ([FIGURES, IN[6:], STOP[6:]],)),
    "two-in-one": Dialect("two chunks in one event", ([event(FIGURES[6:].strip() + IN[6:].strip()), STOP, DONE],)),
    "text-of-json": Dialect(
        "chunks encoded as texts", ([event(json.dumps(each[6:].decode().strip())) for each in FINAL],)
    ),
    "lines-cr": Dialect("lines that end in CR", ([BYTES.replace(b"\n", b"\r")],)),
    "lines-crlf": Dialect("lines that end in CRLF", ([BYTES.replace(b"\n", b"\r\n")],)),
    "lines-cr-bytes": Dialect("the same, byte by byte", (in_pieces(BYTES.replace(b"\n", b"\r"), 1),)),
    "lines-crlf-bytes": Dialect("the same with CRLF", (in_pieces(BYTES.replace(b"\n", b"\r\n"), 1),)),
    "lines-mixed": Dialect(
        "all kinds of line ends", ([FIGURES.replace(b"\n", b"\r"), IN.replace(b"\n", b"\r\n"), STOP, DONE],)
    ),
    "lines-single": Dialect("no empty lines between events", ([BYTES.replace(b"\n\n", b"\n")],)),
    "no-space": Dialect("no space after data:", ([BYTES.replace(b"data: ", b"data:")],)),
    "mark": Dialect("a byte order mark", ([b"\xef\xbb\xbf" + FIGURES, IN, STOP, DONE],)),
    "bytes": Dialect("a byte at a time", (in_pieces(BYTES, 1),)),
}

_CHARACTERS: dict[str, Dialect] = {
    "halves": Dialect(
        "halves of an emoji", (text_script(event(EMOJI % "\\ud83d"), event(EMOJI % "\\ude0a")),), Outcome("\U0001f60a")
    ),
    "half-alone": Dialect(
        "half an emoji alone",
        (text_script(event(EMOJI % "a\\ud83d"), words("b"), event(EMOJI % "\\ude0a")),),
        Outcome("a�b�"),
    ),
    "half-at-the-end": Dialect("half an emoji at the end", (text_script(event(EMOJI % "a\\ud83d")),), Outcome("a�")),
    "half-bytes": Dialect(
        "a character's bytes in two reads",
        (in_pieces("".join(map(bytes.decode, text_script(event(EMOJI % "é😊漢")))).encode(), 3),),
        Outcome("é😊漢"),
    ),
    "not-utf-8": Dialect(
        "bytes that are no UTF-8", (text_script(event(EMOJI.encode() % b"caf\xe9"), words(".")),), Outcome("caf�.")
    ),
    "control-characters": Dialect(
        "control characters in a string", (text_script(event(EMOJI % "a\tb")),), Outcome("a\tb")
    ),
}

_COUNTS: dict[str, Dialect] = {
    "counts-odd": with_counts({"prompt_tokens": 10.5, "completion_tokens": "7"}, (10, 7)),
    "counts-lists": with_counts({"prompt_tokens": [10], "completion_tokens": {}}, (10, 0)),
    "counts-nan": with_counts({"prompt_tokens": float("nan"), "completion_tokens": float("inf")}),
    "counts-negative": with_counts({"prompt_tokens": -1, "completion_tokens": 10**400}, (0, 2**53)),
    "counts-huge": with_counts({"prompt_tokens": 10**30, "completion_tokens": True}, (2**53, 0)),
    "counts-erased": Dialect(
        "counts in each event, and nulls at the end",
        (
            [
                piece({"content": TEXT}, usage={"prompt_tokens": 9, "completion_tokens": 4}),
                STOP,
                event({"choices": [], "usage": {"prompt_tokens": None, "completion_tokens": None}}),
                event({"choices": [], "usage": None}),
                DONE,
            ],
        ),
        Outcome(usage=(9, 4)),
    ),
    "counts-in-choice": Dialect(
        "counts within the choice",
        (
            [
                words(TEXT),
                event({"choices": [{"finish_reason": "stop", "usage": {"prompt_tokens": 9, "completion_tokens": 4}}]}),
                DONE,
            ],
        ),
        Outcome(usage=(9, 4)),
    ),
    "counts-other-names": with_counts({"prompt_tokens": None, "input_tokens": 9, "outputTokens": "4"}, (9, 4)),
    "counts-text": with_counts("none"),
    "counts-list": with_counts([1, 2]),
}

_TYPES: dict[str, Dialect] = {
    "ids": between(event({"id": 7, "created": "now", "model": None, "object": [], "choices": []})),
    "choices-null": between(
        event({"choices": None}), event({"choices": [None]}), event({"choices": [{"delta": None}]})
    ),
    "choices-object": Dialect(
        "an object in place of the list of choices",
        ([event({"choices": {"index": 0, "delta": {"content": TEXT}, "finish_reason": "stop"}}), DONE],),
    ),
    "choice-index-text": Dialect(
        "an index that is a text", ([event({"choices": [{"index": "0", "delta": {"content": TEXT}}]}), STOP, DONE],)
    ),
    "delta-list": Dialect(
        "a list in place of a delta", ([event({"choices": [{"delta": [{"content": TEXT}]}]}), STOP, DONE],)
    ),
    "content-parts": Dialect(
        "content as a list of parts",
        (
            text_script(
                piece({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]}),
                piece({"content": [{"type": "text", "text": "The figures "}, None, {"type": "image"}]}),
                piece({"content": [{"type": "text", "text": "are in."}]}),
            ),
        ),
        Outcome(reasoning="Hm."),
    ),
    "content-object": Dialect(
        "content as an object", (text_script(piece({"content": {"type": "text", "text": TEXT}})),)
    ),
    "content-number": Dialect("content as a number", (text_script(piece({"content": 42})),), Outcome("42")),
    "reasoning-object": Dialect(
        "reasoning as an object", (text_script(piece({"content": TEXT, "reasoning": {"effort": "low"}})),)
    ),
    "reasoning-list": Dialect(
        "reasoning as a list of objects",
        (text_script(piece({"reasoning": [{"text": "Hm"}, {"text": "."}]}), words(TEXT)),),
        Outcome(reasoning="Hm."),
    ),
    "finish-object": Dialect("a finish reason as an object", (text_script(words(TEXT), finish={"type": "stop"}),)),
    "finish-false": Dialect("a finish reason of false", ([words(TEXT, False), STOP, DONE],)),
    "nan": Dialect(
        "NaN beside the words",
        ([event({"choices": [{"delta": {"content": TEXT}, "logprobs": float("nan")}]}), STOP, DONE],),
    ),
    "calls-null": Dialect(
        "nulls for calls", (text_script(piece({"content": TEXT, "tool_calls": [None], "function_call": None})),)
    ),
}

DETAILS = _FRAMING | _CHARACTERS | _COUNTS | _TYPES
