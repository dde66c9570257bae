"""Declaration of an operation: its parameters, its body, its answers and its refusals.

    @bp.get("/me")
    @operation(Answer(content=Me, example=ME))
    def show() -> Me: ...

The view returns the struct of an answer, which is encoded here. So what is sent and what is documented have one type.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from flask import Response

JSON = "application/json"
EVENT_STREAM = "text/event-stream"
_encode = msgspec.json.Encoder().encode

# What a view returns: the struct of its first answer, with another status or headers if need be; None for an empty
# answer; or a finished response, such as a stream.
Result = msgspec.Struct | tuple[msgspec.Struct, int] | tuple[msgspec.Struct, int, Mapping[str, str]] | Response | None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A successful answer. `content` is the type of a JSON body, or a JSON schema; None if there is no body."""

    content: Any = None
    status: int = 200
    description: str = ""
    example: Any = None
    media_type: str = JSON
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class EventStream(Answer):
    """A stream of server-sent events. `events` are the types of their data by name, `examples` some of the data."""

    events: Mapping[str, type[msgspec.Struct]]
    examples: Mapping[str, msgspec.Struct]
    media_type: str = EVENT_STREAM


@dataclass(frozen=True)
class Refusal:
    """An answer with an error."""

    status: int
    code: str
    message: str
    field: str = ""


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter in the address (`query`) or in a header."""

    name: str
    schema: Mapping[str, Any]
    description: str
    example: Any = None
    location: str = "query"
    required: bool = False


@dataclass(frozen=True, kw_only=True)
class Body:
    """A JSON body of a request. `examples` are by name."""

    shape: type[msgspec.Struct]
    examples: Mapping[str, msgspec.Struct]

    @property
    def required(self) -> bool:
        """Return whether a request needs a body: an absent one is read as `{}`."""
        return any(each.required for each in msgspec.structs.fields(self.shape))


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one address. `summary` and `description` are the docstring of its view."""

    summary: str
    description: str
    answers: tuple[Answer, ...]
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    refusals: tuple[Refusal, ...] = ()


View = Callable[..., Result]


def operation(
    *answers: Answer,
    parameters: tuple[Parameter, ...] = (),
    body: Body | None = None,
    refusals: tuple[Refusal, ...] = (),
) -> Callable[[View], Callable[..., Response]]:
    """Declare a view's operation. The first answer is the one of a result without a status."""

    def declare(view: View) -> Callable[..., Response]:
        summary, _, description = inspect.cleandoc(view.__doc__ or "").partition("\n\n")
        status = answers[0].status

        @functools.wraps(view)
        def respond(**arguments: Any) -> Response:
            return _response(view(**arguments), status)

        respond.operation = Operation(  # type: ignore[attr-defined]
            summary=" ".join(summary.split()).rstrip("."),
            description=description,
            answers=answers,
            parameters=parameters,
            body=body,
            refusals=refusals,
        )
        return respond

    return declare


def operation_of(view: Callable[..., Any]) -> Operation | None:
    """Return the declared operation of a view, or None."""
    return getattr(view, "operation", None)


def json_response(body: msgspec.Struct, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a response with a struct as its JSON body."""
    return Response(_encode(body), status, headers, content_type=JSON)


def _response(result: Result, status: int) -> Response:
    if isinstance(result, Response):
        return result
    if result is None:
        return Response(status=status)
    if isinstance(result, tuple):
        return json_response(*result)
    return json_response(result, status)
