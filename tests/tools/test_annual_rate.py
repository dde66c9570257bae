"""The fallback of `exchange_rate` while Frankfurter is unavailable, and its bundled table."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from chat.errors import ToolFailure
from chat.tools import annual_rate, bundled, countries
from chat.tools.bundled_rates import BundledRates
from chat.tools.cache import Cache
from chat.tools.currencies import CURRENCIES
from chat.tools.exchange_rate import ExchangeRates
from chat.tools.frankfurter import Frankfurter
from chat.tools.http import JsonSource, SourceUnavailable

from .conftest import QUICK, InContext, exchange_at, limits_for
from .shape import check

EUR, USD, JPY, DKK, HKD = (CURRENCIES[code] for code in ("EUR", "USD", "JPY", "DKK", "HKD"))
RATES = BundledRates()


@pytest.fixture
def unreachable(server, http) -> ExchangeRates:
    server.fail("400")
    return exchange_at(server, http)


@pytest.mark.parametrize(
    "fault", ["500", "stall", "html", "bad_json", "nan_json", "wrong_shape", "huge", "redirect", "truncated"]
)
def test_annual_averages_stand_in_and_say_so(server, fault, http):
    server.fail(fault)
    result = exchange_at(server, http, limits_for(fault)).exchange_rate("euro", "dollar", 90)
    data = check(result)
    assert data["note"].startswith("Frankfurter ")
    for part in ("current rate could not be fetched", "annual averages bundled with this program", "not today's rate"):
        assert part in data["note"]
    assert json.loads(result.content)["note"] == data["note"]
    assert result.summary == (
        "1 EUR = 1.13 USD (average of 2025, calculated) is not today's rate, which could not be fetched"
        f" — bundled World Bank figures of {bundled.AS_OF}"
    )
    assert data["sources"] == [
        {
            "name": bundled.NAME,
            "url": "https://data.worldbank.org/indicator/PA.NUS.FCRF?locations=XC-US",
            "updated": bundled.AS_OF,
            "retrieved": None,
        }
    ]


def test_the_newest_years_are_listed_and_all_are_drawn(unreachable):
    data = check(unreachable.exchange_rate("dollar", "rupee"))
    (table,) = data["tables"]
    assert [row[-1] for row in table["rows"]] == ["2025", "2024", "2023", "2022", "2021"]
    assert table["rows"][2] == ["Annual average", "1 USD = 82.5993 INR", "2023"]
    (chart,) = data["charts"]
    assert (chart["kind"], chart["x"], chart["unit"]) == ("line", "year", "INR")
    points = chart["series"][0]["points"]
    assert [x for x, _ in points] == [str(year) for year in range(2000, 2026)]
    assert points[23] == ["2023", 82.6]


def test_the_model_reads_the_same_figures(unreachable):
    result = unreachable.exchange_rate("pound", "yen", 30)
    content = json.loads(result.content)
    assert content["figures"] == [
        dict(zip(("name", "value", "year"), row, strict=True)) for row in result.data["tables"][0]["rows"]
    ]
    assert list(content["history"].items()) == [tuple(each) for each in result.data["charts"][0]["series"][0]["points"]]
    assert content["source"] == {"name": bundled.NAME, "updated": bundled.AS_OF}


def test_dollar_rates_are_not_labelled_as_calculated(unreachable):
    result = unreachable.exchange_rate("USD", "CNY", 30)
    assert "calculated" not in result.content + result.summary


def test_a_rate_between_two_other_currencies_is_the_quotient_of_the_same_year(unreachable):
    result = unreachable.exchange_rate("EUR", "JPY", 30)
    years = RATES.averages(EUR, JPY)
    in_yen, in_euros = RATES.averages(USD, JPY), RATES.averages(USD, EUR)
    assert years.keys() == in_yen.keys() & in_euros.keys()
    for year, average in years.items():
        assert average == pytest.approx(in_yen[year] / in_euros[year], rel=5e-4)
    assert "calculated by division of the averages of JPY and of EUR per US dollar" in result.data["note"]
    assert "(average of 2025, calculated)" in result.summary


def test_a_rate_in_dollars_is_said_to_be_turned_round(unreachable):
    note = unreachable.exchange_rate("GBP", "USD", 30).data["note"]
    assert "calculated as one divided by the average of GBP per US dollar" in note


def test_every_pair_can_be_shown():
    failure = SourceUnavailable("Frankfurter could not be reached.")
    for base, quote in itertools.permutations(CURRENCIES.values(), 2):
        check(annual_rate.fallback(base, quote, failure, RATES))


def test_small_rates_are_readable(unreachable):
    value = unreachable.exchange_rate("rupiah", "dollar").data["tables"][0]["rows"][0][1]
    assert value == "1 IDR = 0.00006069 USD"


def test_arguments_are_checked_before_the_fallback(unreachable):
    with pytest.raises(ToolFailure, match="the same currency, EUR"):
        unreachable.exchange_rate("euro", "EUR")
    with pytest.raises(ToolFailure, match="`days` takes a whole number"):
        unreachable.exchange_rate("euro", "dollar", "ninety")


def test_once_the_source_is_back_its_rates_are_shown_again(server, http):
    source = JsonSource("Frankfurter", server.frankfurter_url, http, QUICK)
    exchange = InContext(ExchangeRates(Frankfurter(source, Cache(60, failure_ttl_s=0))))
    server.fail("500")
    assert exchange.exchange_rate("EUR", "USD").data["note"]
    server.mend()
    assert exchange.exchange_rate("EUR", "USD").data["note"] is None


@pytest.fixture
def with_table(server, http, tmp_path):
    """Return a function that makes the tool with another bundled table, without a source."""

    def make(*lines: str) -> InContext:
        table: Path = tmp_path / "rates.csv"
        table.write_text("\n".join(["currency,economy,first_year,values", *lines, ""]), encoding="utf-8")
        server.fail("400")
        source = JsonSource("Frankfurter", server.frankfurter_url, http, QUICK)
        return InContext(ExchangeRates(Frankfurter(source), BundledRates(table)))

    return make


@pytest.mark.parametrize("lines", [("USD,USA,2000,1 1",), ("USD,USA,2000,1 1", "EUR,EMU,2002,0.9 0.8")])
def test_without_bundled_averages_no_rate_is_shown(with_table, lines):
    exchange = with_table(*lines)
    with pytest.raises(ToolFailure, match=r"^Frankfurter .* No rate can be shown now, and none is bundled\.$"):
        exchange.exchange_rate("euro", "dollar", 90)


def test_a_year_that_one_of_them_lacks_is_a_gap_and_is_not_filled(with_table):
    result = with_table("USD,USA,2000,1 1 1 1", "EUR,EMU,2000,1.1 - 0.9 0.8").exchange_rate("dollar", "euro")
    data = check(result)
    assert data["charts"][0]["series"][0]["points"] == [["2000", 1.1], ["2001", None], ["2002", 0.9], ["2003", 0.8]]
    assert [row[-1] for row in data["tables"][0]["rows"]] == ["2003", "2002", "2000"]
    assert list(json.loads(result.content)["history"]) == ["2000", "2002", "2003"]


def test_a_single_year_is_a_bar(with_table):
    exchange = with_table("USD,USA,2000,1 1", "EUR,EMU,2001,0.9")
    assert check(exchange.exchange_rate("dollar", "euro"))["charts"][0]["kind"] == "bar"


def test_the_bundled_table_is_sound():
    table = RATES.published
    assert table.keys() == CURRENCIES.keys()
    for rates in table.values():
        assert rates.economy in countries.by_code()
        assert list(rates.per_dollar) == list(range(2000, 2026))
        assert all(rate > 0 for rate in rates.per_dollar.values())
    assert set(table["USD"].per_dollar.values()) == {1.0}


def test_pegged_currencies_keep_to_their_pegs():
    """Detect swapped lines and shifted years."""
    assert all(7.74 < rate < 7.86 for rate in RATES.averages(USD, HKD).values())
    # 7.44 to 7.47 in truth; a quotient of averages is up to half a percent off.
    assert all(7.40 < rate < 7.51 for rate in RATES.averages(EUR, DKK).values())


@pytest.mark.parametrize(
    ("code", "year", "value"),
    [
        # As published by the World Bank; see docs/tools.md.
        ("EUR", 2000, 1.08270508132602),
        ("EUR", 2024, 0.92389),
        ("JPY", 2023, 140.491),
        ("CNY", 2023, 7.084),
        ("INR", 2023, 82.5993),
        ("GBP", 2023, 0.804539),
        ("TRY", 2000, 0.625219),  # in today's lira, which replaced a million old ones in 2005
        ("RON", 2000, 2.17087),  # in today's leu, which replaced ten thousand old ones in 2005
    ],
)
def test_bundled_rates_are_the_published_ones(code, year, value):
    assert RATES.averages(USD, CURRENCIES[code])[year] == pytest.approx(value, rel=1e-5)
