"""What a tool hands to the page to draw, and to the model to read. The shape is described in docs/tools.md."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Table:
    """Every cell is text, ready to be shown."""

    title: str
    columns: list[str]
    rows: list[list[str]]


@dataclass(frozen=True, slots=True)
class Series:
    """Points are `[x, value]`: x a year ("2024") or a date ("2026-11-20"), value a number or None for a gap."""

    name: str
    points: list[list[object]]


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    unit: str
    kind: Literal["line", "bar"]
    x: Literal["year", "date"]
    series: list[Series]


@dataclass(frozen=True, slots=True)
class Source:
    """`updated` is the date of the source's own last change, `retrieved` when it was asked; None where unknown."""

    name: str
    url: str
    updated: str | None
    retrieved: str | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """`note` is one sentence that must be read with the figures, such as that they are bundled ones."""

    title: str
    note: str | None
    tables: list[Table]
    charts: list[Chart]
    sources: list[Source]

    def as_data(self) -> dict[str, Any]:
        """The `data` of a ToolResult."""
        return dataclasses.asdict(self)


def as_content(answer: dict[str, Any]) -> str:
    """The `content` of a ToolResult: JSON without blanks, and without what is None."""
    said = {key: value for key, value in answer.items() if value is not None}
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def now() -> str:
    """The time as sources are stamped with it: ISO 8601, UTC, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
