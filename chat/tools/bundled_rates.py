"""Exchange rates that stand in while Frankfurter cannot be reached: averages of whole years, never a day's rate.

`bundled_rates.csv` has a line for each currency: the economy whose official rate it is, the first year, then what
one US dollar cost on average, year by year, `-` where there is none. Where the figures come from is told in
docs/tools.md, how they are shown in `annual_rate.py`.
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
    """`economy` is the World Bank's code, `per_dollar` what one US dollar cost on average, by year."""

    economy: str
    per_dollar: Mapping[int, float]


def averages(base: Currency, quote: Currency) -> dict[int, float]:
    """What one unit of `base` cost in `quote` on average, by year, oldest first. Empty where nothing is bundled.

    What a dollar cost is as published. All else is a quotient of two averages, and that is not quite the average of the
    daily quotients: in a year of great swings such as 2008 it is off by up to two percent. So it has four digits.
    """
    table = published()
    if base.code not in table or quote.code not in table:
        return {}
    below, above = table[base.code].per_dollar, table[quote.code].per_dollar
    years = sorted(below.keys() & above.keys())
    if base.code == _DOLLAR:
        return {year: above[year] for year in years}
    return {year: rounded(above[year] / below[year]) for year in years}


def calculation(base: Currency, quote: Currency) -> str | None:
    """How the averages are made of the published ones, or None where they are those."""
    if base.code == _DOLLAR:
        return None
    if quote.code == _DOLLAR:
        return f"calculated as one divided by the average of {base.code} per US dollar in the same year"
    return f"calculated by division of the averages of {quote.code} and of {base.code} per US dollar in the same year"


def page(base: Currency, quote: Currency) -> str:
    """Where the World Bank shows people the rates of the two."""
    economies = (countries.by_code()[published()[each.code].economy] for each in (base, quote))
    return f"{_PAGE}?locations={'-'.join(economy.code2 for economy in economies)}"


@functools.cache
def published() -> dict[str, Published]:
    """All bundled rates, by the currency's code."""
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return {
            row["currency"]: Published(row["economy"], by_year(int(row["first_year"]), row["values"]))
            for row in csv.DictReader(file)
        }
