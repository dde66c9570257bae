from __future__ import annotations

import typing

import pytest

from chat.errors import ToolFailure
from chat.tools import indicators
from chat.tools.figures import gapless, plain, scaled, written
from chat.tools.market_data import IndicatorKey


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (18.7297e12, "US$", "18.73 trillion US$"),
        (999_999_999_999, "US$", "1.00 trillion US$"),
        (351.2e6, "people", "351.2 million people"),
        (13_862.4, "US$", "13,862 US$"),
        (11_149, "companies", "11,149 companies"),
        (0, "companies", "0 companies"),
        (-1.5e9, "US$", "-1.50 billion US$"),
        (4.9583, "%", "5.0 %"),
        (-0.04, "%", "0.0 %"),
        (-2.08, "% of GDP", "-2.1 % of GDP"),
    ],
)
def test_values_are_written_with_their_units(value, unit, text):
    assert written(value, unit) == text


@pytest.mark.parametrize(
    ("rate", "text"), [(1.1585, "1.1585"), (178.0, "178"), (19_234.5, "19,234.5"), (0.0000531, "0.0000531")]
)
def test_rates_are_never_written_in_powers_of_ten(rate, text):
    assert plain(rate) == text


def test_gaps_in_a_series_become_none():
    assert gapless({2020: 1.23456, 2022: 3.0}, 1.0, 2019, 2022) == [
        ["2019", None],
        ["2020", 1.235],
        ["2021", None],
        ["2022", 3.0],
    ]


def test_a_chart_gets_the_scale_of_its_largest_value():
    assert scaled("US$", [2e9, 3e12]) == (1e12, "trillion US$")
    assert scaled("%", [2e9]) == (1.0, "%")
    assert scaled("US$", []) == (1.0, "US$")


def test_the_indicators_a_model_is_offered_are_those_there_are():
    assert typing.get_args(IndicatorKey) == tuple(each.key for each in indicators.INDICATORS)


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("gdp_growth", "gdp_growth"),
        ("GDP growth", "gdp_growth"),
        ("NY.GDP.MKTP.CD", "gdp"),
        ("market cap", "market_cap"),
        ("CPI", "inflation"),
    ],
)
def test_indicators_are_found_by_other_names_too(name, key):
    assert indicators.find(name).key == key


def test_an_unknown_indicator_is_answered_with_those_there_are():
    with pytest.raises(ToolFailure, match=r"Did you mean inflation.*listed_companies"):
        indicators.find("inflaton")
