"""Parser of questions: countries, currencies, indicators and period. `requests` interprets the result.

Works on the question in lower case. Each step removes the names that it recognizes, so that "Swiss franc" does not also
count as Switzerland.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from chat.llm.demo import words

LONGEST_QUESTION = 600


@dataclass(frozen=True, slots=True)
class ParsedQuestion:
    """Names in a question, each once, in their order.

    `text` is the normalized question, `rest` the part without names. `year` is the single year of "in 1995"; `days` is
    the length of any other period back from today. `subject` is the text in a country's position, known or not.
    """

    text: str
    rest: str
    countries: tuple[str, ...]
    currencies: tuple[str, ...]
    indicators: tuple[str, ...]
    days: int | None
    year: int | None
    subject: str

    @property
    def years(self) -> int | None:
        return None if self.days is None else max(1, int(self.days / 365.25))


def parse(question: str, today: date) -> ParsedQuestion:
    text = _plain(question[:LONGEST_QUESTION])
    days, rest = _period(text, today)
    year, rest = _year(rest)
    indicators, rest = _indicators(rest)
    currencies, rest = _currencies(rest)
    countries, rest = _countries(rest)
    return ParsedQuestion(text, rest, countries, currencies, indicators, days, year, _subject(text))


def each_once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _plain(question: str) -> str:
    """Return the question in lower case without accents.

    Names that need their capitals (US, TRY) are replaced first.
    """
    question = re.sub(r"\bU\.S\.(?:A\.)?|\bUS\b(?!\s*(?:dollar|\$))", "USA", question)
    question = re.sub(r"\bU\.K\.", "UK", question)
    question = re.sub(r"\bTRY\b|₺", "Turkish lira", question)
    letters = unicodedata.normalize("NFKD", question.replace("’", "'"))
    text = "".join(letter for letter in letters if not unicodedata.combining(letter)).casefold()
    text = _JOINED_CODES.sub(_split_codes, text)
    return " ".join(_AS_COUNTRY.sub("usa", text).split())


_JOINED_CODES = re.compile(r"(?<![a-z])([a-z]{3})([a-z]{3})(?![a-z])")
# "us" is a country, except as an object: "show us".
_AS_COUNTRY = re.compile(r"(?<!tell )(?<!show )(?<!give )(?<!help )(?<!let )\bus\b(?!\s*(?:dollar|\$))")


def _split_codes(match: re.Match[str]) -> str:
    known = match[1] in words.CODES and match[2] in words.CODES
    return f"{match[1]} {match[2]}" if known else match[0]


# Periods

_LENGTHS: Mapping[str, float] = {"day": 1, "week": 7, "month": 30.5, "quarter": 91.5, "year": 365.25, "decade": 3652.5}
_LENGTH = rf"(?P<length>{'|'.join(_LENGTHS)})s?\b"
_OVER = r"(?:(?:over|in|during|for|within|of|since) )?(?:the )?"
_LATELY = r"(?:last|past|previous) "
_AMOUNT = rf"(?P<amount>\d{{1,4}}|{'|'.join(words.NUMBERS)})"
_COUNTS = (re.compile(rf"{_OVER}(?:{_LATELY})?{_AMOUNT}[ -]{_LENGTH}"), re.compile(rf"{_OVER}{_LATELY}{_LENGTH}"))
_THIS = re.compile(
    r"(?:(?:so far|during|in) )?(?:this (?P<length>week|month|quarter|year)|year to date|\bytd\b)(?: so far)?"
)
_SINCE = re.compile(rf"(?:since|from) (?:(?P<month>{'|'.join(words.MONTHS)})\b ?)?(?P<year>(?:19|20)\d\d\b)?")


def _period(text: str, today: date) -> tuple[int | None, str]:
    """Return the number of days back that a question asks for, and the question without the period."""
    for form in _COUNTS:
        if match := form.search(text):
            return _days_of_count(match), _without(text, match)
    if match := _THIS.search(text):
        return _days_of_this(match["length"] or "year", today), _without(text, match)
    match = _SINCE.search(text)
    if match and (match["month"] or match["year"]):
        return max(1, (today - _beginning(match["year"], match["month"], today)).days), _without(text, match)
    return None, text


# A single year: "in 1850", "for the year 2015", or the question's last word.
_YEAR = re.compile(
    r"\b(?:(?:in|for|of|during|at) (?:the )?(?:year )?|year )?(?P<year>1[0-9]\d\d|20\d\d)\b(?=\W*$|[ ,])"
)


_IN = r"\b(?:(?:in|for|of|during|at) )?(?:the )?"
# Years in other forms, of which there can be no figures: each pattern has one of the groups of `_year_of`.
_ODD_YEARS = (
    re.compile(rf"{_IN}(?:year )?(?P<before>\d{{1,4}}) ?(?:bce?\b|b\.c\.)"),
    re.compile(rf"{_IN}(?:year )?(?:ad (?P<ad>\d{{1,4}})\b|(?P<after>\d{{1,4}}) ?(?:ad\b|a\.d\.|ce\b))"),
    re.compile(rf"{_IN}year (?P<year>\d{{1,6}})\b"),
    re.compile(rf"{_IN}(?P<century>[1-9]|1[0-9])(?:st|nd|rd|th) century\b"),
    re.compile(r"\bin (?P<bare>\d{3}|\d{5,6})\b(?=\W*$)"),
    re.compile(r"(?:\bin )?(?<!\w)'(?P<short>\d\d)\b(?=\W*$)"),
)


def _year(text: str) -> tuple[int | None, str]:
    """Return the single year of a question, and the question without it. A year before Christ is negative."""
    for form in (*_ODD_YEARS, _YEAR):
        if match := form.search(text):
            return _year_of(match), _without(text, match)
    return None, text


def _year_of(match: re.Match[str]) -> int:
    (group, digits), *_ = ((name, value) for name, value in match.groupdict().items() if value)
    number = int(digits)
    return {"before": -number, "century": 100 * (number - 1), "short": 1900 + number}.get(group, number)


def _days_of_count(match: re.Match[str]) -> int:
    amount = match.groupdict().get("amount") or "1"
    number = int(amount) if amount.isdecimal() else words.NUMBERS[amount]
    return max(1, math.ceil(number * _LENGTHS[match["length"]]))


def _days_of_this(length: str, today: date) -> int:
    if length == "week":
        return today.weekday() + 1
    first_month = {"month": today.month, "quarter": today.month - (today.month - 1) % 3, "year": 1}[length]
    return max(1, (today - date(today.year, first_month, 1)).days)


def _beginning(year: str | None, month: str | None, today: date) -> date:
    first = date(int(year or today.year), words.MONTHS.index(month) + 1 if month else 1, 1)
    return first if year or first <= today else first.replace(year=today.year - 1)


# Indicators and currencies


def _indicators(text: str) -> tuple[tuple[str, ...], str]:
    matches: list[tuple[int, str]] = []
    for key, form in words.INDICATORS:
        if match := re.search(rf"\b(?:{form})(?![a-z])", text):
            matches.append((match.start(), key))
            text = _blanked(text, match)
    return tuple(key for _, key in sorted(matches)), text


_CURRENCY_ALIASES = words.by_alias(words.CURRENCIES)
_CURRENCY = words.pattern(_CURRENCY_ALIASES)
_AMBIGUOUS = words.pattern(words.AMBIGUOUS_CURRENCIES)
_NOT_CURRENCY = re.compile(r"\beuro ?(?:area|zone)")


def _currencies(text: str) -> tuple[tuple[str, ...], str]:
    hidden = _NOT_CURRENCY.sub(lambda match: "_" * len(match[0]), text)
    matches = [(match, _CURRENCY_ALIASES[match[0]]) for match in _CURRENCY.finditer(hidden)]
    if len({name for _, name in matches}) == 1:
        matches += [(match, words.AMBIGUOUS_CURRENCIES[match[0]]) for match in _AMBIGUOUS.finditer(hidden)]
        matches.sort(key=lambda each: each[0].start())
    for match, _ in matches:
        text = _blanked(text, match)
    return each_once(name for _, name in matches), text


# Countries

_COUNTRY_ALIASES = words.by_alias(words.COUNTRIES)
_COUNTRY = words.pattern(_COUNTRY_ALIASES)
_JOINED = r"(?:,|;|/|&|\b(?:and|or|vs\.?|versus|with|to|against)\b)"
_SEPARATOR = re.compile(rf"\s*{_JOINED}\s*")
_LISTED_BEFORE = re.compile(rf".*\b(?:of|in|for|between|compare|comparing) ([a-z' -]{{3,30}}?)\s*{_JOINED}\s*$")
_LISTED_AFTER = re.compile(rf"\s*{_JOINED}\s*(?:and )?([a-z' -]{{3,30}}?)\s*(?:[.?!]|$)")


def _countries(text: str) -> tuple[tuple[str, ...], str]:
    """Return the countries, and the question without them.

    Unknown names in a list with countries are included, so that the tool reports them as unknown.
    """
    matches = list(_COUNTRY.finditer(text))
    if not matches:
        return (), text
    names: list[str] = []
    if before := _LISTED_BEFORE.match(text[: matches[0].start()]):
        names += _unknown_names(before[1])
    for match, following in zip(matches, [*matches[1:], None], strict=True):
        names.append(_COUNTRY_ALIASES[match[0]])
        if following:
            names += _unknown_names(text[match.end() : following.start()])
        elif after := _LISTED_AFTER.match(text[match.end() :]):
            names += _unknown_names(after[1])
    return each_once(names), _COUNTRY.sub(" ", text)


def _unknown_names(text: str) -> list[str]:
    """Return names between separators that could be countries."""
    parts = [part.strip(" .?!'") for part in _SEPARATOR.split(text)]
    return [_titled(part) for part in parts if len(part) > 2 and _may_be_a_name(part)]


_DATA = r"(?:market|economic|country) (?:data|figures|indicators|overview|numbers|profile)"
_SUBJECTS = (
    re.compile(rf"\b{_DATA} (?:for|of|on|about|from|in) (.+)$"),
    re.compile(rf"\b(?:show|give|get|find)(?: me)?(?: the)? (.+?)(?:'s)? {_DATA}"),
    re.compile(r"^(?:and|what about|how about|same for)(?: for| in| of| with)? (.+)$"),
)


def _subject(text: str) -> str:
    for form in _SUBJECTS:
        if match := form.search(text):
            name = re.sub(r"\bplease\b", "", match[1]).strip(" ,?!.'").removeprefix("the ")
            if 1 < len(name) <= 40 and _may_be_a_name(name):
                return _titled(name)
    return ""


_NO_NAME = re.compile(
    r"""\b(?: a|an|the|this|that|these|those|other|others|all|both|me|my|us|our|you|your|it|its|their|them
            | how|what|why|who|when|which|please|show|tell|give|is|are|has|was|in|of|on|for|over|since|last
            | markets?|data|economy|economies|figures?|chart|table|years?|s )\b""",
    re.VERBOSE,
)


def _may_be_a_name(text: str) -> bool:
    return len(text.split()) <= 4 and not _NO_NAME.search(text) and not re.search(r"\d", text)


def _titled(name: str) -> str:
    return " ".join(word if word in ("and", "of") else word[:1].upper() + word[1:] for word in name.split())


def _without(text: str, match: re.Match[str]) -> str:
    return f"{text[: match.start()]} {text[match.end() :]}"


def _blanked(text: str, match: re.Match[str]) -> str:
    """Replace a match by blanks, so that the positions after it stay the same."""
    return text[: match.start()] + " " * len(match[0]) + text[match.end() :]
