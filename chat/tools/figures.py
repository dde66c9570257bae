"""Numbers as people read them, and series as a chart needs them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import date

_NUMBER = re.compile(r"[+-]?\d{1,40}(\.\d{0,40})?([eE][+-]?\d{1,3})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_SCALES = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))


def number(value: object) -> float | None:
    """Return a source's number, which may come as text; None where it is not a finite number."""
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
    """Return a date written YYYY-MM-DD, and None for all else: `date.fromisoformat` also takes weeks and no hyphens."""
    if not isinstance(text, str) or not _DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def written(value: float, unit: str) -> str:
    """A value with its unit: "18.73 trillion US$", "5.0 %", "1.41 billion people", "11,149 companies"."""
    if unit.startswith("%"):
        return f"{_no_minus_zero(f'{value:.1f}')} {unit}"
    for size, word in _SCALES:
        if round(abs(value) / size, 2) >= 1:
            return f"{value / size:,.{2 if abs(value) < 100 * size else 1}f} {word} {unit}"
    return f"{_no_minus_zero(f'{value:,.0f}')} {unit}"


def plain(value: float) -> str:
    """Six significant digits, never in powers of ten: an exchange rate of 0.0000531 stays readable."""
    text = f"{value:,.6g}"
    return text if "e" not in text else f"{value:,.10f}".rstrip("0").rstrip(".")


def scaled(unit: str, values: Iterable[float]) -> tuple[float, str]:
    """What to divide the values of a chart by, and the unit they then have: (1e12, "trillion US$")."""
    if unit.startswith("%"):
        return 1.0, unit
    largest = max((abs(value) for value in values), default=0.0)
    for size, word in _SCALES:
        if largest >= size:
            return size, f"{word} {unit}"
    return 1.0, unit


def rounded(value: float) -> float:
    """Four significant digits: what a chart can show and a model should repeat."""
    return float(f"{value:.4g}")


def gapless(years: Mapping[int, float], divisor: float, first: int, last: int) -> list[list[object]]:
    """Points `[year, value or None]` for every year from `first` to `last`."""
    return [[str(year), rounded(years[year] / divisor) if year in years else None] for year in range(first, last + 1)]


def latest(years: Mapping[int, float]) -> int:
    """The newest year with a figure. There must be one."""
    return max(years)


def _no_minus_zero(text: str) -> str:
    return text.removeprefix("-") if float(text.replace(",", "")) == 0 else text
