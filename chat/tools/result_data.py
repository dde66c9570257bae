"""The `data` of a tool's result for the page, and its `content` for the model. Described in docs/tools.md."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Table:
    """A table; every cell is text for display."""

    title: str
    columns: list[str]
    rows: list[list[str]]


@dataclass(frozen=True, slots=True)
class Series:
    """Points `[x, value]`: x is a year ("2024") or a date ("2026-11-20"), value a number or None for a gap."""

    name: str
    points: list[list[object]]


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart of one or more series with the same unit."""

    title: str
    unit: str
    kind: Literal["line", "bar"]
    x: Literal["year", "date"]
    series: list[Series]


@dataclass(frozen=True, slots=True)
class Source:
    """Origin of figures: the date of the source's last change and the time of the request; None if unknown."""

    name: str
    url: str
    updated: str | None
    retrieved: str | None


@dataclass(frozen=True, slots=True)
class ResultData:
    """Everything a result displays. `note` is a sentence that qualifies the figures, such as that they are bundled."""

    title: str
    note: str | None
    tables: list[Table]
    charts: list[Chart]
    sources: list[Source]

    def as_data(self) -> dict[str, Any]:
        """Return the `data` of a ToolResult."""
        return dataclasses.asdict(self)


def as_content(fields: dict[str, Any]) -> str:
    """Return the `content` of a ToolResult: JSON without spaces and without fields that are None."""
    present = {key: value for key, value in fields.items() if value is not None}
    return json.dumps(present, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def now() -> str:
    """Return the current time for `Source.retrieved`: ISO 8601, UTC, whole seconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
