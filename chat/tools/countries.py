"""Lookup of economies by common name or code.

`countries.csv` beside this file has one line per economy and per group of economies in the World Development
Indicators. A model's argument is only a key of this table: requests contain the table's codes, never the argument.
"""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from pathlib import Path

from chat.errors import ToolFailure
from chat.tools.arguments import quoted, text
from chat.tools.names import closest, normalised

_TABLE = Path(__file__).with_name("countries.csv")


@dataclass(frozen=True, slots=True)
class Economy:
    """A country or a group such as the euro area. Codes are ISO 3166, for groups the World Bank's own."""

    code: str
    code2: str
    name: str
    is_group: bool

    @property
    def page(self) -> str:
        """Return the URL of the World Bank's web page on this economy."""
        if self.is_group:
            return f"https://data.worldbank.org/?locations={self.code2}"
        return f"https://data.worldbank.org/country/{self.code2}"


_PART_OF_UK = "The World Bank has no figures of its own for {}: it counts it in the United Kingdom."
_NO_GROUP = "The World Bank keeps no figures for {} as a group; ask for its members by name."
_CONGO = "There are two: the Democratic Republic of the Congo (COD) and the Republic of the Congo (COG). Ask for one."
_EUROPE = "Europe may mean the European Union (EUU), the euro area (EMU) or Europe & Central Asia (ECS). Ask for one."
_AFRICA = "The World Bank has no figures for all of Africa; ask for Sub-Saharan Africa or for countries by name."
_ASIA = "The World Bank has no figures for all of Asia; ask for East Asia & Pacific, South Asia or countries by name."
_TAIWAN = (
    "Taiwan is not in the World Bank's data, so there are no figures from this source; China's do not stand for it."
)
_ABSENT = "{} is not in the World Bank's data."

# Common names that are ambiguous or have no figures at the World Bank.
_EXPLAINED = {
    **dict.fromkeys(("taiwan", "tw", "twn", "chinese taipei", "taiwan china", "republic of china", "roc"), _TAIWAN),
    **{normalised(name): _ABSENT.format(name) for name in ("Western Sahara", "Vatican City", "Vatican", "Antarctica")},
    **{normalised(name): _PART_OF_UK.format(name) for name in ("England", "Scotland", "Wales", "Northern Ireland")},
    **{name.lower(): _NO_GROUP.format(name) for name in ("G7", "G8", "G20", "BRICS", "ASEAN", "OPEC", "NATO", "DACH")},
    "congo": _CONGO,
    "europe": _EUROPE,
    "africa": _AFRICA,
    "asia": _ASIA,
}


def find(name: object, argument: str = "country") -> Economy:
    """Return the economy with this name or code. Raises ToolFailure with suggestions if there is none."""
    name_text = text(name, argument)
    key = normalised(name_text)
    if key in _EXPLAINED:
        raise ToolFailure(_EXPLAINED[key])
    economy = by_name().get(key)
    if economy is None:
        raise ToolFailure(f"No economy is known as {quoted(name_text)}.{_suggestions(name_text)}")
    return economy


def _suggestions(name_text: str) -> str:
    names = dict.fromkeys(by_name()[key].name for key in closest(name_text, by_name()))
    if not names:
        return " Pass a country's English name or its ISO code, such as China or CHN."
    return f" Did you mean {' or '.join(names)}?"


@functools.cache
def by_code() -> dict[str, Economy]:
    """Return all economies by `code`."""
    return {economy.code: economy for economy, _ in _rows()}


@functools.cache
def by_name() -> dict[str, Economy]:
    """Return all economies by each of their codes and normalised names."""
    return {
        normalised(name): economy
        for economy, aliases in _rows()
        for name in (economy.code, economy.code2, economy.name, *aliases)
    }


@functools.cache
def _rows() -> tuple[tuple[Economy, tuple[str, ...]], ...]:
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(
            (
                Economy(row["code"], row["code2"], row["name"], row["kind"] == "group"),
                tuple(filter(None, row["aliases"].split("|"))),
            )
            for row in csv.DictReader(file)
        )
