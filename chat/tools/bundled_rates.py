"""Bundled fallback exchange rates for when Frankfurter is unavailable: annual averages, never daily rates.

`bundled_rates.csv` has one line per currency: the economy whose official rate it is, the first year, then the average
price of one US dollar, year by year, `-` for a missing value. docs/tools.md describes the origin; `annual_rate.py`
formats the figures.
"""

from __future__ import annotations

import csv
import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chat.tools import countries
from chat.tools.bundled import by_year
from chat.tools.currencies import Currency
from chat.tools.figures import rounded

_TABLE = Path(__file__).with_name("bundled_rates.csv")
_DOLLAR = "USD"
_PAGE = "https://data.worldbank.org/indicator/PA.NUS.FCRF"


@dataclass(frozen=True, slots=True)
class Published:
    """Published rates of one currency.

    `economy` is the World Bank's code, `per_dollar` the average price of one US dollar, by year.
    """

    economy: str
    per_dollar: Mapping[int, float]


class BundledRates:
    """The rates of a table, which is read at the first use."""

    def __init__(self, table: Path = _TABLE) -> None:
        self._table = table

    def averages(self, base: Currency, quote: Currency) -> dict[int, float]:
        """Return the average price of one unit of `base` in `quote`, by year, oldest first; empty if not bundled.

        The price of a US dollar is as published. Every other rate is a quotient of two averages, which differs from the
        average of the daily quotients by up to two percent in a volatile year such as 2008. So it is rounded to four
        digits.
        """
        table = self.published
        if base.code not in table or quote.code not in table:
            return {}
        denominators, numerators = table[base.code].per_dollar, table[quote.code].per_dollar
        years = sorted(denominators.keys() & numerators.keys())
        if base.code == _DOLLAR:
            return {year: numerators[year] for year in years}
        return {year: rounded(numerators[year] / denominators[year]) for year in years}

    def page(self, base: Currency, quote: Currency) -> str:
        """Return the URL of the World Bank's web page on the rates of both."""
        economies = (countries.by_code()[self.published[each.code].economy] for each in (base, quote))
        return f"{_PAGE}?locations={'-'.join(economy.code2 for economy in economies)}"

    @functools.cached_property
    def published(self) -> dict[str, Published]:
        """Return all bundled rates, by currency code."""
        with self._table.open(encoding="utf-8", newline="") as file:
            return {
                row["currency"]: Published(row["economy"], by_year(int(row["first_year"]), row["values"]))
                for row in csv.DictReader(file)
            }


def calculation(base: Currency, quote: Currency) -> str | None:
    """Return how the averages are calculated from the published ones, or None if they are as published."""
    if base.code == _DOLLAR:
        return None
    if quote.code == _DOLLAR:
        return f"calculated as one divided by the average of {base.code} per US dollar in the same year"
    return f"calculated by division of the averages of {quote.code} and of {base.code} per US dollar in the same year"
