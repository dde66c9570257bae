"""The tools that show economies: one with its main figures, or several side by side.

Where the figures come from is the business of `world_bank.py`, and of `bundled.py` when that one fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from chat.errors import ToolFailure
from chat.messages import ToolResult
from chat.tools import bundled, countries, indicators, world_bank
from chat.tools.arguments import texts, whole_number
from chat.tools.countries import Economy
from chat.tools.figures import gapless, latest, scaled, written
from chat.tools.http import SourceUnavailable
from chat.tools.indicators import GDP, GDP_GROWTH, INDICATORS, Indicator
from chat.tools.sheet import Chart, Series, Sheet, Source, Table, as_content
from chat.tools.world_bank import Observations, WorldBank

MOST_COUNTRIES = 8
MOST_YEARS = 35

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
    """The tools over the World Bank's figures, as bound methods."""

    def __init__(self, source: WorldBank) -> None:
        self._world_bank = source

    def market_data(
        self,
        country: Annotated[str, "A country or group of countries: a name (China, UK, the euro area) or an ISO code."],
        year: _Year = None,
    ) -> ToolResult:
        """Main economic and stock market figures of one country, each with its year, and their history since 1990:
        GDP, growth, GDP per capita, inflation, unemployment, population, exports, imports, market capitalisation
        and number of listed companies. Source: World Bank.
        """
        economy = countries.find(country)
        found, note = self._observe([economy], INDICATORS)
        figures = [each for each in INDICATORS if found.of(economy, each)]
        if not figures:
            raise ToolFailure(f"The World Bank has no figures for {economy.name} since {world_bank.FIRST_YEAR}.")
        wanted = _wanted_year(year, [economy], figures, found)
        charts = [_chart([economy], each, found) for each in (GDP_GROWTH, GDP) if len(found.of(economy, each)) > 1]
        source = _source(found, note, economy.page)
        rows = [_row(economy, each, found, wanted) for each in figures]
        table = Table("Main indicators", ["Indicator", "Value", "Year"], rows)
        return ToolResult(
            content=as_content(_told(economy, table, charts, note, source)),
            summary=_summary(economy.name, [(each, economy) for each in _headline(figures)], found, note, wanted),
            data=Sheet(economy.name, note, [table], charts, [source]).as_data(),
        )

    def compare_markets(
        self,
        countries: Annotated[list[str], "One to eight countries or groups, by name or ISO code."],
        indicator: Annotated[IndicatorKey, "What to compare."] = "gdp_growth",
        years: Annotated[int, "How many years to go back, 1 to 35."] = 10,
        year: _Year = None,
    ) -> ToolResult:
        """Compare one figure of several countries over the years, such as the inflation of India and Brazil.
        Gives a yearly series for each country. Source: World Bank.
        """
        economies = _economies(countries)
        wanted = indicators.find(indicator)
        span = whole_number(years, "years", 1, MOST_YEARS)
        found, note = self._observe(economies, [wanted])
        known = [economy for economy in economies if found.of(economy, wanted)]
        if not known:
            raise ToolFailure(f"The World Bank has no figures on {wanted.title} for {_names(economies)}.")
        only = _wanted_year(year, known, [wanted], found)
        chart = _chart(known, wanted, found, span)
        source = _source(found, note, _indicator_page(wanted, economies))
        rows = [[economy.name, *_row(economy, wanted, found, only)[1:]] for economy in economies]
        table = Table(
            "Latest figures" if only is None else f"Figures of {only}", ["Economy", wanted.title, "Year"], rows
        )
        return ToolResult(
            content=as_content({"indicator": wanted.title} | _told(None, table, [chart], note, source)),
            summary=_summary(wanted.title, [(wanted, economy) for economy in known], found, note, only),
            data=Sheet(wanted.title, note, [table], [chart], [source]).as_data(),
        )

    def _observe(self, economies: Sequence[Economy], wanted: Sequence[Indicator]) -> tuple[Observations, str | None]:
        """The World Bank's figures; or, if it cannot be asked, the bundled ones and a sentence that says so."""
        try:
            return self._world_bank.observations(economies, wanted), None
        except SourceUnavailable as failure:
            kept = bundled.observations()
            missing = [economy for economy in economies if not any(kept.of(economy, each) for each in wanted)]
            if len(missing) == len(economies):
                raise ToolFailure(
                    f"{failure.message} No such figures are bundled for {_names(missing)}, so there are none to show."
                ) from None
            told = f"{failure.message[:-1]}, so these are figures bundled with this program, of {bundled.AS_OF}"
            return kept, told + (f"; none are bundled for {_names(missing)}." if missing else ".")


