"""The tools that ship with Parley. A file per source and per tool; docs/tools.md tells how to add one."""

from chat.messages import Tool
from chat.tools.exchange_rate import ExchangeRates
from chat.tools.frankfurter import Frankfurter
from chat.tools.http import JsonSource
from chat.tools.market_data import Markets
from chat.tools.world_bank import WorldBank

__all__ = ["market_tools"]


def market_tools(world_bank_url: str, frankfurter_url: str) -> list[Tool]:
    """Market data from the World Bank and the ECB. The addresses include the API's version, as in the settings."""
    markets = Markets(WorldBank(JsonSource("The World Bank", world_bank_url)))
    rates = ExchangeRates(Frankfurter(JsonSource("Frankfurter (ECB exchange rates)", frankfurter_url)))
    return [
        Tool(markets.market_data, "Looking up {country} at the World Bank"),
        Tool(markets.compare_markets, "Comparing {countries} at the World Bank"),
        Tool(rates.exchange_rate, "Looking up {base} in {quote} at the ECB"),
    ]
