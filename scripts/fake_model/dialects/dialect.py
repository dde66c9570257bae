"""A dialect: what one kind of endpoint refuses, how it writes its answers, and the turn that a good client makes of it.

A script is a list of parts: an event's bytes, each sent as an HTTP chunk of its own; a number, seconds to wait; CLOSE
or RESET; or a `Whole` response in place of a stream. `Raw` bytes go out as they are, without a head or framing.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from scripts.fake_model.answers import STREAM_END, STREAM_HEAD, Step, error_body, plain
from scripts.fake_model.request import ChatRequest

PREFIX = "dialect:"
TEXT = "The figures are in."
DONE = b"data: [DONE]\n\n"


class Raw(bytes):
    """Bytes of the connection itself."""


@dataclass(frozen=True)
class Whole:
    """A response with a length instead of a stream."""

    body: Any
    status: int = 200
    kind: str = "application/json"
    headers: str = ""


Script = Sequence[Any]


@dataclass(frozen=True)
class Outcome:
    """The expected end of a turn. `error` is a part of its message; `calls` are the tools that ran well.

    `usage` counts the tokens of the question and of the answer, where they matter.
    """

    text: str = TEXT
    status: str = "completed"
    error: str = ""
    reasoning: str = ""
    calls: tuple[str, ...] = ()
    usage: tuple[int, int] | None = None
    notices: tuple[str, ...] = ()


def _nothing(_request: dict[str, Any]) -> str:
    return ""


@dataclass(frozen=True)
class Dialect:
    """One kind of endpoint.

    `scripts` are the answers to one question, one for each round of tool calls, the last for all further rounds.
    A callable is given the request and how often this question was asked before. `refuses` returns the reason for
    a refusal with `status`, or "". `questions` are asked one after the other in one conversation: the outcome is
    that of the last.
    """

    summary: str
    scripts: tuple[Script, ...] | Callable[[ChatRequest, int], Script]
    outcome: Outcome = Outcome()
    refuses: Callable[[dict[str, Any]], str] = _nothing
    status: int = 400
    questions: tuple[str, ...] = ("China?",)
    # Whether it accepts calls of other models, which lack its own extra fields.
    takes_others_calls: bool = True

    @property
    def is_particular(self) -> bool:
        """Return whether it refuses some requests."""
        return self.refuses is not _nothing


def dialect_steps(dialect: Dialect, request: ChatRequest, attempt: int) -> Iterator[Step]:
    """Yield the steps of a dialect's answer to a request; `attempt` counts the requests with this question, from 1."""
    if reason := dialect.refuses(request.body):
        yield 0, plain(dialect.status, error_body(reason, "invalid_request_error")), 0
        return
    scripts = dialect.scripts
    script = scripts(request, attempt) if callable(scripts) else scripts[min(request.round, len(scripts)) - 1]
    yield from _steps(script)


def _steps(script: Script) -> Iterator[Step]:
    wait, streaming = 0.0, False
    for part in script:
        if isinstance(part, (int, float)):
            wait += part
            continue
        if isinstance(part, bytes) and not isinstance(part, Raw):
            if not streaming:
                yield wait, STREAM_HEAD, 0
                wait, streaming = 0.0, True
            yield wait, b"%x\r\n%b\r\n" % (len(part), part), 1
        else:
            yield wait, _whole(part) if isinstance(part, Whole) else bytes(part) if isinstance(part, Raw) else part, 0
        wait = 0.0
    yield wait, STREAM_END if streaming else b"", 0


def _whole(part: Whole) -> bytes:
    body = part.body if isinstance(part.body, bytes) else json.dumps(part.body).encode()
    return plain(part.status, body, part.kind, part.headers)


def event(data: Any) -> bytes:
    """One event: JSON, or the bytes or text given."""
    written = data if isinstance(data, bytes) else (data if isinstance(data, str) else json.dumps(data)).encode()
    return b"data: " + written + b"\n\n"


def piece(delta: Any, finish: Any = None, **more: Any) -> bytes:
    """Return the event of one delta. `more` are further fields of the chunk."""
    return event({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more})


def words(text: str, finish: Any = None) -> bytes:
    return piece({"content": text}, finish)


def call(arguments: Any = '{"country": "China"}', **fields: Any) -> dict[str, Any]:
    """Return a complete call of `market_data` for a delta's `tool_calls`. `fields` add or replace fields."""
    function = {"name": "market_data", "arguments": arguments}
    return {"index": 0, "id": "call_0123456789", "type": "function", "function": function} | fields


def call_script(*calls: Any, **delta: Any) -> Script:
    """Return an answer that calls tools and ends correctly."""
    return [piece({"role": "assistant", "tool_calls": list(calls), **delta}), piece({}, "tool_calls"), DONE]


def text_script(*events: bytes, finish: Any = "stop") -> Script:
    """Return an answer of the given events that ends correctly."""
    return [*events, piece({}, finish), DONE]


FINAL = text_script(words("The figures "), words("are in."))
ONE_CALL = Outcome(calls=("market_data",))


def assistant_calls(request: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the calls in a request's history."""
    return [each for message in request["messages"] for each in message.get("tool_calls") or ()]
