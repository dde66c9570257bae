"""The tools on economies: `market_data` shows the main figures of one, `compare_markets` one figure of several.

`world_bank.py` fetches the figures; `bundled.py` is the fallback.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from chat.errors import ToolFailure
from chat.messages import ToolResult
from chat.tool_contract import ToolContext
from chat.tools import bundled, countries, indicators, world_bank
from chat.tools.arguments import texts, whole_number
from chat.tools.countries import Economy
from chat.tools.figures import gapless, latest, scaled, written
from chat.tools.http import SourceUnavailable
from chat.tools.indicators import GDP, GDP_GROWTH, INDICATORS, Indicator
from chat.tools.result_data import Chart, ResultData, Series, Source, Table, as_content
from chat.tools.world_bank import Observations, WorldBank

MAX_COUNTRIES = 8
MAX_YEARS = 35
_LARGEST_YEAR = 1_000_000

_Year = Annotated[int | None, "Only if one certain year is asked for, such as 2015; without it the newest figures."]

IndicatorKey = Literal[
    "gdp",
    "gdp_growth",
    "gdp_per_capita",
    "inflation",
    "unemployment",
    "population",
    "exports",
    "imports",
    "market_cap",
    "market_cap_gdp",
    "listed_companies",
]


class Markets:
    """The tools on the World Bank's figures, as bound methods."""

    def __init__(self, source: WorldBank) -> None:
        self._world_bank = source

    def market_data(
        self,
        country: Annotated[str, "A country or group of countries: a name (China, UK, the euro area) or an ISO code."],
        year: _Year = None,
        *,
        context: ToolContext,
    ) -> ToolResult:
        """Show the main economic and stock market figures of one country, with their history since 1990.

        GDP, growth, GDP per capita, inflation, unemployment, population, exports, imports, market capitalisation
        and number of listed companies, each with its year. Source: World Bank.
        """
        economy = countries.find(country)
        observations, note = self._observe([economy], INDICATORS, context)
        figures = [each for each in INDICATORS if observations.of(economy, each)]
        if not figures:
            raise ToolFailure(f"The World Bank has no figures for {economy.name} since {world_bank.FIRST_YEAR}.")
        requested_year = _requested_year(year, [economy], figures, observations)
        charts = [
            _chart([economy], each, observations)
            for each in (GDP_GROWTH, GDP)
            if len(observations.of(economy, each)) > 1
        ]
        source = _source(observations, note, economy.page)
        rows = [_row(economy, each, observations, requested_year) for each in figures]
        table = Table("Main indicators", ["Indicator", "Value", "Year"], rows)
        return ToolResult(
            content=as_content(_content(economy, table, charts, note, source)),
            summary=_summary(
                economy.name, [(each, economy) for each in _headline(figures)], observations, note, requested_year
            ),
            data=ResultData(economy.name, note, [table], charts, [source]).as_data(),
        )

    def compare_markets(
        self,
        countries: Annotated[list[str], "One to eight countries or groups, by name or ISO code."],
        indicator: Annotated[IndicatorKey, "What to compare."] = "gdp_growth",
        years: Annotated[int, "How many years to go back, 1 to 35."] = 10,
        year: _Year = None,
        *,
        context: ToolContext,
    ) -> ToolResult:
        """Compare one figure of several countries over the years, such as the inflation of India and Brazil.

        Gives a yearly series for each country. Source: World Bank.
        """
        economies = _economies(countries)
        selected = indicators.find(indicator)
        span = whole_number(years, "years", 1, MAX_YEARS)
        observations, note = self._observe(economies, [selected], context)
        available = [economy for economy in economies if observations.of(economy, selected)]
        if not available:
            raise ToolFailure(f"The World Bank has no figures on {selected.title} for {_names(economies)}.")
        requested_year = _requested_year(year, available, [selected], observations)
        chart = _chart(available, selected, observations, span)
        source = _source(observations, note, _indicator_page(selected, economies))
        rows = [[economy.name, *_row(economy, selected, observations, requested_year)[1:]] for economy in economies]
        table = Table(
            "Latest figures" if requested_year is None else f"Figures of {requested_year}",
            ["Economy", selected.title, "Year"],
            rows,
        )
        return ToolResult(
            content=as_content({"indicator": selected.title} | _content(None, table, [chart], note, source)),
            summary=_summary(
                selected.title, [(selected, economy) for economy in available], observations, note, requested_year
            ),
            data=ResultData(selected.title, note, [table], [chart], [source]).as_data(),
        )

    def _observe(
        self, economies: Sequence[Economy], selected: Sequence[Indicator], context: ToolContext
    ) -> tuple[Observations, str | None]:
        """Return the World Bank's figures; if it is unavailable, the bundled ones and a sentence that says so."""
        try:
            return self._world_bank.observations(economies, selected, context), None
        except SourceUnavailable as failure:
            fallback = bundled.observations()
            missing = [economy for economy in economies if not any(fallback.of(economy, each) for each in selected)]
            if len(missing) == len(economies):
                raise ToolFailure(
                    f"{failure.message} No such figures are bundled for {_names(missing)}, so there are none to show."
                ) from None
            note = f"{failure.message[:-1]}, so these are figures bundled with this program, of {bundled.AS_OF}"
            return fallback, note + (f"; none are bundled for {_names(missing)}." if missing else ".")


