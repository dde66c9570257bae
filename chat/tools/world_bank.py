"""Client of the World Bank's open API, version 2: annual World Development Indicators, without a key.

`GET /country/CHN;IND/indicator/NY.GDP.MKTP.CD;SP.POP.TOTL?source=2&format=json&date=1990:2026&per_page=5000`
answers `[{"page": 1, "pages": 1, "lastupdated": "2026-07-13", ...}, [row, ...]]`, a row being
`{"indicator": {"id": ...}, "country": {"id": "CN"}, "countryiso3code": "CHN", "date": "2024", "value": 1.2 or null}`.
Several indicators in one request need `source=2`. The answer to an invalid request also has status 200:
`[{"message": [{"id": "120", "key": "Invalid value", "value": ...}]}]`. Numbers, `pages` and years may be texts.
Described at https://datahelpdesk.worldbank.org/knowledgebase/articles/898581 and 889392.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from chat.tool_contract import ToolContext
from chat.tools.cache import Cache
from chat.tools.countries import Economy
from chat.tools.figures import day, number
from chat.tools.http import JsonSource
from chat.tools.indicators import Indicator
from chat.tools.result_data import now
from chat.tools.shared_disk_cache import SharedDiskCache

NAME = "World Bank, World Development Indicators"
FIRST_YEAR = 1990

# The figures change a few times a year, corrections a little more often.
_TTL_S = 6 * 3600.0
# One page holds the largest request of the tools. If the API splits it, up to this many pages are joined; more pages
# are refused, because part of the figures must not be mistaken for all of them.
PER_PAGE = 5000
_MAX_PAGES = 5
# A response with larger values is broken: a thousand times the world's output, and more than any inflation so far.
_LARGEST = 1e17
_LARGEST_PERCENT = 1e6
_EARLIEST_YEAR = 1900
_NO_FIGURE = frozenset(
    {"", ".", "..", "...", "…", "-", "--", "–", "—", ":", "na", "n/a", "n.a", "n.a.", "null", "none", "missing"}
)
# The figures' last change cannot be earlier than the API itself.
_FIRST_CHANGE = date(2010, 1, 1)


@dataclass(frozen=True, slots=True)
class Observations:
    """Annual figures: `values[economy's code][indicator's code][year]`. Years without a figure are absent.

    `updated` is the date of the source's last change, `retrieved` the time of the request.
    """

    values: Mapping[str, Mapping[str, Mapping[int, float]]]
    updated: str | None
    retrieved: str | None

    def of(self, economy: Economy, indicator: Indicator) -> Mapping[int, float]:
        """Return the figures by year; may be empty."""
        return self.values.get(economy.code, {}).get(indicator.code, {})


class WorldBank:
    """Thread-safe, caching client of the API; one per worker. `folder` is shared by the workers of one server."""

    def __init__(
        self,
        source: JsonSource,
        cache: Cache[Observations] | None = None,
        folder: Path | None = None,
        per_page: int = PER_PAGE,
    ) -> None:
        """Set the source and the caches; `per_page` figures are requested at a time."""
        self._per_page = per_page
        self._source = source
        self._cache = cache or Cache(_TTL_S)
        self._disk_cache = SharedDiskCache(folder, Observations, _TTL_S)

    def observations(
        self, economies: Sequence[Economy], indicators: Sequence[Indicator], context: ToolContext
    ) -> Observations:
        """Return all figures since FIRST_YEAR, from one request. Raises SourceUnavailable."""
        economy_codes = tuple(sorted({economy.code for economy in economies}))
        indicator_codes = tuple(sorted({indicator.code for indicator in indicators}))
        key = f"{self._source.address} {economy_codes} {indicator_codes}"
        return self._cache.get(
            key,
            lambda: self._disk_cache.get(
                key, lambda: self._fetch(economies, indicators, economy_codes, context.progress)
            ),
            context,
        )

    def _fetch(
        self,
        economies: Sequence[Economy],
        indicators: Sequence[Indicator],
        economy_codes: Sequence[str],
        progress: Callable[[str], None],
    ) -> Observations:
        units = {indicator.code: indicator.unit for indicator in indicators}
        # Rows of income groups come with an empty countryiso3code.
        codes = {economy.code: economy.code for economy in economies}
        codes |= {economy.code2: economy.code for economy in economies}
        values: dict[str, dict[str, dict[int, float]]] = {}
        updated = None
        others, requested = 0, 0
        for meta, rows in self._pages(economy_codes, sorted(units), progress):
            updated = _last_change(meta)
            for row in (each for each in rows if each is not None):
                code, indicator, year, value = self._parse_row(row, codes)
                if code is None or indicator not in units:
                    others += 1
                    continue
                requested += 1
                if value is not None:
                    self._check(value, units[indicator])
                    values.setdefault(code, {}).setdefault(indicator, {})[year] = value
        if others and not requested:  # the response to another request
            raise self._source.malformed()
        return Observations(values, updated, now())

    def _pages(
        self, economy_codes: Sequence[str], indicator_codes: Sequence[str], progress: Callable[[str], None]
    ) -> Iterator[tuple[dict[str, Any], list[Any]]]:
        path = f"/country/{';'.join(economy_codes)}/indicator/{';'.join(indicator_codes)}"
        query = {
            "source": "2",
            "format": "json",
            "date": f"{FIRST_YEAR}:{datetime.now(UTC).year}",
            "per_page": str(self._per_page),
        }
        page = 1
        while True:
            numbered = query | ({"page": str(page)} if page > 1 else {})
            meta, rows = self._page(self._source.get(path, numbered, progress))
            pages = number(meta.get("pages", 1))
            if pages is None or pages > _MAX_PAGES:
                raise self._source.malformed()
            yield meta, rows
            if page >= pages:
                return
            page += 1

    def _page(self, response: Any) -> tuple[dict[str, Any], list[Any]]:
        """Return the metadata and the rows of a response. The API sends null for no rows. Raises SourceUnavailable."""
        match response:
            case [{"message": _} | {"error": _}, *_]:
                raise self._source.refused()
            case [dict() as meta, list() as rows]:
                return meta, rows
            case [dict() as meta, None]:
                return meta, []
        raise self._source.malformed()

    def _parse_row(self, row: Any, codes: Mapping[str, str]) -> tuple[str | None, str, int, float | None]:
        match row:
            case {"indicator": {"id": str() as indicator}, "country": {"id": str() as code2}, "date": date}:
                code = codes.get(str(row.get("countryiso3code")).upper()) or codes.get(code2.upper())
                year = number(date)
                if year is not None and year.is_integer() and _EARLIEST_YEAR <= year <= datetime.now(UTC).year + 1:
                    return code, indicator.upper(), int(year), self._value(row.get("value"))
        raise self._source.malformed()

    def _value(self, value: Any) -> float | None:
        """Return the figure of a row, None for a missing one. Raises SourceUnavailable."""
        if value is None or (isinstance(value, str) and value.strip().lower() in _NO_FIGURE):
            return None
        figure = number(value)
        if figure is None:
            raise self._source.malformed()
        return figure

    def _check(self, value: float, unit: str) -> None:
        """Raise SourceUnavailable for a figure that no economy can have."""
        is_possible = abs(value) <= _LARGEST_PERCENT if unit.startswith("%") else 0 <= value <= _LARGEST
        if not is_possible:
            raise self._source.malformed()


def _last_change(meta: dict[str, Any]) -> str | None:
    """Return the date of the figures' last change, or None if it is missing or impossible."""
    changed = day(meta.get("lastupdated"))
    if changed is None or not _FIRST_CHANGE <= changed <= datetime.now(UTC).date() + timedelta(days=1):
        return None
    return changed.isoformat()
