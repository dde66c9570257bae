"""Fallback of `exchange_rate` while the source of daily rates is unavailable: bundled annual averages.

An average must not be mistaken for a daily rate, so the note, the summary and the name of every figure label it.
"""

from __future__ import annotations

from collections.abc import Mapping

from chat.messages import ToolResult
from chat.tools import bundled
from chat.tools.bundled_rates import BundledRates, calculation
from chat.tools.currencies import Currency
from chat.tools.figures import gapless, latest, plain
from chat.tools.http import SourceUnavailable
from chat.tools.result_data import Chart, ResultData, Series, Source, Table, as_content

_NEWEST = 5  # years in the table; the chart has all


def fallback(base: Currency, quote: Currency, failure: SourceUnavailable, rates: BundledRates) -> ToolResult | None:
    """Return the bundled averages with a note that begins with the failure, or None if this pair has none."""
    averages = rates.averages(base, quote)
    if not averages:
        return None
    note = _note(base, quote, failure, latest(averages))
    table = Table(f"{base.code}/{quote.code} annual averages", ["", "Rate", "Year"], _rows(base, quote, averages))
    chart = _chart(base, quote, averages)
    source = Source(bundled.NAME, rates.page(base, quote), bundled.AS_OF, None)
    title = f"{base.name[0].upper()}{base.name[1:]} to {quote.name}, annual averages"
    return ToolResult(
        content=as_content(
            {
                "base": f"{base.name} ({base.code})",
                "quote": f"{quote.name} ({quote.code})",
                "note": note,
                "figures": [dict(zip(("name", "value", "year"), row, strict=True)) for row in table.rows],
                "history": {str(year): rate for year, rate in chart.series[0].points if rate is not None},
                "source": {"name": source.name, "updated": source.updated},
            }
        ),
        summary=_summary(base, quote, averages),
        data=ResultData(title, note, [table], [chart], [source]).as_data(),
    )


def _note(base: Currency, quote: Currency, failure: SourceUnavailable, newest: int) -> str:
    text = calculation(base, quote)
    return (
        f"{failure.message[:-1]}, so the current rate could not be fetched: these are annual averages bundled with "
        f"this program, the newest of {newest} (World Bank figures of {bundled.AS_OF}), not today's rate"
        f"{f'; they are {text}' if text else ''}."
    )


def _summary(base: Currency, quote: Currency, averages: Mapping[int, float]) -> str:
    """Return the one-line summary.

    For example "1 EUR = 1.13 USD (average of 2025, calculated) is not today's rate, which could not be fetched — …".
    """
    year = latest(averages)
    label = f"average of {year}{', calculated' if calculation(base, quote) else ''}"
    return (
        f"{_price(base, quote, averages[year])} ({label}) is not today's rate, which could not be fetched — "
        f"bundled World Bank figures of {bundled.AS_OF}"
    )


def _rows(base: Currency, quote: Currency, averages: Mapping[int, float]) -> list[list[str]]:
    """Return the rows of the table, newest year first."""
    newest = sorted(averages, reverse=True)[:_NEWEST]
    return [["Annual average", _price(base, quote, averages[year]), str(year)] for year in newest]


def _price(base: Currency, quote: Currency, rate: float) -> str:
    return f"1 {base.code} = {plain(rate)} {quote.code}"


def _chart(base: Currency, quote: Currency, averages: Mapping[int, float]) -> Chart:
    first, last = min(averages), latest(averages)
    series = Series(f"{base.code}/{quote.code}", gapless(averages, 1.0, first, last))
    title = f"1 {base.code} in {quote.code}, annual average"
    return Chart(title, quote.code, "bar" if first == last else "line", "year", [series])
