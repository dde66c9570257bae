"""What a question asks for, as far as the demo model can tell.

A question that names enough (see `demo_reading`) becomes a `Request`; one that names too little is read
as a continuation of the one before: "and India?". The tools are known here by name only, and are given
names of places and currencies as people say them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from chat.llm.demo_parsing import TextPart, each_once, read

Topic = Literal["figures", "greeting", "thanks", "help", "unknown"]

MAX_CALLS = 6
MAX_COUNTRIES = 8
MAX_DAYS = 3650
DEFAULT_YEARS = 10
DEFAULT_DAYS = 90

# How far back a conversation is read for what a question may refer to.
_REMEMBERED = 10
# A question of so few words, but for the names in it, is about those names.
_BARE_WORDS = 3


@dataclass(frozen=True, slots=True)
class Request:
    """Figures to look up: of economies, of single figures over the years, or of one currency in another."""

    kind: Literal["market", "compare", "rate"]
    countries: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    years: int = DEFAULT_YEARS
    year: int | None = None
    base: str = ""
    quote: str = ""
    days: int = DEFAULT_DAYS

    def calls(self) -> list[tuple[str, dict[str, Any]]]:
        """The tool calls that answer it: names and arguments, at most `MAX_CALLS`."""
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
class Understanding:
    """`request` is there if the topic is "figures"."""

    topic: Topic
    request: Request | None = None


def understand(questions: Sequence[str], today: date) -> Understanding:
    """What the last of a conversation's questions asks for; it may refer to those before it."""
    understood = Understanding("unknown")
    previous: Request | None = None
    for question in questions[-_REMEMBERED:]:
        said = read(question, today)
        request = _complete(said) or _continued(said, previous) or _bare(said)
        understood = Understanding("figures", request) if request else Understanding(_topic(said.text))
        previous = request or previous
    return understood


# Questions that need no other to be understood

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


def _complete(said: TextPart) -> Request | None:
    return _complete_rate(said) if said.currencies else _complete_market(said)


def _complete_rate(said: TextPart) -> Request | None:
    if len(said.currencies) > 1:
        return _rate(said)
    if said.indicators or _CONTINUING.search(said.text) or not _ABOUT_RATES.search(said.rest):
        return _complete_market(said)
    return _rate(said)


def _complete_market(said: TextPart) -> Request | None:
    comparing = _COMPARING.search(said.text)
    if said.countries and (said.indicators or (comparing and len(said.countries) > 1)):
        return Request(
            "compare", said.countries, said.indicators or ("gdp_growth",), said.years or DEFAULT_YEARS, said.year
        )
    if said.countries and not comparing and _ABOUT_MARKETS.search(said.rest):
        return Request("market", said.countries, year=said.year)
    if said.subject and not said.countries and not _CONTINUING.search(said.text):
        return Request("market", (said.subject,), year=said.year)
    return None


def _bare(said: TextPart) -> Request | None:
    """The request of a few words that are hardly more than a name."""
    if len(said.rest.split()) > _BARE_WORDS:
        return None
    if said.currencies:
        return _rate(said)
    return Request("market", said.countries, year=said.year) if said.countries else None


# "How many yen to the dollar" prices the dollar.
_HOW_MANY = re.compile(r"\bhow (?:many|much) (?!is|are|was|does|do|has|did)")


def _rate(said: TextPart) -> Request:
    base, *others = said.currencies
    quote = others[0] if others else "euro" if base == "US dollar" else "US dollar"
    if others and _HOW_MANY.search(said.text):
        base, quote = quote, base
    return Request("rate", base=base, quote=quote, days=said.days or DEFAULT_DAYS)


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


def _continued(said: TextPart, previous: Request | None) -> Request | None:
    if previous is None or not (_CONTINUING.search(said.text) or len(said.text.split()) <= _FEW_WORDS):
        return None
    return _continued_rate(said, previous) if previous.kind == "rate" else _continued_market(said, previous)


def _continued_rate(said: TextPart, previous: Request) -> Request | None:
    days = said.days or previous.days
    if not said.currencies:
        return replace(previous, days=days) if said.days else None
    name = said.currencies[0]
    if _TOWARDS.search(said.text) and name != previous.base:
        return replace(previous, quote=name, days=days)
    return replace(previous, base=name, quote=previous.quote if name != previous.quote else previous.base, days=days)


def _continued_market(said: TextPart, previous: Request) -> Request | None:
    if said.currencies:
        return None
    years = said.years or previous.years
    year = said.year or (None if said.days else previous.year)
    if said.indicators:
        return Request("compare", said.countries or previous.countries, said.indicators, years, year)
    countries = said.countries or ((said.subject,) if said.subject else ())
    if not countries:
        again = said.year or (said.years and previous.kind == "compare")
        return replace(previous, years=years, year=year) if again else None
    if previous.kind == "compare":
        kept = previous.countries if _ADDING.search(said.text) else ()
        return replace(previous, countries=each_once([*kept, *countries]), years=years, year=year)
    if _COMPARING.search(said.text):
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
