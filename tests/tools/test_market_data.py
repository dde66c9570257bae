from __future__ import annotations

import json
import re

import pytest

from chat.errors import ToolFailure
from chat.tools import bundled, countries
from chat.tools.cache import Cache
from chat.tools.http import JsonSource
from chat.tools.indicators import GDP, INDICATORS
from chat.tools.market_data import Markets
from chat.tools.world_bank import WorldBank
from tests.servers.market_answers import UPDATED

from .conftest import QUICK, InContext, limits_for, world_bank_at
from .shape import check

UNREACHABLE = ("stall", "500", "html", "bad_json", "huge", "redirect", "truncated", "error_form", "drip")


def test_china(markets, server):
    result = markets.market_data("China")
    data = check(result)
    assert re.fullmatch(
        r"China: GDP 19\.50 trillion US\$ \(2025\), growth -?\d\.\d % \(2025\) — World Bank", result.summary
    )
    assert data["title"] == "China"
    assert data["note"] is None
    (table,) = data["tables"]
    assert [row[0] for row in table["rows"]] == [each.title for each in INDICATORS]
    assert ["GDP (current US$)", "19.50 trillion US$", "2025"] in table["rows"]
    assert ["Population", "1.41 billion people", "2025"] in table["rows"]
    growth, gdp = data["charts"]
    assert (growth["unit"], gdp["unit"]) == ("%", "trillion US$")
    assert growth["series"][0]["points"][0][0] == gdp["series"][0]["points"][0][0] == "1990"
    assert gdp["series"][0]["points"][-1] == ["2025", 19.5]
    (source,) = data["sources"]
    assert source["url"] == "https://data.worldbank.org/country/CN"
    assert source["updated"] == UPDATED
    assert source["retrieved"]
    assert len(server.requests) == 1


def test_the_model_reads_the_same_figures(markets):
    result = markets.market_data("China")
    content = json.loads(result.content)
    rows = [dict(zip(("name", "value", "year"), row, strict=True)) for row in result.data["tables"][0]["rows"]]
    assert content["figures"] == rows
    assert content["source"]["updated"] == UPDATED
    assert "note" not in content


def test_each_figure_has_the_year_it_is_of(markets):
    years = {row[0]: row[2] for row in markets.market_data("China").data["tables"][0]["rows"]}
    assert years["GDP (current US$)"] == "2025"
    assert years["Inflation (consumer prices, annual)"] == "2024"


def test_indicators_without_a_figure_are_left_out(markets):
    data = check(markets.market_data("North Korea"))
    assert [row[0] for row in data["tables"][0]["rows"]] == ["Population"]
    assert data["charts"] == []


def test_a_group_is_shown_like_a_country(markets):
    data = check(markets.market_data("the euro area"))
    assert data["title"] == "Euro area"
    assert data["sources"][0]["url"] == "https://data.worldbank.org/?locations=XC"


def test_an_economy_without_any_figure_is_a_failure(markets, server):
    server.fail("nothing")
    with pytest.raises(ToolFailure, match="no figures for China since 1990"):
        markets.market_data("China")


def test_figures_are_asked_for_once(markets, server):
    markets.market_data("China")
    markets.market_data("PRC")
    markets.market_data("CN")
    assert len(server.requests) == 1


def test_compare(markets):
    result = markets.compare_markets(["UK", "the euro area", "Brasil"], "inflation", 5)
    data = check(result)
    assert result.summary.startswith("Inflation (consumer prices, annual): United Kingdom ")
    assert result.summary.endswith("% (2024) — World Bank")
    assert [row[0] for row in data["tables"][0]["rows"]] == ["United Kingdom", "Euro area", "Brazil"]
    (chart,) = data["charts"]
    assert [series["name"] for series in chart["series"]] == ["United Kingdom", "Euro area", "Brazil"]
    assert [x for x, _ in chart["series"][0]["points"]] == ["2020", "2021", "2022", "2023", "2024"]
    assert data["sources"][0]["url"] == "https://data.worldbank.org/indicator/FP.CPI.TOTL.ZG?locations=GB-XC-BR"


def test_compare_draws_bars_for_a_single_year(markets):
    data = check(markets.compare_markets(["China", "India"], "gdp", 1))
    assert data["charts"][0]["kind"] == "bar"
    assert data["charts"][0]["unit"] == "trillion US$"


def test_compare_shows_economies_without_a_figure(markets):
    data = check(markets.compare_markets(["South Korea", "North Korea"], "gdp", 3))
    assert data["tables"][0]["rows"][1] == ["North Korea", "no figure", ""]
    assert [series["name"] for series in data["charts"][0]["series"]] == ["South Korea"]


def test_compare_without_any_figure_is_a_failure(markets):
    with pytest.raises(ToolFailure, match=r"no figures on GDP .* for North Korea"):
        markets.compare_markets(["North Korea"], "gdp", 3)


def test_the_same_country_twice_is_compared_once(markets):
    data = check(markets.compare_markets(["UK", "Britain", "China"], "gdp", 3))
    assert len(data["tables"][0]["rows"]) == 2


