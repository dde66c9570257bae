"""The indicators that the tools offer: our names, the World Bank's codes, and units."""

from __future__ import annotations

from dataclasses import dataclass

from chat.errors import ToolFailure
from chat.tools.arguments import quoted, text
from chat.tools.names import closest, normalised


@dataclass(frozen=True, slots=True)
class Indicator:
    """One series of the World Development Indicators. `unit` follows a value: "18.73 trillion US$", "5.0 %"."""

    key: str
    code: str
    title: str
    short: str
    unit: str


GDP = Indicator("gdp", "NY.GDP.MKTP.CD", "GDP (current US$)", "GDP", "US$")
GDP_GROWTH = Indicator("gdp_growth", "NY.GDP.MKTP.KD.ZG", "GDP growth (annual, real)", "growth", "%")

# In display order.
INDICATORS = (
    GDP,
    GDP_GROWTH,
    Indicator("gdp_per_capita", "NY.GDP.PCAP.CD", "GDP per capita (current US$)", "GDP per capita", "US$"),
    Indicator("inflation", "FP.CPI.TOTL.ZG", "Inflation (consumer prices, annual)", "inflation", "%"),
    Indicator("unemployment", "SL.UEM.TOTL.ZS", "Unemployment (ILO estimate)", "unemployment", "% of labour force"),
    Indicator("population", "SP.POP.TOTL", "Population", "population", "people"),
    Indicator("exports", "NE.EXP.GNFS.ZS", "Exports of goods and services", "exports", "% of GDP"),
    Indicator("imports", "NE.IMP.GNFS.ZS", "Imports of goods and services", "imports", "% of GDP"),
    Indicator("market_cap", "CM.MKT.LCAP.CD", "Market capitalisation of listed companies", "market cap", "US$"),
    Indicator("market_cap_gdp", "CM.MKT.LCAP.GD.ZS", "Market capitalisation to GDP", "market cap", "% of GDP"),
    Indicator("listed_companies", "CM.MKT.LDOM.NO", "Listed domestic companies", "listed companies", "companies"),
)

_ALIASES = {
    "gdp": ("gross domestic product", "economy", "output", "size of the economy"),
    "gdp_growth": ("growth", "economic growth", "gdp growth rate", "real gdp growth"),
    "gdp_per_capita": ("gdp per head", "gdp per person", "income per capita", "per capita gdp"),
    "inflation": ("cpi", "consumer prices", "inflation rate", "price increases"),
    "unemployment": ("unemployment rate", "jobless rate", "jobless"),
    "population": ("people", "inhabitants"),
    "exports": ("export",),
    "imports": ("import",),
    "market_cap": ("market capitalisation", "market capitalization", "stock market", "stock market value"),
    "market_cap_gdp": ("market cap to gdp", "buffett indicator"),
    "listed_companies": ("companies", "number of listed companies", "listed firms"),
}

_BY_NAME = {
    normalised(name): indicator
    for indicator in INDICATORS
    for name in (indicator.key, indicator.code, indicator.title, *_ALIASES[indicator.key])
}


def find(name: object, argument: str = "indicator") -> Indicator:
    """Return the indicator with this name or code. Raises ToolFailure that lists the indicators."""
    name_text = text(name, argument)
    indicator = _BY_NAME.get(normalised(name_text))
    if indicator is None:
        near = closest(name_text, _BY_NAME, count=1)
        hint = f" Did you mean {_BY_NAME[near[0]].key}?" if near else ""
        keys = ", ".join(each.key for each in INDICATORS)
        raise ToolFailure(f"No indicator is known as {quoted(name_text)}.{hint} There are: {keys}.")
    return indicator
