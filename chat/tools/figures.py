"""Parsing of numbers and dates, and formatting of figures for text and charts."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date

_NUMBER = re.compile(r"[+-]?\d{1,40}(\.\d{0,40})?([eE][+-]?\d{1,3})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_SCALES = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))


def number(value: object) -> float | None:
    """Parse a source's number, which may be text. Return None if it is not a finite number."""
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        read = float(value)
    except OverflowError:
        return None
    return read if math.isfinite(read) else None


def day(text: object) -> date | None:
    """Parse a date in the form YYYY-MM-DD. Return None for anything else.

    `date.fromisoformat` alone would also accept week dates and dates without hyphens.
    """
    if not isinstance(text, str) or not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def written(value: float, unit: str) -> str:
    """Format a value with its unit: "18.73 trillion US$", "5.0 %", "1.41 billion people", "11,149 companies"."""
    if unit.startswith("%"):
        return f"{_no_minus_zero(f'{value:.1f}')} {unit}"
    for size, word in _SCALES:
        if round(abs(value) / size, 2) >= 1:
            return f"{value / size:,.{2 if abs(value) < 100 * size else 1}f} {word} {unit}"
    return f"{_no_minus_zero(f'{value:,.0f}')} {unit}"


def plain(value: float) -> str:
    """Format with six significant digits and no exponent, so that an exchange rate of 0.0000531 stays readable."""
    text = f"{value:,.6g}"
    return text if "e" not in text else f"{value:,.10f}".rstrip("0").rstrip(".")


def scaled(unit: str, values: Iterable[float]) -> tuple[float, str]:
    """Return the divisor for a chart's values and the unit after division: (1e12, "trillion US$")."""
    if unit.startswith("%"):
        return 1.0, unit
    largest = max((abs(value) for value in values), default=0.0)
    for size, word in _SCALES:
        if largest >= size:
            return size, f"{word} {unit}"
    return 1.0, unit


def rounded(value: float) -> float:
    """Round to four significant digits: enough for a chart and for a model's answer."""
    return float(f"{value:.4g}")


def gapless(years: Mapping[int, float], divisor: float, first: int, last: int) -> list[list[object]]:
    """Return points `[year, value or None]` for every year from `first` to `last`."""
    return [[str(year), rounded(years[year] / divisor) if year in years else None] for year in range(first, last + 1)]


def latest(years: Mapping[int, float]) -> int:
    """Return the newest year with a figure. `years` must not be empty."""
    return max(years)


def _no_minus_zero(text: str) -> str:
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text
