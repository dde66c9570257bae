"""Figures in the form that people write."""

from __future__ import annotations


def duration(seconds: float | None) -> str:
    """Return a time: milliseconds below a second."""
    if seconds is None:
        return "-"
    return f"{seconds * 1000:.0f} ms" if round(seconds * 1000) < 1000 else f"{seconds:.2f} s"


def megabytes(size: int) -> str:
    """Return a size in MB."""
    return f"{size / 1e6:,.0f} MB"


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def rate(number: float) -> str:
    """Return a number per second with three digits."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"