def _economies(names: object) -> list[Economy]:
    """Return each economy once, in the order of `names`."""
    economies = [countries.find(name, "countries") for name in texts(names, "countries", MAX_COUNTRIES)]
    return list({economy.code: economy for economy in economies}.values())


def _names(economies: Sequence[Economy]) -> str:
    return ", ".join(economy.name for economy in economies)


def _headline(figures: Sequence[Indicator]) -> Sequence[Indicator]:
    """Return the figures for a one-line summary: size and growth, or else the first ones."""
    return [each for each in (GDP, GDP_GROWTH) if each in figures] or figures[:2]


def _requested_year(
    year: object, economies: Sequence[Economy], figures: Sequence[Indicator], observations: Observations
) -> int | None:
    """Return the requested year, or None if no year is requested. Raises ToolFailure if that year has no figure."""
    if year is None:
        return None
    requested = whole_number(year, "year", -_LARGEST_YEAR, _LARGEST_YEAR)
    years = {each for economy in economies for figure in figures for each in observations.of(economy, figure)}
    if requested not in years:
        named = requested if abs(requested) < _LARGEST_YEAR else "that year"
        raise ToolFailure(
            f"There is no figure of {named} for {_names(economies)}: the figures here are of {min(years)} to"
            f" {max(years)}."
        )
    return requested


def _row(economy: Economy, indicator: Indicator, observations: Observations, year: int | None = None) -> list[str]:
    """Return title, value and year: of `year`, or else the newest."""
    years = observations.of(economy, indicator)
    year = year or (latest(years) if years else 0)
    if year not in years:
        return [indicator.title, "no figure", ""]
    return [indicator.title, written(years[year], indicator.unit), str(year)]


def _chart(
    economies: Sequence[Economy], indicator: Indicator, observations: Observations, span: int | None = None
) -> Chart:
    """Return a chart of the last `span` years, or all, up to the newest figure. Every economy must have a figure."""
    by_economy = {economy.name: observations.of(economy, indicator) for economy in economies}
    last = max(latest(years) for years in by_economy.values())
    first = min(min(years) for years in by_economy.values())
    if span is not None:
        first = max(first, last - span + 1)
    charted = (value for years in by_economy.values() for year, value in years.items() if first <= year <= last)
    divisor, unit = scaled(indicator.unit, charted)
    series = [Series(name, gapless(years, divisor, first, last)) for name, years in by_economy.items()]
    return Chart(indicator.title, unit, "bar" if first == last else "line", "year", series)


def _source(observations: Observations, note: str | None, page: str) -> Source:
    name = bundled.NAME if note else world_bank.NAME
    return Source(name, page, observations.updated, observations.retrieved)


def _indicator_page(indicator: Indicator, economies: Sequence[Economy]) -> str:
    places = "-".join(economy.code2 for economy in economies)
    return f"https://data.worldbank.org/indicator/{indicator.code}?locations={places}"


def _summary(
    title: str,
    entries: Sequence[tuple[Indicator, Economy]],
    observations: Observations,
    note: str | None,
    requested_year: int | None,
) -> str:
    """Return the summary: "China: GDP 18.73 trillion US$ (2024), growth 5.0 % (2024) — World Bank"."""
    several = len({economy.code for _, economy in entries}) > 1 or title != entries[0][1].name
    parts = []
    for indicator, economy in entries:
        _, value, year = _row(economy, indicator, observations, requested_year)
        name = economy.name if several else indicator.short
        parts.append(f"{name} {value} ({year})" if year else f"{name}: {value}")
    origin = f"bundled World Bank figures of {bundled.AS_OF}, the source being out of reach" if note else "World Bank"
    return f"{title}: {', '.join(parts)} — {origin}"


def _content(
    economy: Economy | None, table: Table, charts: Sequence[Chart], note: str | None, source: Source
) -> dict[str, Any]:
    """Return the content for the model: the table's rows, the charts' series and the source."""
    return {
        "economy": economy.name if economy else None,
        "note": note,
        "figures": [dict(zip(("name", "value", "year"), row, strict=True)) for row in table.rows],
        "history": [
            {"title": chart.title, "unit": chart.unit, "series": {s.name: _by_year(s) for s in chart.series}}
            for chart in charts
        ],
        "source": {"name": source.name, "updated": source.updated, "retrieved": source.retrieved},
    }


def _by_year(series: Series) -> dict[str, object]:
    return {str(year): value for year, value in series.points}
