from __future__ import annotations

import pytest

from chat.errors import ToolFailure
from chat.llm.demo import words
from chat.tools import currencies


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("EUR", "EUR"),
        ("eur", "EUR"),
        ("euro", "EUR"),
        ("Euros", "EUR"),
        ("€", "EUR"),
        ("dollar", "USD"),
        ("US dollars", "USD"),
        ("U.S. dollar", "USD"),
        ("$", "USD"),
        ("US$", "USD"),
        ("yuan", "CNY"),
        ("renminbi", "CNY"),
        ("RMB", "CNY"),
        ("rupee", "INR"),
        ("Indian rupees", "INR"),
        ("rupiah", "IDR"),
        ("the yen", "JPY"),
        ("pound", "GBP"),
        ("pounds", "GBP"),
        ("British pound", "GBP"),
        ("Swiss franc", "CHF"),
        ("real", "BRL"),
        ("reais", "BRL"),
        ("R$", "BRL"),
        ("A$", "AUD"),
        ("złoty", "PLN"),
        ("zloty", "PLN"),
        ("won", "KRW"),
        ("lira", "TRY"),
    ],
)
def test_names_as_people_say_them(name, code):
    assert currencies.find(name, "base").code == code


def test_every_name_in_the_table_leads_to_its_own_currency():
    for code, names in currencies._TABLE.items():
        for name in (code, *names):
            assert currencies.find(name, "base").code == code, name


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("peso", "MXN.*PHP"),
        ("krone", "DKK.*NOK"),
        ("rouble", "since March 2022"),
        ("bitcoin", "crypto"),
        ("VND", "no reference rate"),
        ("dollr", "USD"),
    ],
)
def test_unknown_currencies_are_explained(name, message):
    with pytest.raises(ToolFailure, match=message):
        currencies.find(name, "base")


@pytest.mark.parametrize("names", currencies._REPLACED, ids=lambda names: names[0])
def test_a_currency_that_the_euro_replaced_is_named_as_such(names):
    country, year = currencies._REPLACED[names]
    for name in (*names, f"{names[1]}s", names[1].upper(), f"the {names[1]}"):
        with pytest.raises(ToolFailure, match=f"{country} has used the euro since January {year}"):
            currencies.find(name, "base")


@pytest.mark.parametrize("names", [*currencies._RENEWED, *currencies._GONE], ids=lambda names: names[0])
def test_a_currency_that_is_gone_is_named_as_such(names):
    for name in (*names, names[0].lower(), f"{names[1]}s"):
        with pytest.raises(ToolFailure, match=r"is no longer in use|replaced the"):
            currencies.find(name, "quote")


@pytest.mark.parametrize("name", ["ECU", "xeu", "European currency units"])
def test_the_euros_forerunner_is_named_as_such(name):
    with pytest.raises(ToolFailure, match="one for one"):
        currencies.find(name, "base")


def test_every_currency_that_the_demo_model_names_is_found_or_explained():
    for name in words.CURRENCIES:
        try:
            currencies.find(name, "base")
        except ToolFailure as failure:
            assert "publishes no reference rate for “" not in failure.message, name
