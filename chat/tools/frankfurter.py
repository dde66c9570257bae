"""Frankfurter's open API, version 1: the European Central Bank's daily reference rates. No key.

`GET /2026-08-01..2026-11-23?base=EUR&symbols=USD` answers
`{"amount": 1.0, "base": "EUR", "start_date": ..., "end_date": ..., "rates": {"2026-08-03": {"USD": 1.16}, ...}}`,
working days only; 404 or 422 with `{"message": ...}` where there is nothing. Described at
https://frankfurter.dev/v1/ and in its openapi.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from chat.tools.cache import Cache
from chat.tools.currencies import Currency
from chat.tools.figures import day, number
from chat.tools.http import JsonSource
from chat.tools.sheet import now
from chat.tools.shelf import Shelf

NAME = "European Central Bank reference rates, via Frankfurter"
PAGE = "https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/html/index.en.html"

# New rates come once a working day, about 16:00 in Frankfurt.
_TTL_S = 1800.0
# Between these lies every reference rate there has been. A period may begin with the rate that held before it.
_SMALLEST, _LARGEST = 1e-7, 1e7
_BEFORE, _AFTER = timedelta(days=31), timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Rates:
    """What one unit of the base cost, by date, oldest first, and never empty. `retrieved`: when it was asked."""

    by_date: Mapping[date, float]
    retrieved: str


class Frankfurter:
    """Asks the API, and remembers. One object serves a worker, from many threads at once.

    `folder` is what the workers of one server share.
    """

    def __init__(self, source: JsonSource, cache: Cache[Rates] | None = None, folder: Path | None = None) -> None:
        self._source = source
        self._cache = cache or Cache(_TTL_S)
        self._shelf = Shelf(folder, Rates, _TTL_S)

    def rates(self, base: Currency, quote: Currency, first: date, last: date) -> Rates:
        """The rates from `first` to `last`. Raises SourceUnavailable, with status 404 where there are none."""
        key = f"{self._source.address} {base.code} {quote.code} {first} {last}"
        return self._cache.get(key, lambda: self._shelf.get(key, lambda: self._fetch(base, quote, first, last)))

    def _fetch(self, base: Currency, quote: Currency, first: date, last: date) -> Rates:
        answer = self._source.get(
            f"/{first.isoformat()}..{last.isoformat()}", {"base": base.code, "symbols": quote.code}
        )
        match answer:
            case {"base": base.code, "rates": dict() as days} if days and number(answer.get("amount", 1)) == 1:
                read = sorted(self._read(written, rates, quote) for written, rates in days.items())
                if first - _BEFORE <= read[0][0] and read[-1][0] <= last + _AFTER:
                    return Rates(dict(read), now())
        raise self._source.garbled()

    def _read(self, written: str, rates: Any, quote: Currency) -> tuple[date, float]:
        when = day(written)
        rate = number(rates.get(quote.code)) if isinstance(rates, dict) else None
        if when is None or rate is None or not _SMALLEST <= rate <= _LARGEST:
            raise self._source.garbled()
        return when, rate
