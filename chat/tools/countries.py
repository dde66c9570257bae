"""Economies by name: what people call a country, and the codes by which the World Bank knows it.

`countries.csv` beside this file has a line for each economy and each group of economies in the World
Development Indicators. Whatever a model asks for is looked up here, and only our own codes go out.
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
    """A country, or a group such as the euro area. The codes are ISO 3166's, or for groups the World Bank's own."""

    code: str
    code2: str
    name: str
    is_group: bool

    @property
    def page(self) -> str:
        """Where the World Bank shows this economy's figures to people."""
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

# Names that people use and the World Bank has no figures for, or that mean more than one thing.
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
    """The economy that `name` means. Raises ToolFailure with suggestions where there is none."""
    asked = text(name, argument)
    key = normalised(asked)
    if key in _EXPLAINED:
        raise ToolFailure(_EXPLAINED[key])
    economy = by_name().get(key)
    if economy is None:
        raise ToolFailure(f"No economy is known as {quoted(asked)}.{_suggestions(asked)}")
    return economy


def _suggestions(asked: str) -> str:
    names = dict.fromkeys(by_name()[key].name for key in closest(asked, by_name()))
    if not names:
        return " Pass a country's English name or its ISO code, such as China or CHN."
    return f" Did you mean {' or '.join(names)}?"


@functools.cache
def by_code() -> dict[str, Economy]:
    """All economies by `code`."""
    return {economy.code: economy for economy, _ in _rows()}


@functools.cache
def by_name() -> dict[str, Economy]:
    """All economies by every normalised name and code they go by."""
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
