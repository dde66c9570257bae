"""Rows of a result as dictionaries."""

from __future__ import annotations

from typing import Any

from chat.store.engines.contract import Rows


def named(rows: Rows) -> list[dict[str, Any]]:
    """Return all rows as dictionaries."""
    names = [column[0] for column in rows.description]
    return [dict(zip(names, values, strict=True)) for values in rows.fetchall()]


def first(rows: Rows) -> dict[str, Any] | None:
    """Return the first row as a dictionary, or None."""
    return next(iter(named(rows)), None)