def _economies(names: object) -> list[Economy]:
    """Each once, in the order asked for."""
    found = [countries.find(name, "countries") for name in texts(names, "countries", MOST_COUNTRIES)]
    return list({economy.code: economy for economy in found}.values())


def _names(economies: Sequence[Economy]) -> str:
    return ", ".join(economy.name for economy in economies)


def _headline(figures: Sequence[Indicator]) -> Sequence[Indicator]:
    """What a one-line summary tells: size and growth, or what else there is."""
    return [each for each in (GDP, GDP_GROWTH) if each in figures] or figures[:2]


def _wanted_year(
    year: object, economies: Sequence[Economy], figures: Sequence[Indicator], found: Observations
) -> int | None:
    """The one year that is asked for, or None. Raises ToolFailure where there is no figure of it."""
    if year is None:
        return None
    wanted = whole_number(year, "year", 1, 9999)
    known = {each for economy in economies for figure in figures for each in found.of(economy, figure)}
    if wanted not in known:
        raise ToolFailure(
            f"There is no figure of {wanted} for {_names(economies)}: the figures here are of {min(known)} to"
            f" {max(known)}."
        )
    return wanted


def _row(economy: Economy, indicator: Indicator, found: Observations, year: int | None = None) -> list[str]:
    """Title, value and year: of `year`, or else the newest."""
    years = found.of(economy, indicator)
    year = year or (latest(years) if years else 0)
    if year not in years:
        return [indicator.title, "no figure", ""]
    return [indicator.title, written(years[year], indicator.unit), str(year)]


def _chart(economies: Sequence[Economy], indicator: Indicator, found: Observations, span: int | None = None) -> Chart:
    """The last `span` years, or all, up to the newest figure of any of `economies`, each of which has one."""
    by_economy = {economy.name: found.of(economy, indicator) for economy in economies}
    last = max(latest(years) for years in by_economy.values())
    first = min(min(years) for years in by_economy.values())
    if span is not None:
        first = max(first, last - span + 1)
    shown = (value for years in by_economy.values() for year, value in years.items() if first <= year <= last)
    divisor, unit = scaled(indicator.unit, shown)
    series = [Series(name, gapless(years, divisor, first, last)) for name, years in by_economy.items()]
    return Chart(indicator.title, unit, "bar" if first == last else "line", "year", series)


def _source(found: Observations, note: str | None, page: str) -> Source:
    name = bundled.NAME if note else world_bank.NAME
    return Source(name, page, found.updated, found.retrieved)


def _indicator_page(indicator: Indicator, economies: Sequence[Economy]) -> str:
    places = "-".join(economy.code2 for economy in economies)
    return f"https://data.worldbank.org/indicator/{indicator.code}?locations={places}"


def _summary(
    title: str,
    told: Sequence[tuple[Indicator, Economy]],
    found: Observations,
    note: str | None,
    wanted: int | None,
) -> str:
    """ "China: GDP 18.73 trillion US$ (2024), growth 5.0 % (2024) — World Bank"."""
    several = len({economy.code for _, economy in told}) > 1 or title != told[0][1].name
    parts = []
    for indicator, economy in told:
        _, value, year = _row(economy, indicator, found, wanted)
        name = economy.name if several else indicator.short
        parts.append(f"{name} {value} ({year})" if year else f"{name}: {value}")
    origin = f"bundled World Bank figures of {bundled.AS_OF}, the source being out of reach" if note else "World Bank"
    return f"{title}: {', '.join(parts)} — {origin}"


def _told(
    economy: Economy | None, table: Table, charts: Sequence[Chart], note: str | None, source: Source
) -> dict[str, Any]:
    """What the model reads: the table's rows, the charts' series, and where it all comes from."""
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
