"""Bundled fallback data for when the World Bank is unavailable: a selection of economies, not the newest figures.

`bundled.csv` has one line per economy and indicator: the first year, then the values year by year, `-` for a missing
value. docs/tools.md describes the origin. No value is computed or filled in here.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from pathlib import Path

from chat.tools.world_bank import Observations

_TABLE = Path(__file__).with_name("bundled.csv")

NAME = "World Bank, World Development Indicators (figures bundled with this program)"
AS_OF = "2026-07-01"  # when the figures were read from the World Bank


@functools.cache
def observations() -> Observations:
    """Return all bundled figures."""
    values: dict[str, dict[str, Mapping[int, float]]] = {}
    with _TABLE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            figures = by_year(int(row["first_year"]), row["values"])
            values.setdefault(row["code"], {})[row["indicator"]] = figures
    return Observations(values, updated=AS_OF, retrieved=None)


def by_year(first: int, values: str) -> dict[int, float]:
    """Return the values of one line of a bundled table, by year."""
    return {year: float(value) for year, value in enumerate(values.split(), start=first) if value != "-"}
