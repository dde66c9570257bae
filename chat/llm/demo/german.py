"""German questions for the demo model: recognition of the language, and translation to English.

Translates words and phrases without grammar; `parsing` looks only for names and a few phrases.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Literal

Language = Literal["en", "de"]

_COUNTRIES: Mapping[str, str] = {
    "deutschlands?|deutsche[nrs]?": "Germany",
    "frankreichs?|französische[nrs]?": "France",
    "italiens?|italienische[nrs]?": "Italy",
    "spaniens?|spanische[nrs]?": "Spain",
    "österreichs?|österreichische[nrs]?": "Austria",
    "schweiz": "Switzerland",
    "niederlanden?|hollands?": "Netherlands",
    "belgiens?": "Belgium",
    "polens?|polnische[nrs]?": "Poland",
    "schwedens?": "Sweden",
    "norwegens?": "Norway",
    "dänemarks?": "Denmark",
    "finnlands?": "Finland",
    "irlands?": "Ireland",
    "islands?": "Iceland",
    "griechenlands?": "Greece",
    "tschechiens?": "Czechia",
    "ungarns?": "Hungary",
    "rumäniens?": "Romania",
    "bulgariens?": "Bulgaria",
    "kroatiens?": "Croatia",
    "serbiens?": "Serbia",
    "slowakei": "Slovakia",
    "sloweniens?": "Slovenia",
    "estlands?": "Estonia",
    "lettlands?": "Latvia",
    "litauens?": "Lithuania",
    "luxemburgs?": "Luxembourg",
    "russlands?|russische[nrs]?": "Russia",
    "türkei|türkische[nrs]?": "Turkey",
    "großbritanniens?|grossbritanniens?|vereinigte[ns]? königreichs?|englands?|britische[nrs]?": "UK",
    "vereinigte[nr]? staaten(?: von amerika)?|amerikas?|amerikanische[nrs]?": "USA",
    "kanadas?": "Canada",
    "mexikos?": "Mexico",
    "brasiliens?|brasilianische[nrs]?": "Brazil",
    "argentiniens?": "Argentina",
    "kolumbiens?": "Colombia",
    "chiles": "Chile",
    "chinas|chinesische[nrs]?": "China",
    "japans|japanische[nrs]?": "Japan",
    "südkoreas?|koreanische[nrs]?": "South Korea",
    "indiens?|indische[nrs]?": "India",
    "indonesiens?": "Indonesia",
    "philippinen": "Philippines",
    "singapurs?": "Singapore",
    "australiens?": "Australia",
    "neuseelands?": "New Zealand",
    "südafrikas?": "South Africa",
    "ägyptens?": "Egypt",
    "marokkos?": "Morocco",
    "kenias?": "Kenya",
    "äthiopiens?": "Ethiopia",
    "saudi-arabiens?": "Saudi Arabia",
    "vereinigte[n]? arabische[n]? emiraten?": "UAE",
    "katars?": "Qatar",
    "iraks?": "Iraq",
    "jordaniens?": "Jordan",
    "bangladeschs?": "Bangladesh",
    "euroraums?": "euro area",
    "europäische[nr]? union": "European Union",
}

_CURRENCIES: Mapping[str, str] = {
    "us-dollars?|amerikanische[nrs]? dollars?": "US dollar",
    "britische[ns]? pfunde?s?|pfunde?s?": "British pound",
    "schweizer franken|franken": "Swiss franc",
    "chinesische[nrs]? yuan": "Chinese yuan",
    "indische[nrs]? rupien?|rupien?": "Indian rupee",
    "russische[nrs]? rubels?|rubels?": "Russian rouble",
    "türkische[nrs]? lira": "Turkish lira",
    "schwedische[nrs]? kronen?": "Swedish krona",
    "norwegische[nrs]? kronen?": "Norwegian krone",
    "dänische[nrs]? kronen?": "Danish krone",
    "tschechische[nrs]? kronen?": "Czech koruna",
    "kanadische[nrs]? dollars?": "Canadian dollar",
    "australische[nrs]? dollars?": "Australian dollar",
    "euros": "euro",
    "dollars": "dollar",
}

_FIGURES: Mapping[str, str] = {
    "(?:bip|bruttoinlandsprodukt)[- ]?wachstums?|wirtschaftswachstums?|wachstums?(?:rate[n]?)?": "GDP growth",
    "(?:bip|bruttoinlandsprodukt|einkommen) (?:pro|je) (?:kopf|einwohner)": "GDP per capita",
    "bip|bruttoinlandsprodukts?|wirtschaftsleistung": "GDP",
    "inflationsraten?|inflation|teuerung(?:srate)?|verbraucherpreise|preissteigerung": "inflation",
    "arbeitslosigkeit|arbeitslosenquoten?": "unemployment",
    "bevölkerung(?:szahl)?|einwohner(?:zahl)?": "population",
    "exporten?|ausfuhr(?:en)?": "exports",
    "importen?|einfuhr(?:en)?": "imports",
    "börsennotierten? (?:unternehmen|firmen)": "listed companies",
    "börsenwerte?|marktkapitalisierung": "market cap",
    "aktienmarkt|börse": "stock market",
}

_PHRASES: Mapping[str, str] = {
    "(?:markt|wirtschafts)daten(?: (?:zu|zur|zum|von|für|über|der|aus))?": "market data of",
    "was kannst du(?: alles)?|was können sie": "what can you do",
    "wer bist du|wer sind sie": "who are you",
    "wie funktionier(?:st du|t das)": "how does this work",
    "hilfe": "help",
    "hallo|guten (?:tag|morgen|abend)|moin|servus|grüezi|grüß gott": "hello",
    "vielen dank|dankeschön|danke": "thanks",
    "was ist mit|wie (?:sieht|steht) es (?:mit|in|um)|wie sieht's (?:mit|in)": "what about",
    "zeige?n?(?: sie)?(?: mir)?|gib mir|nenne? mir": "show me",
    "wie (?:geht es|läuft|steht)": "how is",
    "vergleich(?:e|en)?(?: sie)?|im vergleich (?:mit|zu)": "compare",
    "wie hat sich|wie haben sich": "how has",
    "entwickelt|entwicklung": "developed",
    "wie viele?": "how many",
    "wechselkurs(?:e|es)?|kurs(?:e|es)?": "exchange rate",
    "wirtschaft": "economy",
    "gegenüber|gegen": "against",
    "kostet|kosten": "costs",
    "heute|aktuell|derzeit|zurzeit": "today",
    "(?:in )?diese[nms] jahre?": "this year",
    "(?:in )?diese[nms] monate?|diesen monat": "this month",
    "diese woche": "this week",
    "(?:im |in der |das )?(?:letzte[ns]?|vergangene[ns]?) jahr": "over the last year",
    "(?:im |den )?(?:letzten|vergangenen) monat": "over the last month",
    "(?:in den |der |die |den )?(?:letzten|vergangenen)"
    "(?= \\S+ (?:tag|woche|monat|quartal|jahr|jahrzehnt))": "over the last",
    "(?:über|in|während)(?= (?:\\d+|\\w+) (?:jahre|monate|wochen|tage))": "over",
    "tagen?|tage": "days",
    "wochen?": "weeks",
    "monaten?|monate": "months",
    "quartalen?|quartale": "quarters",
    "jahren?|jahre": "years",
    "jahrzehnten?": "decades",
    "seit(?: dem jahr)?|ab": "since",
    "zwei": "two",
    "drei": "three",
    "vier": "four",
    "fünf": "five",
    "sechs": "six",
    "sieben": "seven",
    "acht": "eight",
    "neun": "nine",
    "zehn": "ten",
    "zwölf": "twelve",
    "fünfzehn": "fifteen",
    "zwanzig": "twenty",
    "dreißig": "thirty",
    "januar": "january",
    "februar": "february",
    "märz": "march",
    "mai": "may",
    "juni": "june",
    "juli": "july",
    "oktober": "october",
    "dezember": "december",
    "und": "and",
    "sowie": "and",
    "oder": "or",
    "auch": "also",
    "mit": "with",
    "zum|zur|zu": "to",
    "von|für|aus|über": "of",
    "im": "in",
    "welt": "world",
    "bitte": "please",
    "der|die|das|des|den|dem|ein|eine|einen|einem": "the",
    "ist|sind": "is",
    "hat|haben": "has",
    "wie": "how",
    "was": "what",
    "nach": "by",
}


def _rules(tables: Sequence[Mapping[str, str]]) -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(rf"(?<!\w)(?:{form})(?!\w)"), word) for table in tables for form, word in table.items()]


# Currencies first: "Schweizer Franken" is not a country.
_NAMES = _rules((_CURRENCIES, _COUNTRIES, _FIGURES))
_ALL = _NAMES + _rules((_PHRASES,))

# Words that occur in only one of the two languages.
_GERMAN = re.compile(
    r"(?<!\w)(?:und|der|die|das|des|dem|den|wie|ist|hat|haben|sich|zeige?|mir|für|zu|zum|zur|im|von|vom|seit|letzten|dieses|diesem"
    r"|diesen|vergleiche?|kannst|bist|du|sie|bitte|danke|hallo|hilfe|guten|gegenüber|jahre?n?|kurs|wirtschaft|marktdaten"
    r"|wirtschaftsdaten|entwickelt|nicht|ich|ein|eine|einen|mit|auch|oder|über|schreib|gedicht|wer|warum|welche|viele?)(?!\w)"
)
_ENGLISH = re.compile(
    r"(?<!\w)(?:the|and|of|show|me|how|is|has|have|what|about|compare|since|last|this|for|to|please|thanks|hello|hi|you"
    r"|can|do|does|years?|tell|give|with|over|against|who|are|a|an|market|data|economy|growth)(?!\w)"
)


def language_of(question: str) -> Language:
    text = question.casefold()
    german = len(_GERMAN.findall(text)) + len(re.findall(r"[äöüß]", text))
    if german == 0 and not _ENGLISH.search(text):
        # A name that is the same in both languages tells nothing.
        german = sum(
            (match := form.search(text)) is not None and match[0].rstrip("s") != word.casefold().rstrip("s")
            for form, word in _NAMES
        )
    return "de" if german > len(_ENGLISH.findall(text)) else "en"


def in_english(question: str) -> str:
    """Translate all known words of a German question to English. Other languages stay unchanged."""
    if language_of(question) != "de":
        return question
    text = question.casefold()
    for form, word in _ALL:
        text = form.sub(word, text)
    return text
