"""Query parameters of a request, with checks of their values."""

from __future__ import annotations

from flask import request

from chat.errors import InvalidRequest
from chat.web.openapi.operation import Parameter

_PAGE = 50
_MAX_PAGE = 200
_SEARCH_CHARS = 200
_MAX_IDS = 500
_ID = {"type": "integer", "minimum": 0, "maximum": 10**18 - 1}

LIMIT = Parameter(
    name="limit",
    schema={"type": "integer", "minimum": 1, "maximum": _MAX_PAGE, "default": _PAGE},
    description="The size of a page",
)
CURSOR = Parameter(name="cursor", schema={"type": "string"}, description="`next_cursor` of the page before")
SEARCH = Parameter(
    name="q",
    schema={"type": "string", "maxLength": _SEARCH_CHARS},
    description="Text to search for: all words in the title or in one message, the last one perhaps incomplete",
)
IDS = Parameter(
    name="ids",
    schema={"type": "string", "pattern": "^([0-9]{1,18}(,[0-9]{1,18})*)?$"},
    description=f"Up to {_MAX_IDS} conversations, separated by commas; all of them without it",
    example="7,9",
)
_FLAGS = {"": False, "false": False, "0": False, "true": True, "1": True}


def flag_parameter(name: str, description: str) -> Parameter:
    """Return the declaration of a boolean parameter."""
    return Parameter(name=name, schema={"type": "boolean", "default": False}, description=description)


def id_parameter(name: str, description: str) -> Parameter:
    """Return the declaration of a parameter that names a row."""
    return Parameter(name=name, schema=_ID, description=description)


def text(name: str) -> str:
    """Return the parameter, or "" if it is absent."""
    return request.args.get(name, "")


def search_text() -> str:
    """Return the text to search for, or "". Raises InvalidRequest."""
    value = text("q").strip()
    if len(value) > _SEARCH_CHARS:
        raise _invalid("q", f"1 to {_SEARCH_CHARS} characters")
    if "\x00" in value:
        raise _invalid("q", "text without NUL characters")
    return value


def limit() -> int:
    """Return the size of a page. Raises InvalidRequest."""
    size = _number(text("limit"), 5)
    if size is None:
        return _PAGE
    if not 1 <= size <= _MAX_PAGE:
        raise _invalid("limit", f"a whole number from 1 to {_MAX_PAGE}")
    return size


def row_id(name: str) -> int | None:
    """Return the id of a row, or None if it is absent. Raises InvalidRequest."""
    number = _number(text(name), 18)
    if number is not None and number < 0:
        raise _invalid(name, "an id")
    return number


def row_ids(name: str) -> list[int]:
    """Return the ids of a comma-separated list, each once. Raises InvalidRequest."""
    numbers = [_number(each, 18) for each in text(name).split(",")] if text(name) else []
    ids = [each for each in dict.fromkeys(numbers) if each is not None and each >= 0]
    if len(ids) != len(set(numbers)) or len(ids) > _MAX_IDS:
        raise _invalid(name, f"1 to {_MAX_IDS} ids with commas between them")
    return ids


def flag(name: str) -> bool:
    """Return a boolean parameter; absent is False. Raises InvalidRequest."""
    value = _FLAGS.get(text(name))
    if value is None:
        raise _invalid(name, "true or false")
    return value


def _number(value: str, digits: int) -> int | None:
    """Return the number; None for "", and -1, which every caller refuses, for anything else."""
    if not value:
        return None
    return int(value) if value.isascii() and value.isdigit() and len(value) <= digits else -1


def _invalid(field: str, expected: str) -> InvalidRequest:
    return InvalidRequest("invalid_value", f"{field} takes {expected}.", field)
