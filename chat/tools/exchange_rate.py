"""The tool `exchange_rate`: the price of one currency in another, day by day.

`frankfurter.py` fetches the rates; `annual_rate.py` is the fallback.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from chat.errors import ToolFailure
from chat.messages import ToolResult
from chat.tool_contract import ToolContext
from chat.tools import annual_rate, currencies, frankfurter
from chat.tools.arguments import whole_number
from chat.tools.bundled_rates import BundledRates
from chat.tools.currencies import Currency
from chat.tools.figures import plain
from chat.tools.frankfurter import Frankfurter, Rates
from chat.tools.http import SourceUnavailable
from chat.tools.result_data import Chart, ResultData, Series, Source, Table, as_content

MAX_DAYS = 3650
# Rates are published on working days. Requesting this much more finds the rate that applied when the period began.
_HOLIDAYS = timedelta(days=10)
_MAX_POINTS = 260  # in the chart: a year of working days; longer periods are thinned out
_MAX_CONTENT_POINTS = 30  # in the content for the model


class ExchangeRates:
    """The tool on the ECB's reference rates, as a bound method."""

    def __init__(self, source: Frankfurter, bundled_rates: BundledRates | None = None) -> None:
        self._frankfurter = source
        self._bundled_rates = bundled_rates or BundledRates()

    def exchange_rate(
        self,
        base: Annotated[str, "The currency to price: a name (euro, dollar, yuan) or an ISO code (EUR)."],
        quote: Annotated[str, "The currency to price it in: a name or an ISO code."],
        days: Annotated[int, "How many days to look back, 1 to 3650."] = 90,
        *,
        context: ToolContext,
    ) -> ToolResult:
        """Show the price of one unit of a currency in another.

        Gives the latest reference rate of the European Central Bank, the change over a period, and the daily history.
        Official daily rates, not live quotes.
        """
        pair = currencies.find(base, "base"), currencies.find(quote, "quote")
        if pair[0] == pair[1]:
            raise ToolFailure(f"`base` and `quote` are the same currency, {pair[0].code}.")
        period = timedelta(days=whole_number(days, "days", 1, MAX_DAYS))
        today = datetime.now(UTC).date()
        try:
            rates = self._rates(*pair, today - period, today, context)
        except SourceUnavailable as failure:
            return _fallback(*pair, failure, self._bundled_rates)
        return _result(*pair, _within(rates.by_date, today - period), rates.retrieved)

    def _rates(self, base: Currency, quote: Currency, start: date, today: date, context: ToolContext) -> Rates:
        try:
            return self._frankfurter.rates(base, quote, start - _HOLIDAYS, today, context)
        except SourceUnavailable as failure:
            if failure.status in (404, 422):
                raise ToolFailure(f"The ECB published no rate of {base.code} in {quote.code} in that period.") from None
            raise


def _fallback(base: Currency, quote: Currency, failure: SourceUnavailable, rates: BundledRates) -> ToolResult:
    averages = annual_rate.fallback(base, quote, failure, rates)
    if averages is None:
        raise ToolFailure(f"{failure.message} No rate can be shown now, and none is bundled.") from None
    return averages


def _within(rates: Mapping[date, float], start: date) -> dict[date, float]:
    """Return the rates of the period, from the rate that applied when it began."""
    first = max((day for day in rates if day <= start), default=min(rates))
    return {day: rate for day, rate in rates.items() if day >= first}


def _result(base: Currency, quote: Currency, rates: Mapping[date, float], retrieved: str) -> ToolResult:
    first, last = min(rates), max(rates)
    pair = f"{base.code}/{quote.code}"
    table = Table(f"{pair} reference rate", ["", "Rate", "Date"], _rows(base, quote, rates))
    points = [[day.isoformat(), rates[day]] for day in _thinned(list(rates), _MAX_POINTS)]
    chart = Chart(f"1 {base.code} in {quote.code}", quote.code, "line", "date", [Series(pair, points)])
    source = Source(frankfurter.NAME, frankfurter.PAGE, last.isoformat(), retrieved)
    change = f", {_change(rates[first], rates[last])} since {first}" if first < last else ""
    return ToolResult(
        content=as_content(
            {
                "base": f"{base.name} ({base.code})",
                "quote": f"{quote.name} ({quote.code})",
                "figures": [dict(zip(("name", "value", "date"), row, strict=True)) for row in table.rows],
                "history": {day.isoformat(): rates[day] for day in _thinned(list(rates), _MAX_CONTENT_POINTS)},
                "source": {"name": source.name, "updated": source.updated, "retrieved": source.retrieved},
            }
        ),
        summary=f"1 {base.code} = {plain(rates[last])} {quote.code} ({last}){change} — ECB via Frankfurter",
        data=ResultData(
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


def _thinned(days: Sequence[date], limit: int) -> list[date]:
    """Return at most `limit` of the days, evenly spaced and including the last."""
    step = -(-len(days) // limit)
    return list(days[::-1][::step][::-1])
