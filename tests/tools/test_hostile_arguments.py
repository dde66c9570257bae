"""Arguments of any type and size: a tool answers or fails with a sentence, and no argument reaches an address."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chat.errors import ToolFailure
from chat.messages import ToolResult

WRONG = [None, 7, 1.5, True, [], ["China"], {"name": "China"}, b"China", "", "   ", "\x00", "x" * 10_000_000, "💥" * 80]
ADDRESSES = [
    "../../v1/latest",
    "CHN/../../../v1/latest",
    "CHN/indicator/NY.GDP.MKTP.CD?source=2#",
    "CHN;IND",
    "CHN%2F..%2F..",
    "http://169.254.169.254/latest/meta-data",
    "@evil.example",
    "//evil.example/CHN",
    "CHN\r\nHost: evil.example",
    "CHN?format=xml",
    "..",
    "all",
]


@pytest.mark.parametrize("value", WRONG)
def test_a_country_of_any_type_fails_with_a_sentence(markets, server, value):
    with pytest.raises(ToolFailure) as raised:
        markets.market_data(value)
    assert_fit_to_be_read(raised.value)
    assert server.requests == []


@pytest.mark.parametrize("value", [None, 7, "China", "China, India", {}, {"a": 1}, [], [7], [None], [["China"]], [""]])
def test_countries_of_any_type_fail_with_a_sentence(markets, server, value):
    with pytest.raises(ToolFailure) as raised:
        markets.compare_markets(value, "gdp", 5)
    assert_fit_to_be_read(raised.value)
    assert server.requests == []


def test_too_many_countries_are_refused(markets, server):
    with pytest.raises(ToolFailure, match="one to 8 entries, not 100000"):
        markets.compare_markets(["China"] * 100_000, "gdp", 5)
    assert server.requests == []


@pytest.mark.parametrize("value", [None, 7, "", "gdp; drop table", "NY.GDP.MKTP.CD;SP.POP.TOTL", ["gdp"], "x" * 10**6])
def test_an_indicator_of_any_type_fails_with_a_sentence(markets, server, value):
    with pytest.raises(ToolFailure) as raised:
        markets.compare_markets(["China"], value, 5)
    assert_fit_to_be_read(raised.value)
    assert server.requests == []


@pytest.mark.parametrize(
    "value", [None, "ten", "", "1e3", "--5", [], {}, True, 2.5, float("nan"), float("inf"), "9" * 99]
)
def test_a_number_of_any_type_fails_with_a_sentence(markets, exchange, server, value):
    with pytest.raises(ToolFailure, match="`years` takes a whole number from 1 to 35"):
        markets.compare_markets(["China"], "gdp", value)
    with pytest.raises(ToolFailure, match="`days` takes a whole number from 1 to 3650"):
        exchange.exchange_rate("EUR", "USD", value)
    assert server.requests == []


@pytest.mark.parametrize(("value", "years"), [(10**400, 35), (-5, 1), (0, 1), ("5", 5), (5.0, 5), (" 12 ", 12)])
def test_a_number_out_of_range_or_written_as_text_is_understood(markets, value, years):
    data = markets.compare_markets(["China"], "gdp", value).data
    assert len(data["charts"][0]["series"][0]["points"]) == years


@pytest.mark.parametrize("value", WRONG)
def test_a_currency_of_any_type_fails_with_a_sentence(exchange, server, value):
    for pair in ((value, "EUR"), ("EUR", value)):
        with pytest.raises(ToolFailure) as raised:
            exchange.exchange_rate(*pair, 30)
        assert_fit_to_be_read(raised.value)
    assert server.requests == []


@pytest.mark.parametrize("value", ADDRESSES)
def test_no_argument_changes_where_a_request_goes(markets, exchange, server, value):
    for call in (
        lambda: markets.market_data(value),
        lambda: markets.compare_markets([value], "gdp", 5),
        lambda: markets.compare_markets(["China"], value, 5),
        lambda: exchange.exchange_rate(value, "EUR", 5),
        lambda: exchange.exchange_rate("EUR", value, 5),
    ):
        with pytest.raises(ToolFailure):
            call()
    assert server.requests == []


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from(["China", "UK", "EUR", "dollar", "gdp", "the world", "Taiwan", "EU", "5"])


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.tuples(*[ANYTHING | NAMES | st.lists(NAMES, max_size=3)] * 3))
def test_a_tool_answers_or_fails_with_a_sentence_for_any_argument(markets, exchange, server, arguments):
    for tool, count in ((markets.market_data, 1), (markets.compare_markets, 3), (exchange.exchange_rate, 3)):
        try:
            assert isinstance(tool(*arguments[:count]), ToolResult)
        except ToolFailure as failure:
            assert_fit_to_be_read(failure)
    codes = r"[A-Z0-9]{3}(;[A-Z0-9]{3})*"
    world_bank = (
        rf"/v2/country/{codes}/indicator/[A-Z.]+(;[A-Z.]+)*\?source=2&format=json&date=1990%3A\d{{4}}&per_page=5000"
    )
    frankfurter = r"/v1/\d{4}-\d\d-\d\d\.\.\d{4}-\d\d-\d\d\?base=[A-Z]{3}&symbols=[A-Z]{3}"
    assert all(re.fullmatch(f"{world_bank}|{frankfurter}", path) for path in server.requests)


def assert_fit_to_be_read(failure: ToolFailure) -> None:
    assert 10 < len(failure.message) < 500
    assert failure.message.isprintable()
    assert failure.message.endswith((".", "?"))
