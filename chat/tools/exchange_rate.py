"""The tool that shows what one currency costs in another, day by day.

Where the rates come from is the business of `frankfurter.py`, and of `annual_rate.py` when that one fails.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from chat.errors import ToolFailure
from chat.messages import ToolResult
from chat.tools import annual_rate, currencies, frankfurter
from chat.tools.arguments import whole_number
from chat.tools.currencies import Currency
from chat.tools.figures import plain
from chat.tools.frankfurter import Frankfurter, Rates
from chat.tools.http import SourceUnavailable
from chat.tools.sheet import Chart, Series, Sheet, Source, Table, as_content

MOST_DAYS = 3650
# Rates come on working days. Going back this much further finds the one that held when the period began.
_HOLIDAYS = timedelta(days=10)
_MOST_POINTS = 260  # a year of working days; longer periods are thinned out
_TOLD_POINTS = 30  # of which so many are told to the model


class ExchangeRates:
    """The tool over the ECB's reference rates, as a bound method."""

    def __init__(self, source: Frankfurter) -> None:
        self._frankfurter = source

    def exchange_rate(
        self,
        base: Annotated[str, "The currency to price: a name (euro, dollar, yuan) or an ISO code (EUR)."],
        quote: Annotated[str, "The currency to price it in: a name or an ISO code."],
        days: Annotated[int, "How many days to look back, 1 to 3650."] = 90,
    ) -> ToolResult:
        """What one unit of a currency costs in another: the latest reference rate of the European Central Bank,
        the change over a period, and the daily history. Official daily rates, not live quotes.
        """
        pair = currencies.find(base, "base"), currencies.find(quote, "quote")
        if pair[0] == pair[1]:
            raise ToolFailure(f"`base` and `quote` are the same currency, {pair[0].code}.")
        period = timedelta(days=whole_number(days, "days", 1, MOST_DAYS))
        today = datetime.now(UTC).date()
        try:
            rates = self._rates(*pair, today - period, today)
        except SourceUnavailable as failure:
            return _stand_in(*pair, failure)
        return _result(*pair, _within(rates.by_date, today - period), rates.retrieved)

    def _rates(self, base: Currency, quote: Currency, start: date, today: date) -> Rates:
        try:
            return self._frankfurter.rates(base, quote, start - _HOLIDAYS, today)
        except SourceUnavailable as failure:
            if failure.status in (404, 422):
                raise ToolFailure(f"The ECB published no rate of {base.code} in {quote.code} in that period.") from None
            raise


def _stand_in(base: Currency, quote: Currency, failure: SourceUnavailable) -> ToolResult:
    averages = annual_rate.stand_in(base, quote, failure)
    if averages is None:
        raise ToolFailure(f"{failure.message} No rate can be shown now, and none is bundled.") from None
    return averages


def _within(rates: Mapping[date, float], start: date) -> dict[date, float]:
    """The rates of the period, from the one that held when it began."""
    began = max((day for day in rates if day <= start), default=min(rates))
    return {day: rate for day, rate in rates.items() if day >= began}


def _result(base: Currency, quote: Currency, rates: Mapping[date, float], retrieved: str) -> ToolResult:
    first, last = min(rates), max(rates)
    pair = f"{base.code}/{quote.code}"
    table = Table(f"{pair} reference rate", ["", "Rate", "Date"], _rows(base, quote, rates))
    points = [[day.isoformat(), rates[day]] for day in _thinned(list(rates), _MOST_POINTS)]
    chart = Chart(f"1 {base.code} in {quote.code}", quote.code, "line", "date", [Series(pair, points)])
    source = Source(frankfurter.NAME, frankfurter.PAGE, last.isoformat(), retrieved)
    change = f", {_change(rates[first], rates[last])} since {first}" if first < last else ""
    return ToolResult(
        content=as_content(
            {
                "base": f"{base.name} ({base.code})",
                "quote": f"{quote.name} ({quote.code})",
                "figures": [dict(zip(("name", "value", "date"), row, strict=True)) for row in table.rows],
                "history": {day.isoformat(): rates[day] for day in _thinned(list(rates), _TOLD_POINTS)},
                "source": {"name": source.name, "updated": source.updated, "retrieved": source.retrieved},
            }
        ),
        summary=f"1 {base.code} = {plain(rates[last])} {quote.code} ({last}){change} — ECB via Frankfurter",
        data=Sheet(
            f"{base.name[0].upper()}{base.name[1:]} to {quote.name}",
            None,
            [table],
            [chart] if first < last else [],
            [source],
        ).as_data(),
    )


def _rows(base: Currency, quote: Currency, rates: Mapping[date, float]) -> list[list[str]]:
    first, last = min(rates), max(rates)
    highest = max(rates, key=lambda day: rates[day])
    lowest = min(rates, key=lambda day: rates[day])

    def row(name: str, day: date) -> list[str]:
        return [name, f"1 {base.code} = {plain(rates[day])} {quote.code}", day.isoformat()]

    if first == last:
        return [row("Latest", last)]
    return [
        row("Latest", last),
        row("Start of the period", first),
        ["Change", _change(rates[first], rates[last]), f"{first} to {last}"],
        row("Highest", highest),
        row("Lowest", lowest),
    ]


def _change(old: float, new: float) -> str:
    return f"{(new / old - 1) * 100:+.2f} %"


def _thinned(days: Sequence[date], most: int) -> list[date]:
    """At most `most` of them, evenly chosen, the last one among them."""
    step = -(-len(days) // most)
    return list(days[::-1][::step][::-1])
