from __future__ import annotations

import functools
import ssl
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from chat.cancellation import Cancellation
from chat.messages import ToolResult
from chat.net.http_client import HttpClient
from chat.tool_contract import ToolContext
from chat.tools.exchange_rate import ExchangeRates
from chat.tools.frankfurter import Frankfurter
from chat.tools.http import JsonSource, Limits
from chat.tools.market_data import Markets
from chat.tools.session import http_session
from chat.tools.world_bank import PER_PAGE, WorldBank
from tests.servers.market_data import MarketDataServer

# Production limits with short pauses between attempts; and short limits for sources that are silent or drip.
QUICK = Limits(pause_s=0.005)
IMPATIENT = Limits(pause_s=0.005, read_s=0.2, total_s=0.5)
SLOW_FAULTS = ("stall", "drip", "drip_headers")


def limits_for(fault: str) -> Limits:
    """Return limits that a loaded machine can keep, unless the test is about slowness."""
    return IMPATIENT if fault in SLOW_FAULTS else QUICK


@pytest.fixture
def server() -> Iterator[MarketDataServer]:
    with MarketDataServer() as server:
        yield server


def tool_context(**values: Any) -> ToolContext:
    """Return a context with plenty of time, or with the given parts."""
    parts = {"user_id": 7, "deadline": time.monotonic() + 60, "cancellation": Cancellation(60), "progress": ignored}
    return ToolContext(**parts | values)


def ignored(_: str) -> None:
    """Take a line of progress."""


class InContext:
    """`tools`, whose methods get a context of their own."""

    def __init__(self, tools: object) -> None:
        self._tools = tools

    def __getattr__(self, name: str) -> Callable[..., ToolResult]:
        return functools.partial(getattr(self._tools, name), context=tool_context())


@pytest.fixture
def client() -> Iterator[HttpClient]:
    client = HttpClient(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
    yield client
    client.close()


@pytest.fixture
def http(client: HttpClient) -> requests.Session:
    return http_session(client)


def world_bank_at(
    server: MarketDataServer, http: requests.Session, limits: Limits = QUICK, per_page: int = PER_PAGE
) -> WorldBank:
    return WorldBank(JsonSource("The World Bank", server.world_bank_url, http, limits), per_page=per_page)


def exchange_at(server: MarketDataServer, http: requests.Session, limits: Limits = QUICK) -> InContext:
    return InContext(ExchangeRates(Frankfurter(JsonSource("Frankfurter", server.frankfurter_url, http, limits))))


@pytest.fixture
def world_bank(server: MarketDataServer, http: requests.Session) -> InContext:
    return InContext(world_bank_at(server, http))


@pytest.fixture
def markets(server: MarketDataServer, http: requests.Session) -> InContext:
    return InContext(Markets(world_bank_at(server, http)))


@pytest.fixture
def exchange(server: MarketDataServer, http: requests.Session) -> InContext:
    return exchange_at(server, http)
