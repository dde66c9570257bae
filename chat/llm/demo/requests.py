"""The demo model's interpretation of questions.

A question with enough names (see `parsing`) becomes a `Request`. A question with too few continues the one before:
"and India?". Tools are known by name only, and get names of places and currencies as people write them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from chat.llm.demo.parsing import ParsedQuestion, each_once, parse

Topic = Literal["figures", "greeting", "thanks", "help", "unknown"]

MAX_CALLS = 6
MAX_COUNTRIES = 8
MAX_DAYS = 3650
DEFAULT_YEARS = 10
DEFAULT_DAYS = 90

# Number of earlier questions that a question may refer to.
_REMEMBERED = 10
# A question with no more words than these, names not counted, asks about its names.
_BARE_WORDS = 3


@dataclass(frozen=True, slots=True)
class Request:
    """Figures to look up: of economies, of single indicators over the years, or of one currency in another."""

    kind: Literal["market", "compare", "rate"]
    countries: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    years: int = DEFAULT_YEARS
    year: int | None = None
    base: str = ""
    quote: str = ""
    days: int = DEFAULT_DAYS

    def calls(self) -> list[tuple[str, dict[str, Any]]]:
        """Return the tool calls of this request, names and arguments, at most `MAX_CALLS`."""
        if self.kind == "rate":
            return [("exchange_rate", {"base": self.base, "quote": self.quote, "days": min(self.days, MAX_DAYS)})]
        only = {} if self.year is None else {"year": self.year}
        if self.kind == "market":
            return [("market_data", {"country": country, **only}) for country in self.countries[:MAX_CALLS]]
        countries = list(self.countries[:MAX_COUNTRIES])
        return [
            ("compare_markets", {"countries": countries, "indicator": indicator, "years": self.years, **only})
            for indicator in self.indicators[:MAX_CALLS]
        ]


@dataclass(frozen=True, slots=True)
class Interpretation:
    """An interpreted question. `request` is set if the topic is "figures"."""

    topic: Topic
    request: Request | None = None


def interpret(questions: Sequence[str], today: date) -> Interpretation:
    """Interpret the last of a conversation's questions; it may refer to those before it."""
    interpretation = Interpretation("unknown")
    previous: Request | None = None
    for question in questions[-_REMEMBERED:]:
        parsed = parse(question, today)
        request = _complete(parsed) or _continued(parsed, previous) or _bare(parsed)
        interpretation = Interpretation("figures", request) if request else Interpretation(_topic(parsed.text))
        previous = request or previous
    return interpretation


# Questions that are complete in themselves

_COMPARING = re.compile(
    r"\b(?:compar(?:e[sd]?|ing|ison)|vs\.?|versus|against|side by side|differences? between|than)(?!\w)"
)
_ABOUT_MARKETS = re.compile(
    r"""\b(?: markets? | data | econom\w+ | figures? | indicators? | statistics | stats | numbers | overview
            | profile | financ\w+ | trade | situation | doing | look\ ?up | tell\ me\ about )\b""",
    re.VERBOSE,
)
_ABOUT_RATES = re.compile(
    r"""\b(?: rates? | exchange | worth | fx | forex | convert\w* | currenc\w+ | history | chart | price | costs?
            | buys? | mov(?:e[sd]?|ing) | doing | done | trad(?:e[sd]?|ing) | strong\w* | weak\w* | fall\w* | fell
            | ris(?:e[sn]?|ing) | rose | gain\w* | lost | perform\w* | develop\w* | happened | today | now
            | to | in | per )\b""",
    re.VERBOSE,
)


def _complete(parsed: ParsedQuestion) -> Request | None:
    return _complete_rate(parsed) if parsed.currencies else _complete_market(parsed)


def _complete_rate(parsed: ParsedQuestion) -> Request | None:
    if len(parsed.currencies) > 1:
        return _rate(parsed)
    if parsed.indicators or _CONTINUING.search(parsed.text) or not _ABOUT_RATES.search(parsed.rest):
        return _complete_market(parsed)
    return _rate(parsed)


def _complete_market(parsed: ParsedQuestion) -> Request | None:
    comparing = _COMPARING.search(parsed.text)
    if parsed.countries and (parsed.indicators or (comparing and len(parsed.countries) > 1)):
        return Request(
            "compare",
            parsed.countries,
            parsed.indicators or ("gdp_growth",),
            parsed.years or DEFAULT_YEARS,
            parsed.year,
        )
    if parsed.countries and not comparing and _ABOUT_MARKETS.search(parsed.rest):
        return Request("market", parsed.countries, year=parsed.year)
    if parsed.subject and not parsed.countries and not _CONTINUING.search(parsed.text):
        return Request("market", (parsed.subject,), year=parsed.year)
    return None


