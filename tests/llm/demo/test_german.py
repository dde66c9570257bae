"""German questions: recognising and interpreting them."""

from __future__ import annotations

from datetime import date

import pytest

from chat.llm.demo.german import in_english, language_of
from chat.llm.demo.requests import interpret

TODAY = date(2026, 11, 23)

UNDERSTOOD = [
    (["Zeig mir Marktdaten zu China"], [("market_data", "China")]),
    (["Zeigen Sie mir Wirtschaftsdaten für die Schweiz"], [("market_data", "Switzerland")]),
    (["Wie läuft die deutsche Wirtschaft?"], [("market_data", "Germany")]),
    (["Wie geht es der Wirtschaft in Japan?"], [("market_data", "Japan")]),
    (
        ["Vergleiche das BIP-Wachstum von Indien, China und Brasilien"],
        [("compare_markets", ["India", "China", "Brazil"], "gdp_growth", 10)],
    ),
    (["Inflation in den USA über 20 Jahre"], [("compare_markets", ["USA"], "inflation", 20)]),
    (
        ["Arbeitslosigkeit in Spanien und Griechenland in den letzten fünf Jahren"],
        [("compare_markets", ["Spain", "Greece"], "unemployment", 5)],
    ),
    (["BIP pro Kopf in Österreich"], [("compare_markets", ["Austria"], "gdp_per_capita", 10)]),
    (["Wie hat sich der Euro dieses Jahr zum Dollar entwickelt?"], [("exchange_rate", "euro", "US dollar", 326)]),
    (["Euro in Schweizer Franken"], [("exchange_rate", "euro", "Swiss franc", 90)]),
    (["Wie viele Yen kostet ein Dollar?"], [("exchange_rate", "US dollar", "Japanese yen", 90)]),
    (["Dollar in Rupien, letzte 30 Tage"], [("exchange_rate", "US dollar", "Indian rupee", 30)]),
    (["Zeig mir Marktdaten zu China", "und Indien?"], [("market_data", "India")]),
    (["Zeig mir Marktdaten zu China", "Was ist mit der Inflation?"], [("compare_markets", ["China"], "inflation", 10)]),
]


@pytest.mark.parametrize(("questions", "calls"), UNDERSTOOD)
def test_a_german_question_is_understood(questions: list[str], calls: list[tuple[object, ...]]) -> None:
    request = interpret([in_english(question) for question in questions], TODAY).request
    assert request
    assert [(name, *arguments.values()) for name, arguments in request.calls()] == calls


@pytest.mark.parametrize(
    ("question", "topic"),
    [("Was kannst du?", "help"), ("Hallo", "greeting"), ("Danke!", "thanks"), ("Schreib mir ein Gedicht", "unknown")],
)
def test_talk_is_understood(question: str, topic: str) -> None:
    assert language_of(question) == "de"
    assert interpret([in_english(question)], TODAY).topic == topic


@pytest.mark.parametrize(
    "question",
    [
        "Show me China market data",
        "What was the inflation in Turkey?",
        "EUR/USD",
        "GDP Japan",
        "Inflation in Japan 1990",
        "Compare Germany and France",
        "hello",
        "Taux de change",
        "",
    ],
)
def test_what_is_not_german_stays_as_it_is(question: str) -> None:
    assert language_of(question) == "en"
    assert in_english(question) == question


@pytest.mark.parametrize("question", ["Indien?", "und Frankreich?", "Inflation Türkei", "Wechselkurs Franken"])
def test_a_few_words_are_enough(question: str) -> None:
    assert language_of(question) == "de"
