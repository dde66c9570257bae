"""JSON bodies of requests: decoding to typed structs, and checks of their values."""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeVar, cast

import msgspec
from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from chat.errors import InvalidRequest

T = TypeVar("T", bound=msgspec.Struct)

MESSAGE_CHARS = 32_000
TITLE_CHARS = 200
COMMENT_CHARS = 1_000
CLIENT_ID_CHARS = 100
INSTRUCTION_CHARS = 4_000
BODY_BYTES = 1024 * 1024

# Id of a row: SQLite's integers end here.
RowId = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


_NOT_BLANK = msgspec.Meta(extra_json_schema={"pattern": r"\S"})


def _text(limit: int, least: int = 0) -> msgspec.Meta:
    """Return the documented bounds of a text, which this module checks with its own messages."""
    return msgspec.Meta(extra_json_schema={"minLength": least, "maxLength": limit})


class CreateConversation(msgspec.Struct, omit_defaults=True):
    """Body of POST /api/conversations."""

    title: Annotated[str, _text(TITLE_CHARS)] = ""
    temporary: bool = False


class UpdateConversation(msgspec.Struct, omit_defaults=True):
    """Body of PATCH /api/conversations/<id>. A field that is absent stays as it is."""

    title: Annotated[str, _text(TITLE_CHARS)] | None = None
    pinned: bool | None = None
    archived: bool | None = None


class BeginTurn(msgspec.Struct, omit_defaults=True):
    """Body of POST …/turns.

    `parent_id` is the message that the new one follows. Absent: the last answer. Null: none, a new beginning of the
    conversation.
    """

    text: Annotated[str, _text(MESSAGE_CHARS, 1), _NOT_BLANK]
    client_id: Annotated[str, _text(CLIENT_ID_CHARS, 1)] | None = None
    parent_id: RowId | msgspec.UnsetType | None = msgspec.UNSET
    model: str | None = None


class RegenerateAnswer(msgspec.Struct, omit_defaults=True):
    """Body of POST …/regenerate. `wish` says how the new answer should differ."""

    model: str | None = None
    wish: Literal["shorter", "more_detailed"] | None = None


class ContinueAnswer(msgspec.Struct, omit_defaults=True):
    """Body of POST …/continue."""

    model: str | None = None


class UpdateInstructions(msgspec.Struct, omit_defaults=True):
    """Body of PUT /api/me/instructions."""

    text: Annotated[str, _text(INSTRUCTION_CHARS)]


class Empty(msgspec.Struct, omit_defaults=True):
    """Body without fields."""


class GiveFeedback(msgspec.Struct, omit_defaults=True):
    """Body of PUT …/feedback. `value` null removes the feedback."""

    value: Literal[1, -1] | None
    comment: Annotated[str, msgspec.Meta(max_length=COMMENT_CHARS)] | None = None


class CreateShare(msgspec.Struct, omit_defaults=True):
    """Body of POST …/share. `leaf_id` is the last message of the branch to share. Absent: the newest branch."""

    leaf_id: RowId | None = None


def read(shape: type[T]) -> T:
    """Return the body as `shape`; unknown fields are ignored. Raises InvalidRequest, RequestEntityTooLarge."""
    raw, mimetype = _raw(), request.mimetype
    if mimetype != "application/json" and (raw or mimetype):
        raise InvalidRequest(
            "unsupported_media_type", "The body must be JSON, with Content-Type: application/json.", status=415
        )
    try:
        return msgspec.json.decode(raw or b"{}", type=shape)
    except msgspec.ValidationError as error:
        sentence, _, path = str(error).partition(" - at `$")
        field = re.sub(r"[^A-Za-z_].*", "", path.removeprefix(".")) or _missing_field(sentence)
        raise InvalidRequest("invalid_value", f"The body is invalid: {sentence}.", field) from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise InvalidRequest("malformed_json", "The body is not valid JSON.", status=400) from None
    except RecursionError:
        raise InvalidRequest("malformed_json", "The body is nested too deeply.", status=400) from None


def _raw() -> bytes:
    length = request.content_length
    try:
        if length is None or length > BODY_BYTES:
            data = request.get_data(cache=False)
        else:
            # The server's reader already enforces the length; werkzeug's would be a second reader around it.
            data = cast(bytes, request.environ["wsgi.input"].read(length))
    except (OSError, ValueError):
        raise _cut_short() from None
    if length is None and len(data) >= BODY_BYTES:
        # Of a body without a length werkzeug reads up to the limit and ignores the rest.
        raise RequestEntityTooLarge
    if length is not None and len(data) < length:
        raise _cut_short()
    return data


def _cut_short() -> InvalidRequest:
    return InvalidRequest("bad_request", "The body ended before it was complete.", status=400)


def message_text(text: str) -> str:
    """Return a user's message as it is stored. Raises InvalidRequest if it is empty or too long."""
    if len(text) > MESSAGE_CHARS:
        raise InvalidRequest(
            "message_too_long",
            f"The message has {len(text)} characters; it may have {MESSAGE_CHARS}.",
            "text",
            status=413,
        )
    if not text.strip():
        raise InvalidRequest("empty_message", "The message is empty.", "text")
    return _storable(text, "text")


def title(text: str) -> str:
    """Return a conversation's title on one line. Raises InvalidRequest."""
    line = " ".join(_storable(text, "title").split())
    if len(line) > TITLE_CHARS:
        raise InvalidRequest("title_too_long", f"A title may have {TITLE_CHARS} characters.", "title")
    return line


def instructions(text: str) -> str:
    """Return a user's instructions as they are stored. Raises InvalidRequest."""
    stripped = _storable(text, "text").strip()
    if len(stripped) > INSTRUCTION_CHARS:
        raise InvalidRequest(
            "instructions_too_long",
            f"The instructions have {len(stripped)} characters; they may have {INSTRUCTION_CHARS}.",
            "text",
        )
    return stripped


def short_text(value: str | None, field: str, limit: int) -> str | None:
    """Return an optional short text such as a client_id. Raises InvalidRequest."""
    if value is not None and not 0 < len(value) <= limit:
        raise InvalidRequest("invalid_value", f"{field} takes 1 to {limit} characters.", field)
    return None if value is None else _storable(value, field)


def comment(text: str | None) -> str | None:
    """Return a comment of feedback; None for a blank one. Raises InvalidRequest."""
    return _storable(text, "comment").strip() or None if text is not None else None


def _storable(text: str, field: str) -> str:
    if "\x00" in text:
        raise InvalidRequest("invalid_value", f"{field} has a NUL character, which is not allowed.", field)
    return text


def _missing_field(sentence: str) -> str:
    match = re.search(r"missing required field `(\w+)`", sentence)
    return match[1] if match else ""
