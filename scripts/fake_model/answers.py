"""Answers of the fake model: their bytes, step by step, faults included.

Knows OpenAI's format and HTTP's framing, but no socket and no clock: an answer is an iterator of steps, each
`(seconds since the step before, bytes to write or CLOSE or RESET or a Stamp, tokens in it)`, which `server.py` plays.
"""

from __future__ import annotations

import itertools
import json
import math
import time
from collections.abc import Callable, Generator, Iterator
from functools import lru_cache
from typing import Any

from scripts.fake_model.request import ChatRequest, Options, pieces, stamp_text

CLOSE = object()  # close the connection after everything before it was written
RESET = object()  # drop it with a TCP reset
Step = tuple[float, Any, int]

STREAM_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
STREAM_END = b"0\r\n\r\n"
_numbers = itertools.count(1)


class Stamp:
    """A token whose text is the time when it is written, so its text is made at that moment."""

    def __init__(self, wire: _Wire) -> None:
        self._wire = wire

    def written(self, now: float, due: float) -> bytes:
        """Return the chunk's bytes. `now` and `due` are in seconds of the machine's monotonic clock."""
        return self._wire.delta(b'{"content":"%b"}' % stamp_text(now, now - due).encode())


def plain(status: int, body: bytes, kind: str = "application/json", extra: str = "") -> bytes:
    """Return a complete HTTP response with a Content-Length."""
    reason = "OK" if status == 200 else "Error"
    head = f"HTTP/1.1 {status} {reason}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n{extra}\r\n"
    return head.encode() + body


def error_body(message: str, kind: str, code: str | None = None) -> bytes:
    """Return an error in the format of OpenAI's endpoint."""
    return _json({"error": {"message": message, "type": kind, "param": None, "code": code}})


def answer(request: ChatRequest, attempt: int) -> Iterator[Step]:
    """Yield the steps of the answer to the `attempt`th request with the same question."""
    fault = request.fault(attempt)
    if fault.isdigit():
        kind = "rate_limit_error" if fault == "429" else "server_error" if fault >= "500" else "invalid_request_error"
        extra = f"Retry-After: {request.options.retry_after}\r\n" if request.options.retry_after else ""
        yield 0, plain(int(fault), error_body(f"The fake model was told to answer {fault}.", kind), extra=extra), 0
    elif fault == "refuse":
        yield 0, CLOSE, 0
    elif fault == "html":
        yield 0, plain(200, b"<!doctype html><title>Welcome</title><h1>Not a model</h1>", "text/html"), 0
    else:
        if fault == "mute":
            yield request.options.hold, b"", 0
        yield from _stream_steps(request, fault) if request.stream else _response_steps(request, fault)


def _deltas(request: ChatRequest) -> list[bytes]:
    """Return the JSON that each chunk of a stream adds."""
    deltas = [_string_delta(request.options.reasoning_field, piece) for piece in request.reasoning]
    for index, call in enumerate(request.calls):
        opening = {"index": index, **call, "function": {"name": call["function"]["name"], "arguments": ""}}
        deltas.append(_json({"tool_calls": [opening]}))
        deltas += [
            _json({"tool_calls": [{"index": index, "function": {"arguments": fragment}}]})
            for fragment in pieces(call["function"]["arguments"])
        ]
    return deltas + _content_deltas(request.text)


@lru_cache(maxsize=64)
def _content_deltas(text: tuple[str, ...]) -> list[bytes]:
    return [_string_delta("content", piece) for piece in text]


def _string_delta(field: str, piece: str) -> bytes:
    return _json({field: piece})


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


class _Wire:
    """The form of one stream's chunks as bytes."""

    def __init__(self, request: ChatRequest) -> None:
        self._split = request.options.split
        self.opening = b'data: {"id":"chatcmpl-%012d","object":"chat.completion.chunk","created":%d,"model":%b,' % (
            next(_numbers),
            time.time(),
            _json(request.model),
        )
        self.usage = b',"usage":null' if request.with_usage else b""
        self._before = self.opening + b'"system_fingerprint":"fp_fake","choices":[{"index":0,"delta":'
        self._after = b',"logprobs":null,"finish_reason":null}]' + self.usage + b"}\n\n"
        self._around = len(self._before) + len(self._after)

    def framed(self, data: bytes) -> bytes:
        """Return `data` as one HTTP chunk, or split into several without regard to lines."""
        size = self._split or len(data)
        parts = (data[start : start + size] for start in range(0, len(data), size))
        return b"".join([b"%x\r\n%b\r\n" % (len(part), part) for part in parts])

    def delta(self, delta: bytes) -> bytes:
        if self._split:
            return self.framed(self._before + delta + self._after)
        return b"%x\r\n%b%b%b\r\n" % (self._around + len(delta), self._before, delta, self._after)

    def without_choices(self, usage: bytes) -> bytes:
        return self.framed(self.opening + b'"choices":[]' + usage + b"}\n\n")

    def ending(self, request: ChatRequest, tokens: int) -> bytes:
        reason = b"tool_calls" if request.calls else b"stop"
        choice = b'"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"%b"}]' % reason
        ending = self.framed(self.opening + choice + self.usage + b"}\n\n")
        if request.with_usage:
            ending += self.without_choices(b',"usage":' + _json(request.usage(tokens)))
        return ending + self.framed(b"data: [DONE]\n\n") + STREAM_END


