from __future__ import annotations

from datetime import date

import pytest

from chat.llm.demo.german import in_english
from chat.llm.demo.requests import MAX_CALLS, MAX_COUNTRIES, interpret

TODAY = date(2026, 11, 23)


def calls_for(*questions: str) -> list[tuple]:
    """Return the calls that answer the last question, as tuples."""
    interpretation = interpret(questions, TODAY)
    return (
        [(name, *arguments.values()) for name, arguments in interpretation.request.calls()]
        if interpretation.request
        else []
    )


def market(*countries: str) -> list[tuple]:
    return [("market_data", country) for country in countries]


def compared(countries: list[str], indicator: str, years: int = 10) -> list[tuple]:
    return [("compare_markets", countries, indicator, years)]


def rate(base: str, quote: str, days: int = 90) -> list[tuple]:
    return [("exchange_rate", base, quote, days)]


@pytest.mark.parametrize(
    ("question", "calls"),
    [
        # the suggestions of the empty page
        ("Show me China market data", market("China")),
        ("Compare GDP growth of India, China and Brazil", compared(["India", "China", "Brazil"], "gdp_growth")),
        ("How has the euro moved against the dollar this year?", rate("euro", "US dollar", 326)),
        # one economy, or several at once
        ("Show me India market data", market("India")),
        ("market data for the UK", market("UK")),
        ("how is Germany's economy doing", market("Germany")),
        ("How is the German economy?", market("Germany")),
        ("tell me about Japan", market("Japan")),
        ("is the US economy in trouble?", market("USA")),
        ("show us the us economy", market("USA")),
        ("U.S. market data", market("USA")),
        ("china", market("China")),
        ("Show me France", market("France")),
        ("China and India market data", market("China", "India")),
        ("Show me market data for South Korea and Japan", market("South Korea", "Japan")),
        ("Hello, show me China market data please", market("China")),
        ("MARKET DATA FOR TÜRKIYE!!!", market("Turkey")),
        # names it does not know are the tools' business
        ("Show me Wakanda market data", market("Wakanda")),
        ("market data for Bosnia and Herzegovina", market("Bosnia and Herzegovina")),
        ("compare GDP of India, Wakanda and Brazil", compared(["India", "Wakanda", "Brazil"], "gdp")),
        ("compare GDP of India and Wakanda", compared(["India", "Wakanda"], "gdp")),
        ("compare GDP of Wakanda and India", compared(["Wakanda", "India"], "gdp")),
        # figures over the years
        ("compare inflation in US and euro area over 20 years", compared(["USA", "euro area"], "inflation", 20)),
        ("us vs eu growth", compared(["USA", "European Union"], "gdp_growth")),
        ("China vs India", compared(["China", "India"], "gdp_growth")),
        ("GDP per capita in Switzerland", compared(["Switzerland"], "gdp_per_capita")),
        ("GDP of the world since 1990", compared(["world"], "gdp", 36)),
        ("what is the unemployment rate in Spain?", compared(["Spain"], "unemployment")),
        ("how many people live in Nigeria", compared(["Nigeria"], "population")),
        ("exports of South Korea in the past decade", compared(["South Korea"], "exports", 10)),
        ("stock market of India, last five years", compared(["India"], "market_cap", 5)),
        ("is inflation in the UK higher than in France?", compared(["UK", "France"], "inflation")),
        (
            "Inflation and unemployment in France and Italy",
            compared(["France", "Italy"], "inflation") + compared(["France", "Italy"], "unemployment"),
        ),
        # currencies
        ("EUR/USD", rate("euro", "US dollar")),
        ("EURUSD", rate("euro", "US dollar")),
        ("usd to inr", rate("US dollar", "Indian rupee")),
        ("yen vs dollar last 30 days", rate("Japanese yen", "US dollar", 30)),
        ("US dollar against the Swiss franc since January", rate("US dollar", "Swiss franc", 326)),
        ("€ to £ over the last two weeks", rate("euro", "British pound", 14)),
        ("How many yen for a dollar?", rate("US dollar", "Japanese yen")),
        ("How much is a pound in euros?", rate("British pound", "euro")),
        ("how is the yen doing", rate("Japanese yen", "US dollar")),
        ("What's the dollar worth today?", rate("US dollar", "euro")),
        ("won to yen", rate("Korean won", "Japanese yen")),
        ("USD/TRY this month", rate("US dollar", "Turkish lira", 22)),
        ("the pound against the euro in the past 30 years", rate("British pound", "euro", 3650)),
        ("bitcoin price", rate("bitcoin", "US dollar")),
    ],
)
def test_a_question_by_itself(question, calls):
    assert calls_for(question) == calls