def _bare(parsed: ParsedQuestion) -> Request | None:
    """Return the request of a question of few words beside names."""
    if len(parsed.rest.split()) > _BARE_WORDS:
        return None
    if parsed.currencies:
        return _rate(parsed)
    return Request("market", parsed.countries, year=parsed.year) if parsed.countries else None


# "How many yen to the dollar" asks for the price of the dollar.
_HOW_MANY = re.compile(r"\bhow (?:many|much) (?!is|are|was|does|do|has|did)")


def _rate(parsed: ParsedQuestion) -> Request:
    base, *others = parsed.currencies
    quote = others[0] if others else "euro" if base == "US dollar" else "US dollar"
    if others and _HOW_MANY.search(parsed.text):
        base, quote = quote, base
    return Request("rate", base=base, quote=quote, days=parsed.days or DEFAULT_DAYS)


# Questions that continue the one before

_CONTINUING = re.compile(
    r"""^(?:(?:ok(?:ay)?|so|great|thanks)[,\ ]+)?
        (?: and | also | plus | add | now | then | or | but | what\ about | how\ about | what\ of | same | with | in
          | for | over | since | compared? | versus | vs | against | the\ last | last )\b""",
    re.VERBOSE,
)
_ADDING = re.compile(r"\b(?:and|also|plus|add|with|too|compared?|versus|vs|against)\b")
_TOWARDS = re.compile(r"\b(?:against|to|in|into|vs|versus)\b")
_FEW_WORDS = 4


def _continued(parsed: ParsedQuestion, previous: Request | None) -> Request | None:
    if previous is None or not (_CONTINUING.search(parsed.text) or len(parsed.text.split()) <= _FEW_WORDS):
        return None
    return _continued_rate(parsed, previous) if previous.kind == "rate" else _continued_market(parsed, previous)


def _continued_rate(parsed: ParsedQuestion, previous: Request) -> Request | None:
    days = parsed.days or previous.days
    if not parsed.currencies:
        return replace(previous, days=days) if parsed.days else None
    name = parsed.currencies[0]
    if _TOWARDS.search(parsed.text) and name != previous.base:
        return replace(previous, quote=name, days=days)
    return replace(previous, base=name, quote=previous.quote if name != previous.quote else previous.base, days=days)


def _continued_market(parsed: ParsedQuestion, previous: Request) -> Request | None:
    if parsed.currencies:
        return None
    years = parsed.years or previous.years
    year = parsed.year or (None if parsed.days else previous.year)
    if parsed.indicators:
        return Request("compare", parsed.countries or previous.countries, parsed.indicators, years, year)
    countries = parsed.countries or ((parsed.subject,) if parsed.subject else ())
    if not countries:
        again = parsed.year or (parsed.years and previous.kind == "compare")
        return replace(previous, years=years, year=year) if again else None
    if previous.kind == "compare":
        countries_before = previous.countries if _ADDING.search(parsed.text) else ()
        return replace(previous, countries=each_once([*countries_before, *countries]), years=years, year=year)
    if _COMPARING.search(parsed.text):
        return Request("compare", each_once([*previous.countries, *countries]), ("gdp_growth",), years, year)
    return Request("market", countries, year=year)


# Questions that ask for no figures

_TOPICS: Mapping[Topic, re.Pattern[str]] = {
    "help": re.compile(
        r"""\bhelp\b | \bconnect\b | api\ key | real\ model | capabilit | what\ can\ i\ ask | how\ can\ i\ (?:use|ask)
          | what\ (?:else\ )?(?:can|could|do)\ you\ (?:do|know|offer) | what\ (?:are|is)\ (?:you|this)\b | who\ are\ you
          | how\ do(?:es)?\ (?:you|this|it)\ work | are\ you\ (?:a|an|the|real|chatgpt|gpt)\b
          | \b(?:which|what)\ (?:countries|currencies|figures|indicators|data)""",
        re.VERBOSE,
    ),
    "thanks": re.compile(
        r"""^(?:ok(?:ay)?[,\ ]+)?(?:many\ )?
            (?:thank|thanks|thx|cheers|great|perfect|nice|cool|good\ job|well\ done|bye|goodbye)\b""",
        re.VERBOSE,
    ),
    "greeting": re.compile(r"^(?:hi|hello|hey|hallo|hola|good (?:morning|afternoon|evening|day)|greetings|howdy)\b"),
}


def _topic(text: str) -> Topic:
    return next((topic for topic, form in _TOPICS.items() if form.search(text)), "unknown")
