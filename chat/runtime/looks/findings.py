"""Results of a look."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec

from chat.runtime import threads

T = TypeVar("T")
# A walk over all objects lets other threads run after this many.
_SLICE = 20_000


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something that was counted: a type, or a place in the code with those that called it."""

    what: str
    count: int = 0
    bytes: int = 0
    stack: list[str] = []


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """Result of a look: a summary in a sentence, figures by name, and findings, the largest first."""

    summary: str
    figures: dict[str, int]
    findings: list[Finding]


def in_slices(items: Iterable[T], visit: Callable[[T], None]) -> None:
    """Call `visit` with each item, and let other threads run after each slice."""
    for number, item in enumerate(items, 1):
        visit(item)
        if number % _SLICE == 0:
            threads.yield_now()
