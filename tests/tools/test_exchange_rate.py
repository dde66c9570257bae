from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pytest

from chat.errors import ToolFailure
from chat.tools.figures import plain
from tests.servers.market_answers import rate

from .shape import check


@pytest.fixture
def today() -> date:
    return datetime.now(UTC).date()


def test_euro_in_dollars(exchange, server):
    result = exchange.exchange_rate("euro", "dollar", 90)
    data = check(result)
    rows = {row[0]: row for row in data["tables"][0]["rows"]}
    latest = date.fromisoformat(rows["Latest"][2])
    assert rows["Latest"][1] == f"1 EUR = {plain(rate('EUR', 'USD', latest))} USD"
    assert result.summary.startswith(f"1 EUR = {plain(rate('EUR', 'USD', latest))} USD ({latest}), ")
    assert result.summary.endswith("— ECB via Frankfurter")
    assert data["title"] == "Euro to US dollar"
    assert data["note"] is None
    assert data["sources"][0]["updated"] == latest.isoformat()
    assert data["charts"][0]["series"][0]["points"][-1] == [latest.isoformat(), rate("EUR", "USD", latest)]
    assert json.loads(result.content)["figures"][0]["value"] == rows["Latest"][1]
    assert len(server.requests) == 1


def test_the_period_begins_with_the_rate_that_held_then(exchange, today):
    """A period that starts on a Sunday begins with Friday's rate."""
    sunday = today - timedelta(days=(today.weekday() + 1) % 7 + 28)
    data = check(exchange.exchange_rate("EUR", "USD", (today - sunday).days))
    rows = {row[0]: row for row in data["tables"][0]["rows"]}
    assert rows["Start of the period"][2] == str(sunday - timedelta(days=2))
    assert data["charts"][0]["series"][0]["points"][0][0] == str(sunday - timedelta(days=2))


def test_the_change_is_the_one_between_first_and_last(exchange):
    rows = {row[0]: row for row in exchange.exchange_rate("GBP", "JPY", 60).data["tables"][0]["rows"]}
    first, last = (rate("GBP", "JPY", date.fromisoformat(rows[name][2])) for name in ("Start of the period", "Latest"))
    assert rows["Change"][1] == f"{(last / first - 1) * 100:+.2f} %"
    assert rows["Change"][2] == f"{rows['Start of the period'][2]} to {rows['Latest'][2]}"


def test_the_extremes_are_found(exchange):
    data = exchange.exchange_rate("USD", "CNY", 200).data
    rows = {row[0]: row for row in data["tables"][0]["rows"]}
    points = dict(data["charts"][0]["series"][0]["points"])
    assert points[rows["Highest"][2]] == max(points.values())
    assert points[rows["Lowest"][2]] == min(points.values())


@pytest.mark.parametrize("days", [1, 3650])
def test_short_and_long_periods(exchange, days):
    data = check(exchange.exchange_rate("EUR", "INR", days))
    assert all(len(chart["series"][0]["points"]) <= 260 for chart in data["charts"])


def test_a_day_is_asked_for_once(exchange, server):
    exchange.exchange_rate("euro", "dollar", 90)
    exchange.exchange_rate("EUR", "USD", 90)
    assert len(server.requests) == 1


def test_the_same_currency_twice_is_refused(exchange, server):
    with pytest.raises(ToolFailure, match="the same currency, EUR"):
        exchange.exchange_rate("euro", "EUR", 90)
    assert server.requests == []


def test_a_pair_without_rates_is_said_to_have_none(exchange):
    # The test server has no forint, like Frankfurter for a currency that no longer exists.
    with pytest.raises(ToolFailure, match="no rate of HUF in EUR in that period"):
        exchange.exchange_rate("forint", "euro", 30)
