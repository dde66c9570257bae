"""The tools that ship with Parley: one file per source and per tool. To add one, see docs/tools.md."""

from pathlib import Path

from chat.net.http_client import HttpClient
from chat.tool_contract import Tool
from chat.tools.exchange_rate import ExchangeRates
from chat.tools.frankfurter import Frankfurter
from chat.tools.function_tool import FunctionTool
from chat.tools.http import JsonSource
from chat.tools.market_data import Markets
from chat.tools.session import http_session
from chat.tools.world_bank import WorldBank

__all__ = ["market_tools"]


def market_tools(
    world_bank_url: str, frankfurter_url: str, client: HttpClient, folder: Path | None = None
) -> list[Tool]:
    """Return the tools for market data of the World Bank and the ECB.

    The URLs include the API's version, as in the settings. The caller closes `client`. Fetched data is shared through
    `folder` with the other workers of the server.
    """
    session = http_session(client)
    world_bank = WorldBank(JsonSource("The World Bank", world_bank_url, session), folder=folder)
    frankfurter = Frankfurter(JsonSource("Frankfurter (ECB exchange rates)", frankfurter_url, session), folder=folder)
    markets = Markets(world_bank)
    rates = ExchangeRates(frankfurter)
    return [
        FunctionTool(markets.market_data, "Looking up {country} at the World Bank"),
        FunctionTool(markets.compare_markets, "Comparing {countries} at the World Bank"),
        FunctionTool(rates.exchange_rate, "Looking up {base} in {quote} at the ECB"),
    ]
