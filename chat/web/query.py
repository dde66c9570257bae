"""What stands after the `?` of an address: each value checked, or one sentence about what is wrong with it."""

from __future__ import annotations

from flask import request

from chat.errors import InvalidRequest

_PAGE = 50
_LARGEST_PAGE = 200
_SEARCH_CHARS = 200
_MOST_IDS = 500
_FLAGS = {"": False, "false": False, "0": False, "true": True, "1": True}


def text(name: str) -> str:
    return request.args.get(name, "")


def words() -> str:
    """What is searched for, or nothing. Raises InvalidRequest."""
    found = text("q").strip()
    if len(found) > _SEARCH_CHARS:
        raise _not_taken("q", f"1 to {_SEARCH_CHARS} characters")
    if "\x00" in found:
        raise _not_taken("q", "text, which has no NUL character")
    return found


def limit() -> int:
    """How many of something to show. Raises InvalidRequest."""
    found = _number(text("limit"), 5)
    if found is None:
        return _PAGE
    if not 1 <= found <= _LARGEST_PAGE:
        raise _not_taken("limit", f"a whole number from 1 to {_LARGEST_PAGE}")
    return found


def row_id(name: str) -> int | None:
    """The id of something, or None when it isn't given. Raises InvalidRequest."""
    found = _number(text(name), 18)
    if found is not None and found < 0:
        raise _not_taken(name, "an id")
    return found


def row_ids(name: str) -> list[int]:
    """Ids with commas between them, each once. Raises InvalidRequest."""
    found = [_number(each, 18) for each in text(name).split(",")] if text(name) else []
    numbers = [each for each in dict.fromkeys(found) if each is not None and each >= 0]
    if len(numbers) != len(set(found)) or len(numbers) > _MOST_IDS:
        raise _not_taken(name, f"1 to {_MOST_IDS} ids with commas between them")
    return numbers


def flag(name: str) -> bool:
    """Raises InvalidRequest."""
    found = _FLAGS.get(text(name))
    if found is None:
        raise _not_taken(name, "true or false")
    return found


def _number(given: str, digits: int) -> int | None:
    """None for nothing, and -1, which no caller takes, for what is no number."""
    if not given:
        return None
    return int(given) if given.isascii() and given.isdigit() and len(given) <= digits else -1


def _not_taken(field: str, takes: str) -> InvalidRequest:
    return InvalidRequest("invalid_value", f"{field} takes {takes}.", field)
