"""Fields of the log records of the present thread or greenlet: the request, the conversation and the turn.

A new thread or greenlet begins without fields; `replace` gives it those of its creator.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar

_NONE: Mapping[str, str | int] = {}
_fields: ContextVar[Mapping[str, str | int]] = ContextVar("log_fields", default=_NONE)


def current() -> Mapping[str, str | int]:
    """Return the fields by name, in the order in which they were set."""
    return _fields.get()


def replace(fields: Mapping[str, str | int]) -> None:
    """Replace all fields."""
    _fields.set(fields)


def add(**fields: str | int) -> None:
    """Set some more fields."""
    _fields.set({**_fields.get(), **fields})
