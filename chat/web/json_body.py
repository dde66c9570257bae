"""Bodies of requests: JSON of a given shape, or one sentence about what is wrong with it."""

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
INSTRUCTION_CHARS = 4_000
BODY_BYTES = 1024 * 1024

# A row's number: as long as the database takes one.
RowId = Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


class NewConversation(msgspec.Struct):
    title: str = ""
    temporary: bool = False


class ChangedConversation(msgspec.Struct):
    title: str | None = None
    pinned: bool | None = None
    archived: bool | None = None


class NewTurn(msgspec.Struct):
    """`parent_id`: absent, the message follows the last answer; null, it begins the conversation anew."""

    text: str
    client_id: str | None = None
    parent_id: RowId | msgspec.UnsetType | None = msgspec.UNSET
    model: str | None = None


class Again(msgspec.Struct):
    """`wish`: how the new answer is to differ."""

    model: str | None = None
    wish: Literal["shorter", "more_detailed"] | None = None


class GoOn(msgspec.Struct):
    model: str | None = None


class OwnInstructions(msgspec.Struct):
    text: str


class Nothing(msgspec.Struct):
    """The address says it all."""


class GivenFeedback(msgspec.Struct):
    value: Literal[1, -1] | None
    comment: Annotated[str, msgspec.Meta(max_length=COMMENT_CHARS)] | None = None


class NewShare(msgspec.Struct):
    """`leaf_id`: the message that the branch to be shared ends at; absent, the newest branch."""

    leaf_id: RowId | None = None


def read(shape: type[T]) -> T:
    """The body as `shape`; fields it does not know are ignored. Raises InvalidRequest, RequestEntityTooLarge."""
    raw = _raw()
    if request.mimetype != "application/json" and (raw or request.mimetype):
        raise InvalidRequest(
            "unsupported_media_type", "The body must be JSON, with Content-Type: application/json.", status=415
        )
    try:
        return msgspec.json.decode(raw or b"{}", type=shape)
    except msgspec.ValidationError as error:
        sentence, _, path = str(error).partition(" - at `$")
        field = re.sub(r"[^A-Za-z_].*", "", path.removeprefix(".")) or _missing(sentence)
        raise InvalidRequest("invalid_value", f"The body is not right: {sentence}.", field) from None
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
            # The server's own reader knows the length too; werkzeug's would be a second one around it.
            data = cast(bytes, request.environ["wsgi.input"].read(length))
    except (OSError, ValueError):
        raise _cut_short() from None
    if length is None and len(data) >= BODY_BYTES:
        # Of a body that does not tell its length werkzeug reads as much as may be, and passes over the rest.
        raise RequestEntityTooLarge
    if length is not None and len(data) < length:
        raise _cut_short()
    return data


def _cut_short() -> InvalidRequest:
    return InvalidRequest("bad_request", "The body ended before it was complete.", status=400)


def message_text(text: str) -> str:
    """A user's message as it is kept. Raises InvalidRequest when it is empty or too long."""
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
    """A conversation's title, on one line. Raises InvalidRequest."""
    line = " ".join(_storable(text, "title").split())
    if len(line) > TITLE_CHARS:
        raise InvalidRequest("title_too_long", f"A title may have {TITLE_CHARS} characters.", "title")
    return line


def instructions(text: str) -> str:
    """Return a user's own instructions as they are kept. Raises InvalidRequest."""
    kept = _storable(text, "text").strip()
    if len(kept) > INSTRUCTION_CHARS:
        raise InvalidRequest(
            "instructions_too_long",
            f"The instructions have {len(kept)} characters; they may have {INSTRUCTION_CHARS}.",
            "text",
        )
    return kept


def short(value: str | None, field: str, limit: int) -> str | None:
    """An optional short name such as a client_id. Raises InvalidRequest."""
    if value is not None and not 0 < len(value) <= limit:
        raise InvalidRequest("invalid_value", f"{field} takes 1 to {limit} characters.", field)
    return None if value is None else _storable(value, field)


def comment(text: str | None) -> str | None:
    """A sentence with an opinion; blank is none. Raises InvalidRequest."""
    return _storable(text, "comment").strip() or None if text is not None else None


def _storable(text: str, field: str) -> str:
    if "\x00" in text:
        raise InvalidRequest("invalid_value", f"{field} has a NUL character, which no text has.", field)
    return text


def _missing(sentence: str) -> str:
    found = re.search(r"missing required field `(\w+)`", sentence)
    return found[1] if found else ""
