"""Rows of the table: a figure of Parley beside its target and the reference's."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Measure:
    """`target` is the most that `parley` may be, or with `at_least` the least. `note` is one line."""

    name: str
    title: str
    unit: str
    target: float
    parley: float
    reference: float | None = None
    at_least: bool = field(default=False, kw_only=True)
    note: str = field(default="", kw_only=True)

    @property
    def met(self) -> bool:
        return self.parley >= self.target if self.at_least else self.parley <= self.target

    @property
    def ratio(self) -> float | None:
        """Return the factor by which this is better than the reference, or None where that says nothing."""
        better, worse = (self.parley, self.reference) if self.at_least else (self.reference, self.parley)
        if better is None or worse is None or not worse > 0 or not math.isfinite(better + worse):
            return None
        return better / worse


def text_table(measures: Iterable[Measure]) -> str:
    """Return the table as text for a terminal."""
    rows = [_HEAD, *(_cells(each) for each in measures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [
        row[0].ljust(widths[0])
        + "".join(cell.rjust(width + 3) for cell, width in zip(row[1:], widths[1:], strict=True))
        for row in rows
    ]
    return "\n".join([lines[0], "-" * len(lines[0]), *lines[1:]])


def markdown_table(measures: Iterable[Measure]) -> str:
    rows = [_HEAD, ["---", *["---:"] * (len(_HEAD) - 1)], *(_cells(each) for each in measures)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def as_json(measure: Measure) -> dict[str, Any]:
    return vars(measure) | {"met": measure.met, "ratio": measure.ratio}


def written(value: float | None, unit: str) -> str:
    """Return a value with three digits and its unit."""
    if value is None:
        return "-"
    if not math.isfinite(value):
        return "never"
    digits = 0 if abs(value) >= 100 or value == int(value) else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f} {unit}".rstrip()


_HEAD = ["", "target", "Parley", "reference", "ratio", "met"]


def _cells(each: Measure) -> list[str]:
    bound = "≥" if each.at_least else "≤"
    return [
        each.title,
        f"{bound} {written(each.target, each.unit)}",
        written(each.parley, each.unit),
        written(each.reference, each.unit),
        "-" if each.ratio is None else f"{each.ratio:.1f} ×",
        "yes" if each.met else "no",
    ]