def _stream_steps(request: ChatRequest, fault: str) -> Iterator[Step]:
    options, wire, deltas = request.options, _Wire(request), _deltas(request)
    stamped = {0, len(deltas) - 1} if options.stamp else ()
    at = min(options.at if options.at >= 0 else len(deltas) // 2, len(deltas)) if fault else -1
    if not (fault == "reset" and at == 0):
        yield 0, STREAM_HEAD, 0
    wait = options.first
    for n, delta in enumerate(deltas):
        if n == at and not (yield from _fault_steps(fault, wait, wire, request)):
            return
        if n == 0:
            yield wait, wire.delta(b'{"role":"assistant","content":"","refusal":null}'), 0
            wait = 0
        yield wait, Stamp(wire) if n in stamped else wire.delta(delta), 1
        wait = options.gap
    if at == len(deltas) and not (yield from _fault_steps(fault, wait, wire, request)):
        return
    yield 0, wire.ending(request, len(deltas)), 0


def _fault_steps(fault: str, wait: float, wire: _Wire, request: ChatRequest) -> Generator[Step, None, bool]:
    """Yield the steps of a fault in the middle of a stream. Return whether the stream continues after it."""
    if fault in _LAST_STEPS:
        steps = _LAST_STEPS[fault](wire)
        yield wait, steps[0], 0
        yield from ((0.0, step, 0) for step in steps[1:])
        return False
    if fault == "stall":
        yield request.options.hold, b"", 0
    elif fault == "drip":
        yield from _drip_steps(wire.framed(b": still here\n\n"), request.options)
    elif fault in _ODD_CHUNKS:
        yield wait, _ODD_CHUNKS[fault](wire, request.options), 0
    return True


_LAST_STEPS: dict[str, Callable[[_Wire], list[Any]]] = {
    "reset": lambda _: [RESET],
    "cut": lambda _: [CLOSE],
    "end": lambda _: [STREAM_END],
    "truncate": lambda wire: [wire.delta(b'{"content":"never finished"}')[:-30], CLOSE],
    "error": lambda wire: [
        wire.framed(b"data: " + error_body("The fake model was told to fail.", "server_error") + b"\n\n"),
        STREAM_END,
    ],
}
_ODD_CHUNKS: dict[str, Callable[[_Wire, Options], bytes]] = {
    "badjson": lambda wire, _: wire.framed(wire.opening + b'"choices":[{"index":0,"delta":{"con\n\n'),
    "empty": lambda wire, _: wire.without_choices(wire.usage),
    "huge": lambda wire, options: wire.delta(b'{"content":"%b"}' % (b"x" * options.size)),
}


def _drip_steps(drop: bytes, options: Options) -> Iterator[Step]:
    gap = options.gap or 0.02
    drops = itertools.count() if math.isinf(options.hold) else range(int(options.hold / gap))
    return ((gap, drop, 0) for _ in drops)


def _response_steps(request: ChatRequest, fault: str) -> Iterator[Step]:
    """Yield the steps of an answer that is not streamed: same duration, one piece."""
    options, tokens = request.options, len(_deltas(request))
    body = _completion(request, fault, tokens)
    response = plain(200, body)
    yield options.first + options.gap * max(0, tokens - 1), b"", 0
    if fault == "reset":
        yield 0, RESET, 0
    elif fault in ("cut", "end", "truncate"):
        yield 0, response[: -len(body) // 2], 0
        yield 0, CLOSE, 0
    elif fault == "drip":
        yield 0, STREAM_HEAD.replace(b"text/event-stream", b"application/json"), 0
        yield from _drip_steps(b"1\r\n \r\n", options)  # JSON may begin with any amount of white space
        yield 0, b"%x\r\n%b\r\n" % (len(body), body) + STREAM_END, tokens
    else:
        yield options.hold if fault == "stall" else 0, response, tokens


def _completion(request: ChatRequest, fault: str, tokens: int) -> bytes:
    if fault == "error":
        return error_body("The fake model was told to fail.", "server_error")
    text = "x" * request.options.size if fault == "huge" else "".join(request.text)
    message: dict[str, Any] = {"role": "assistant", "content": text or None, "refusal": None}
    if request.calls:
        message["tool_calls"] = request.calls
    if request.reasoning:
        message[request.options.reasoning_field] = "".join(request.reasoning)
    reason = "tool_calls" if request.calls else "stop"
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason}
    body = _json(
        {
            "id": f"chatcmpl-{next(_numbers):012d}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": request.model,
            "system_fingerprint": "fp_fake",
            "choices": [] if fault == "empty" else [choice],
            "usage": request.usage(tokens),
        }
    )
    return body[:-20] if fault == "badjson" else body
