"""The World Bank's open API, version 2: annual figures of the World Development Indicators. No key.

`GET /country/CHN;IND/indicator/NY.GDP.MKTP.CD;SP.POP.TOTL?source=2&format=json&date=1990:2026&per_page=5000`
answers `[{"page": 1, "pages": 1, "lastupdated": "2026-07-13", ...}, [row, ...]]`, a row being
`{"indicator": {"id": ...}, "country": {"id": "CN"}, "countryiso3code": "CHN", "date": "2024", "value": 1.2 or null}`.
Several indicators in one question need `source=2`. What it does not take is answered, with status 200 too, by
`[{"message": [{"id": "120", "key": "Invalid value", "value": ...}]}]`. Numbers, `pages` and years have been seen as
texts, too. Described at
https://datahelpdesk.worldbank.org/knowledgebase/articles/898581 and 889392.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chat.tools.cache import Cache
from chat.tools.countries import Economy
from chat.tools.figures import day, number
from chat.tools.http import JsonSource
from chat.tools.indicators import Indicator
from chat.tools.sheet import now
from chat.tools.shelf import Shelf

NAME = "World Bank, World Development Indicators"
FIRST_YEAR = 1990

# The figures change a few times a year, and their corrections a little more often.
_TTL_S = 6 * 3600.0
# One page holds all that is ever asked for. Should the API make more of it, so many are put together, and an answer
# in still more counts as none: a part of the figures must not be taken for all of them.
_PER_PAGE = 5000
_MOST_PAGES = 5
# Beyond these an answer is broken: a thousand times the world's output, and inflation that no country has had.
_LARGEST = 1e17
_LARGEST_PERCENT = 1e6
_EARLIEST_YEAR = 1900
_NO_FIGURE = ("", "..", "NA", "N/A", "null")


@dataclass(frozen=True, slots=True)
class Observations:
    """Annual figures: `values[economy's code][indicator's code][year]`. A year without a figure is not in it.

    `updated` is the date of the source's last change, `retrieved` when it was asked.
    """

    values: Mapping[str, Mapping[str, Mapping[int, float]]]
    updated: str | None
    retrieved: str | None

    def of(self, economy: Economy, indicator: Indicator) -> Mapping[int, float]:
        """The figures by year, perhaps none."""
        return self.values.get(economy.code, {}).get(indicator.code, {})


class WorldBank:
    """Asks the API, and remembers. One object serves a worker, from many threads at once.

    `folder` is what the workers of one server share.
    """

    def __init__(
        self, source: JsonSource, cache: Cache[Observations] | None = None, folder: Path | None = None
    ) -> None:
        self._source = source
        self._cache = cache or Cache(_TTL_S)
        self._shelf = Shelf(folder, Observations, _TTL_S)

    def observations(self, economies: Sequence[Economy], indicators: Sequence[Indicator]) -> Observations:
        """All figures since FIRST_YEAR, in one request. Raises SourceUnavailable."""
        asked = tuple(sorted({economy.code for economy in economies}))
        wanted = tuple(sorted({indicator.code for indicator in indicators}))
        key = f"{self._source.address} {asked} {wanted}"
        return self._cache.get(key, lambda: self._shelf.get(key, lambda: self._fetch(economies, indicators, asked)))

    def _fetch(
        self, economies: Sequence[Economy], indicators: Sequence[Indicator], asked: Sequence[str]
    ) -> Observations:
        units = {indicator.code: indicator.unit for indicator in indicators}
        # Rows of income groups come with an empty countryiso3code.
        codes = {economy.code: economy.code for economy in economies}
        codes |= {economy.code2: economy.code for economy in economies}
        values: dict[str, dict[str, dict[int, float]]] = {}
        updated = None
        for meta, rows in self._pages(asked, sorted(units)):
            changed = day(meta.get("lastupdated"))
            updated = changed.isoformat() if changed else None
            for row in rows:
                code, indicator, year, value = self._read(row, codes)
                if code and indicator in units and value is not None:
                    self._check(value, units[indicator])
                    values.setdefault(code, {}).setdefault(indicator, {})[year] = value
        return Observations(values, updated, now())

    def _pages(self, asked: Sequence[str], wanted: Sequence[str]) -> Iterator[tuple[dict[str, Any], list[Any]]]:
        path = f"/country/{';'.join(asked)}/indicator/{';'.join(wanted)}"
        query = {
            "source": "2",
            "format": "json",
            "date": f"{FIRST_YEAR}:{datetime.now(UTC).year}",
            "per_page": str(_PER_PAGE),
        }
        page = 1
        while True:
            meta, rows = self._page(self._source.get(path, query | ({"page": str(page)} if page > 1 else {})))
            pages = number(meta.get("pages", 1))
            if pages is None or pages > _MOST_PAGES:
                raise self._source.garbled()
            yield meta, rows
            if page >= pages:
                return
            page += 1

    def _page(self, answer: Any) -> tuple[dict[str, Any], list[Any]]:
        """The two parts of an answer; the second is null where there is nothing at all."""
        match answer:
            case [dict() as meta, list() as rows]:
                return meta, rows
            case [dict() as meta, None]:
                return meta, []
            case [{"message": _}]:
                raise self._source.refused()
        raise self._source.garbled()

    def _read(self, row: Any, codes: Mapping[str, str]) -> tuple[str | None, str, int, float | None]:
        match row:
            case {"indicator": {"id": str() as indicator}, "country": {"id": str() as code2}, "date": written}:
                code = codes.get(str(row.get("countryiso3code"))) or codes.get(code2)
                year = number(written)
                if year is not None and year.is_integer() and _EARLIEST_YEAR <= year <= datetime.now(UTC).year + 1:
                    return code, indicator, int(year), self._value(row.get("value"))
        raise self._source.garbled()

    def _value(self, value: Any) -> float | None:
        """The figure of a row, None where it says that there is none. Raises SourceUnavailable."""
        if value is None or (isinstance(value, str) and value.strip() in _NO_FIGURE):
            return None
        read = number(value)
        if read is None:
            raise self._source.garbled()
        return read

    def _check(self, value: float, unit: str) -> None:
        """Refuse a figure that no economy can have. Raises SourceUnavailable."""
        if abs(value) > (_LARGEST_PERCENT if unit.startswith("%") else _LARGEST):
            raise self._source.garbled()
