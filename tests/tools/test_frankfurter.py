"""Parsing of Frankfurter's responses, valid and broken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from chat.tools import currencies
from chat.tools.frankfurter import Frankfurter, Rates
from chat.tools.http import JsonSource, SourceUnavailable
from tests.servers.market_data import MarketDataServer

from .conftest import QUICK, InContext

TODAY = datetime.now(UTC).date()


def ask(server: MarketDataServer, http: requests.Session) -> Rates:
    source = InContext(Frankfurter(JsonSource("Frankfurter", server.frankfurter_url, http, QUICK)))
    return source.rates(currencies.find("EUR", "base"), currencies.find("USD", "quote"), TODAY - timedelta(30), TODAY)


def with_day(day: str, rates: object) -> Callable[[Any], Any]:
    return lambda answer: answer | {"rates": answer["rates"] | {day: rates}}


@pytest.mark.parametrize("change", [{"amount": "1.0"}, {"amount": 1}, {"more": [1]}])
def test_irrelevant_changes_are_ignored(server, change, http):
    server.rewrite = lambda answer: answer | change
    assert ask(server, http).by_date


def test_a_rate_may_come_as_text(server, http):
    server.rewrite = with_day(TODAY.isoformat(), {"USD": "1.25"})
    assert ask(server, http).by_date[TODAY] == 1.25


@pytest.mark.parametrize("rate", [1e308, 1e-300, 0, -1, "1e308", "nan", True, None, [], "1,2", 10**400, 1e6, 0.01, "-"])
def test_absurd_rates_break_an_answer(server, rate, http):
    server.rewrite = with_day(TODAY.isoformat(), {"USD": rate})
    with pytest.raises(SourceUnavailable, match="documented format"):
        ask(server, http)


@pytest.mark.parametrize(
    "day",
    [
        "2026-W01",
        "2026-W01-1",
        "20260101",
        "0001-01-01",
        "9999-12-31",
        "1999-01-04",
        "2026-02-30",
        "٢٠٢٦-١١-٠١",
        "",
        "x",
    ],
)
def test_absurd_days_break_an_answer(server, day, http):
    server.rewrite = with_day(day, {"USD": 1.2})
    with pytest.raises(SourceUnavailable, match="documented format"):
        ask(server, http)


@pytest.mark.parametrize("rates", [None, [], "USD", {}, {"GBP": 1.0}])
def test_a_day_without_the_rate_breaks_an_answer(server, rates, http):
    server.rewrite = with_day(TODAY.isoformat(), rates)
    with pytest.raises(SourceUnavailable, match="documented format"):
        ask(server, http)


@pytest.mark.parametrize(
    "change", [{"amount": 100}, {"amount": "x"}, {"base": "USD"}, {"rates": {}}, {"rates": []}, {"rates": None}]
)
def test_an_answer_to_another_question_is_none(server, change, http):
    server.rewrite = lambda answer: answer | change
    with pytest.raises(SourceUnavailable, match="documented format"):
        ask(server, http)