@pytest.mark.parametrize(
    ("questions", "calls"),
    [
        (["Show me China market data", "and India?"], market("India")),
        (["Show me China market data", "what about Japan?"], market("Japan")),
        (["Show me China market data", "and Wakanda?"], market("Wakanda")),
        (["Show me China market data", "compare with Japan"], compared(["China", "Japan"], "gdp_growth")),
        (["Show me China market data", "and inflation?"], compared(["China"], "inflation")),
        (["Show me China market data", "thanks", "and India?"], market("India")),
        (["Show me China market data", "EUR/USD", "and for Japan?"], market("Japan")),
        (["Compare GDP of India and China", "and Japan?"], compared(["India", "China", "Japan"], "gdp")),
        (["Compare GDP of India and China", "what about Japan?"], compared(["Japan"], "gdp")),
        (["Compare GDP of India and China", "what about inflation?"], compared(["India", "China"], "inflation")),
        (["Compare GDP of India and China", "over 20 years"], compared(["India", "China"], "gdp", 20)),
        (
            ["Compare GDP of India and China", "over 20 years", "and Japan"],
            compared(["India", "China", "Japan"], "gdp", 20),
        ),
        (["usd to inr", "and the yen?"], rate("Japanese yen", "Indian rupee")),
        (["usd to inr", "against the euro"], rate("US dollar", "euro")),
        (["usd to inr", "last 30 days"], rate("US dollar", "Indian rupee", 30)),
        (["usd to inr", "what about the rupee?"], rate("Indian rupee", "US dollar")),
        (["usd to inr", "and the pound against the yen?"], rate("British pound", "Japanese yen")),
        (["usd to inr", "Show me China market data"], market("China")),
        (["what is the meaning of life?", "and India?"], market("India")),
    ],
)
def test_a_question_that_continues_another(questions, calls):
    assert calls_for(*questions) == calls


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("What can you do?", "help"),
        ("help", "help"),
        ("Who are you?", "help"),
        ("How do I connect a real model?", "help"),
        ("which countries do you know", "help"),
        ("hello", "greeting"),
        ("Good morning!", "greeting"),
        ("thanks", "thanks"),
        ("ok, thank you very much", "thanks"),
        ("Write me a poem about France", "unknown"),
        ("Who is the president of France?", "unknown"),
        ("who won the match between France and Italy", "unknown"),
        ("tell us a joke", "unknown"),
        ("what is gdp", "unknown"),
        ("I will try to be real about it", "unknown"),
        ("", "unknown"),
        ("???", "unknown"),
    ],
)
def test_a_question_for_no_figures(question, topic):
    interpretation = interpret([question], TODAY)
    assert (interpretation.topic, interpretation.request) == (topic, None)


def test_without_any_question():
    assert interpret([], TODAY).topic == "unknown"


def test_a_month_that_is_still_to_come_was_last_year():
    assert calls_for("EUR/USD since December") == rate("euro", "US dollar", 357)


def test_no_more_is_asked_for_than_the_tools_take():
    many = "China, India, Japan, Germany, France, Italy, Spain, Canada, Mexico and Brazil"
    assert len(calls_for(f"market data for {many}")) == MAX_CALLS
    ((_, countries, _, _),) = calls_for(f"compare inflation in {many}")
    assert len(countries) == MAX_COUNTRIES


def test_a_huge_question_is_read_in_part():
    assert calls_for("Show me China market data. " + "and and, and " * 10_000) == market("China")


@pytest.mark.parametrize(
    ("question", "calls"),
    [
        ("population of India in 1850", [("compare_markets", ["India"], "population", 10, 1850)]),
        (
            "What was the population of India in the year 2015?",
            [("compare_markets", ["India"], "population", 10, 2015)],
        ),
        ("India's inflation 1995", [("compare_markets", ["India"], "inflation", 10, 1995)]),
        *(
            (f"population of India {when}", [("compare_markets", ["India"], "population", 10, year)])
            for when, year in (
                ("in the year 850", 850),
                ("in 44 BC", -44),
                ("in AD 79", 79),
                ("in 1066 AD", 1066),
                ("in '85", 1985),
                ("in the 19th century", 1800),
                ("in 12025?", 12025),
                ("between 1800 and 1850", 1800),
            )
        ),
        ("Show me China market data for 2010", [("market_data", "China", 2010)]),
        ("inflation in India since 2010", compared(["India"], "inflation", 16)),
        ("inflation in India over 20 years", compared(["India"], "inflation", 20)),
    ],
)
def test_one_year(question: str, calls: list[tuple]) -> None:
    assert calls_for(question) == calls


def test_a_year_goes_on() -> None:
    assert calls_for("population of India in 2015", "what about China?") == [
        ("compare_markets", ["China"], "population", 10, 2015)
    ]
    assert calls_for("population of India", "and in 1995?") == [("compare_markets", ["India"], "population", 10, 1995)]
    assert calls_for("population of India in 2015", "since 2010") == compared(["India"], "population", 16)


@pytest.mark.parametrize(
    "question",
    [
        "Compare GDP growth of China and India",
        "Compare inflation of China and United States over 20 years",
        "Show me India market data",
        "Compare inflation of India, China and Brazil over 20 years",
        "EUR against USD over the last year",
        "Euro against US dollar over the last year",
        "USD against EUR over the last 30 days",
        "Vergleiche das BIP-Wachstum von China und Indien",
        "Vergleiche die Inflation über 20 Jahre: China, Indien und Vereinigte Staaten",
        "Zeige mir Marktdaten: Indien",
        "EUR gegen USD im letzten Jahr",
        "USD gegen EUR in den letzten 30 Tagen",
    ],
)
def test_what_the_page_offers_after_an_answer_is_understood(question: str) -> None:
    """These are the sentences of `followUp` in strings/en.js and strings/de.js."""
    assert interpret([in_english(question)], date(2026, 1, 1)).request is not None