def test_the_largest_comparison_stays_small(markets):
    names = ["China", "India", "UK", "US", "Germany", "Japan", "Brazil", "the euro area"]
    for each in INDICATORS:
        check(markets.compare_markets(names, each.key, 35))


@pytest.mark.parametrize("fault", UNREACHABLE)
def test_bundled_figures_stand_in_and_say_so(server, fault, http):
    server.fail(fault)
    result = InContext(Markets(world_bank_at(server, http, limits_for(fault)))).market_data("China")
    data = check(result)
    assert data["note"].startswith("The World Bank ")
    assert "bundled with this program" in data["note"]
    assert json.loads(result.content)["note"] == data["note"]
    assert f"bundled World Bank figures of {bundled.AS_OF}" in result.summary
    assert data["sources"][0]["name"] == bundled.NAME
    assert data["sources"][0]["retrieved"] is None
    assert data["sources"][0]["updated"] == bundled.AS_OF
    assert ["GDP (current US$)", "19.50 trillion US$", "2025"] in data["tables"][0]["rows"]


def test_a_comparison_falls_back_too_and_names_missing_economies(markets, server):
    server.fail("500")
    result = markets.compare_markets(["China", "Kenya"], "inflation", 10)
    data = check(result)
    assert data["note"].endswith("none are bundled for Kenya.")
    assert data["tables"][0]["rows"][1] == ["Kenya", "no figure", ""]


def test_without_bundled_figures_there_is_no_answer(markets, server):
    server.fail("500")
    with pytest.raises(ToolFailure, match=r"answered with an error \(500\)\. No such figures are bundled for Kenya"):
        markets.market_data("Kenya")
    with pytest.raises(ToolFailure, match="No such figures are bundled for Kenya, Chad"):
        markets.compare_markets(["Kenya", "Chad"])
    with pytest.raises(ToolFailure, match="No such figures are bundled for Sweden"):
        markets.compare_markets(["Sweden"], "market_cap")


def test_once_the_source_is_back_its_figures_are_shown_again(server, http):
    bank = WorldBank(JsonSource("The World Bank", server.world_bank_url, http, QUICK), Cache(60, failure_ttl_s=0))
    markets = InContext(Markets(bank))
    server.fail("500")
    assert markets.market_data("China").data["note"]
    server.mend()
    assert markets.market_data("China").data["note"] is None


def test_every_bundled_economy_can_be_shown(markets, server):
    server.fail("400")
    for code in bundled.observations().values:
        check(markets.market_data(code))


def test_the_bundled_table_is_sound():
    values = bundled.observations().values
    assert 30 <= len(values) <= 60
    known = {each.code for each in INDICATORS}
    for code, figures in values.items():
        assert code in countries.by_code()
        assert GDP.code in figures and figures.keys() <= known
        for years in figures.values():
            assert years and all(2000 <= year <= 2026 for year in years)


@pytest.mark.parametrize(
    ("code", "indicator", "year", "value"),
    [
        # As published by the World Bank; see docs/tools.md.
        ("CHN", "NY.GDP.MKTP.CD", 2025, 19.498e12),
        ("IND", "NY.GDP.MKTP.CD", 2025, 3.95607e12),
        ("USA", "NY.GDP.MKTP.KD.ZG", 2020, -2.08),
        ("CHN", "SP.POP.TOTL", 2025, 1_406_585_000),
        ("CHN", "CM.MKT.LDOM.NO", 2025, 11_149),
    ],
)
def test_bundled_figures_are_the_published_ones(code, indicator, year, value):
    assert bundled.observations().values[code][indicator][year] == pytest.approx(value, rel=1e-4)


def test_one_year_that_is_asked_for(markets):
    result = markets.market_data("China", 2010)
    rows = check(result)["tables"][0]["rows"]
    assert {row[2] for row in rows} == {"2010"}
    assert "(2010)" in result.summary
    compared = markets.compare_markets(["China", "India"], "population", 10, 2010)
    table = check(compared)["tables"][0]
    assert table["title"] == "Figures of 2010"
    assert [row[2] for row in table["rows"]] == ["2010", "2010"]
    assert "China 1." in compared.summary


def test_a_year_of_which_one_figure_is_missing(markets):
    result = markets.market_data("China", 2025)
    rows = {row[0]: row[1:] for row in check(result)["tables"][0]["rows"]}
    assert rows["Inflation (consumer prices, annual)"] == ["no figure", ""]
    assert rows["Population"][1] == "2025"


@pytest.mark.parametrize("year", [1850, 1, 0, -44, 1989, 2040, 9999, 12_025, "1850"])
def test_a_year_that_is_not_there_is_said(markets, year):
    message = rf"no figure of {year} for India: the figures here are of 1990 to 20\d\d"
    with pytest.raises(ToolFailure, match=message):
        markets.compare_markets(["India"], "population", 10, year)
    with pytest.raises(ToolFailure, match=message):
        markets.market_data("India", year)


def test_a_year_beyond_all_is_not_repeated(markets):
    for year in (10**30, -(10**30)):
        with pytest.raises(ToolFailure, match="no figure of that year for India"):
            markets.market_data("India", year)
