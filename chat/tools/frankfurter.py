"""Client of Frankfurter's open API, version 1: daily reference rates of the European Central Bank, without a key.

`GET /2026-08-01..2026-11-23?base=EUR&symbols=USD` answers
`{"amount": 1.0, "base": "EUR", "start_date": ..., "end_date": ..., "rates": {"2026-08-03": {"USD": 1.16}, ...}}`,
working days only; 404 or 422 with `{"message": ...}` if there are no rates. Described at
https://frankfurter.dev/v1/ and in its openapi.json.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from chat.tool_contract import ToolContext
from chat.tools.cache import Cache
from chat.tools.currencies import Currency
from chat.tools.figures import day, number
from chat.tools.http import JsonSource
from chat.tools.result_data import now
from chat.tools.shared_disk_cache import SharedDiskCache

NAME = "European Central Bank reference rates, via Frankfurter"
PAGE = "https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/html/index.en.html"

# New rates are published once a working day, about 16:00 in Frankfurt.
_TTL_S = 1800.0
# Every reference rate published so far is between these. A period may begin with the rate that applied before it.
_SMALLEST, _LARGEST = 1e-7, 1e7
# No currency has changed more from one published rate to the next.
_LARGEST_CHANGE = 10.0
_BEFORE, _AFTER = timedelta(days=31), timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Rates:
    """Price of one unit of the base by date, oldest first and never empty; `retrieved` is the time of the request."""

    by_date: Mapping[date, float]
    retrieved: str


class Frankfurter:
    """Thread-safe, caching client of the API; one per worker. `folder` is shared by the workers of one server."""

    def __init__(self, source: JsonSource, cache: Cache[Rates] | None = None, folder: Path | None = None) -> None:
        self._source = source
        self._cache = cache or Cache(_TTL_S)
        self._disk_cache = SharedDiskCache(folder, Rates, _TTL_S)

    def rates(self, base: Currency, quote: Currency, first: date, last: date, context: ToolContext) -> Rates:
        """Return the rates from `first` to `last`. Raises SourceUnavailable, with status 404 if there are none."""
        key = f"{self._source.address} {base.code} {quote.code} {first} {last}"
        return self._cache.get(
            key,
            lambda: self._disk_cache.get(key, lambda: self._fetch(base, quote, first, last, context.progress)),
            context,
        )

    def _fetch(
        self, base: Currency, quote: Currency, first: date, last: date, progress: Callable[[str], None]
    ) -> Rates:
        response = self._source.get(
            f"/{first.isoformat()}..{last.isoformat()}", {"base": base.code, "symbols": quote.code}, progress
        )
        match response:
            case {"base": base.code, "rates": dict() as days} if days and number(response.get("amount", 1)) == 1:
                parsed = sorted(self._parse_day(text, rates, quote) for text, rates in days.items())
                if first - _BEFORE <= parsed[0][0] and parsed[-1][0] <= last + _AFTER and _is_steady(parsed):
                    return Rates(dict(parsed), now())
        raise self._source.malformed()

    def _parse_day(self, text: str, rates: Any, quote: Currency) -> tuple[date, float]:
        published = day(text)
        rate = number(rates.get(quote.code)) if isinstance(rates, dict) else None
        if published is None or rate is None or not _SMALLEST <= rate <= _LARGEST:
            raise self._source.malformed()
        return published, rate


def _is_steady(rates: Sequence[tuple[date, float]]) -> bool:
    """Return whether no rate differs impossibly from the one before."""
    changes = (rate / before for (_, before), (_, rate) in itertools.pairwise(rates))
    return all(1 / _LARGEST_CHANGE <= change <= _LARGEST_CHANGE for change in changes)
