"""Vocabulary of the demo model: names of countries, currencies and indicators in everyday language.

Small on purpose: it only has to recognize names in a sentence. The tools interpret them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

# Names for the tool, with their other forms. Other forms are in lower case, without accents.
COUNTRIES: Mapping[str, Sequence[str]] = {
    "Argentina": ("argentine", "argentinian"),
    "Australia": ("australian",),
    "Austria": ("austrian",),
    "Bangladesh": ("bangladeshi",),
    "Belgium": ("belgian",),
    "Bolivia": (),
    "Brazil": ("brazilian", "brasil"),
    "Bulgaria": ("bulgarian",),
    "Canada": ("canadian",),
    "Chile": ("chilean",),
    "China": ("chinese", "prc"),
    "Colombia": ("colombian",),
    "Costa Rica": (),
    "Croatia": ("croatian",),
    "Czechia": ("czech republic", "czech"),
    "Denmark": ("danish",),
    "Ecuador": (),
    "Egypt": ("egyptian",),
    "Estonia": ("estonian",),
    "Ethiopia": ("ethiopian",),
    "Finland": ("finnish",),
    "France": ("french",),
    "Germany": ("german",),
    "Ghana": ("ghanaian",),
    "Greece": ("greek",),
    "Hong Kong": (),
    "Hungary": ("hungarian",),
    "Iceland": ("icelandic",),
    "India": ("indian",),
    "Indonesia": ("indonesian",),
    "Iran": ("iranian",),
    "Iraq": ("iraqi",),
    "Ireland": ("irish",),
    "Israel": ("israeli",),
    "Italy": ("italian",),
    "Jamaica": (),
    "Japan": ("japanese",),
    "Jordan": ("jordanian",),
    "Kazakhstan": (),
    "Kenya": ("kenyan",),
    "Kuwait": (),
    "Latvia": ("latvian",),
    "Lithuania": ("lithuanian",),
    "Luxembourg": (),
    "Malaysia": ("malaysian",),
    "Mexico": ("mexican",),
    "Morocco": ("moroccan",),
    "Netherlands": ("the netherlands", "holland", "dutch"),
    "New Zealand": (),
    "Nigeria": ("nigerian",),
    "North Macedonia": (),
    "Norway": ("norwegian",),
    "Pakistan": ("pakistani",),
    "Peru": ("peruvian",),
    "Philippines": ("the philippines", "philippine"),
    "Poland": ("polish",),
    "Portugal": ("portuguese",),
    "Qatar": (),
    "Romania": ("romanian",),
    "Russia": ("russian",),
    "Saudi Arabia": ("saudi",),
    "Serbia": ("serbian",),
    "Singapore": ("singaporean",),
    "Slovakia": ("slovak",),
    "Slovenia": ("slovenian",),
    "South Africa": ("south african",),
    "South Korea": ("south korean", "korean", "korea"),
    "Spain": ("spanish",),
    "Sri Lanka": (),
    "Sweden": ("swedish",),
    "Switzerland": ("swiss",),
    "Taiwan": ("taiwanese",),
    "Tanzania": (),
    "Thailand": ("thai",),
    "Tunisia": (),
    "Turkey": ("turkish", "turkiye"),
    "UAE": ("united arab emirates", "emirates"),
    "UK": ("united kingdom", "britain", "great britain", "british", "england"),
    "USA": ("united states", "united states of america", "america", "american"),
    "Ukraine": ("ukrainian",),
    "Uruguay": (),
    "Venezuela": ("venezuelan",),
    "Vietnam": ("vietnamese",),
    "Zimbabwe": (),
    "euro area": ("the euro area", "eurozone", "the eurozone", "euro zone"),
    "European Union": ("the european union", "eu", "the eu"),
    "OECD": (),
    "world": ("the world", "worldwide", "global"),
}

CURRENCIES: Mapping[str, Sequence[str]] = {
    "euro": ("euros", "eur", "€"),
    "US dollar": ("us dollars", "dollar", "dollars", "usd", "us$", "$", "greenback", "american dollar"),
    "Japanese yen": ("yen", "jpy", "¥"),
    "British pound": ("pound", "pounds", "sterling", "pound sterling", "british pounds", "gbp", "£"),
    "Swiss franc": ("swiss francs", "franc", "francs", "chf"),
    "Chinese yuan": ("yuan", "renminbi", "rmb", "cny"),
    "Australian dollar": ("australian dollars", "aussie dollar", "aud"),
    "Brazilian real": ("brazilian reais", "reais", "brl"),
    "Bulgarian lev": ("bgn",),
    "Croatian kuna": ("kuna", "kunas", "kune", "hrk"),
    "Deutsche Mark": ("deutschmark", "german mark", "german marks", "d-mark", "dem", "dm"),
    "East German mark": ("east german marks", "ostmark", "ddm"),
    "Reichsmark": (),
    "French franc": ("french francs", "frf"),
    "Belgian franc": ("belgian francs", "bef"),
    "Luxembourg franc": ("luxembourg francs", "luf"),
    "Italian lira": ("italian lire", "lire", "itl"),
    "Maltese lira": ("mtl",),
    "old Turkish lira": ("trl",),
    "Spanish peseta": ("peseta", "pesetas", "esp"),
    "Portuguese escudo": ("escudo", "escudos", "pte"),
    "Dutch guilder": ("guilder", "guilders", "gulden", "nlg"),
    "Greek drachma": ("drachma", "drachmas", "grd"),
    "Austrian schilling": ("schilling", "schillings", "ats"),
    "Finnish markka": ("markka", "fim"),
    "Irish pound": ("irish pounds", "punt", "iep"),
    "Cypriot pound": ("cyprus pound", "cyprus pounds", "cyp"),
    "Slovak koruna": ("slovak crown", "skk"),
    "Slovenian tolar": ("tolar", "tolars"),
    "Estonian kroon": ("kroon", "eek"),
    "Latvian lats": ("lats", "lvl"),
    "Lithuanian litas": ("litas", "ltl"),
    "European currency unit": ("ecu", "xeu"),
    "old Romanian leu": ("rol",),
    "old zloty": ("plz",),
    "Soviet rouble": ("soviet ruble", "soviet roubles", "soviet rubles"),
    "Yugoslav dinar": ("yugoslav dinars", "yum"),
    "Zimbabwe dollar": ("zimbabwe dollars", "zimbabwean dollar", "zwl", "zwd"),
    "Ecuadorian sucre": ("sucre", "sucres"),
    "Canadian dollar": ("canadian dollars", "cad"),
    "Czech koruna": ("koruna", "czk"),
    "Danish krone": ("dkk",),
    "Hong Kong dollar": ("hong kong dollars", "hkd"),
    "Hungarian forint": ("forint", "huf"),
    "Icelandic krona": ("isk",),
    "Indian rupee": ("indian rupees", "rupee", "rupees", "inr", "₹"),
    "Indonesian rupiah": ("rupiah", "idr"),
    "Israeli shekel": ("shekel", "shekels", "ils"),
    "Korean won": ("south korean won", "krw"),
    "Malaysian ringgit": ("ringgit", "myr"),
    "Mexican peso": ("mexican pesos", "mxn"),
    "New Zealand dollar": ("new zealand dollars", "kiwi dollar", "nzd"),
    "Norwegian krone": ("nok",),
    "Philippine peso": ("philippine pesos",),
    "Polish zloty": ("zloty", "pln"),
    "Romanian leu": ("romanian lei",),
    "Russian rouble": ("russian ruble", "ruble", "rubles", "rouble", "roubles"),
    "Singapore dollar": ("singapore dollars", "sgd"),
    "South African rand": ("rand", "zar"),
    "Swedish krona": ("swedish kronor", "sek"),
    "Thai baht": ("baht", "thb"),
    "Turkish lira": ("lira",),
    "bitcoin": ("btc",),
}

# Words that mean a currency only beside another one: "the won against the yen", but not "who won".
AMBIGUOUS_CURRENCIES: Mapping[str, str] = {
    "won": "Korean won",
    "real": "Brazilian real",
    "leu": "Romanian leu",
    "lei": "Romanian leu",
    "try": "Turkish lira",
    "php": "Philippine peso",
    "ron": "Romanian leu",
    "peso": "Mexican peso",
}

# fmt: off
CODES = frozenset((
    "eur", "usd", "jpy", "gbp", "chf", "cny", "aud", "brl", "cad", "czk", "dkk", "hkd", "huf", "idr", "ils",
    "inr", "isk", "krw", "mxn", "myr", "nok", "nzd", "php", "pln", "ron", "sek", "sgd", "thb", "try", "zar",
))
# fmt: on

# By the tool's key; specific before general, since each match is removed.
INDICATORS: Sequence[tuple[str, str]] = (
    ("gdp_per_capita", r"(?:gdp|income|output|wealth) per (?:capita|head|person)|per[- ]capita (?:gdp|income)"),
    (
        "market_cap_gdp",
        r"market cap(?:itali[sz]ation)?[a-z ]{0,12} (?:to|per cent of|share of|of|/) gdp|buffett indicator",
    ),
    ("gdp_growth", r"(?:real )?gdp growth(?: rates?)?|economic growth|growth rates?|growth|grow(?:n|s|ing)?|grew"),
    ("inflation", r"inflation(?: rates?)?|cpi|consumer prices?|cost of living|price (?:rises?|increases?)"),
    ("unemployment", r"unemployment(?: rates?)?|jobless(?:ness)?(?: rates?)?"),
    ("population", r"populations?|inhabitants|how many people"),
    ("exports", r"exports?"),
    ("imports", r"imports?"),
    ("listed_companies", r"listed (?:companies|firms)|number of companies"),
    ("market_cap", r"(?:stock )?market cap(?:itali[sz]ation)?s?|stock markets?(?: value)?|stock exchanges?"),
    ("gdp", r"gdp|gross domestic product|size of the econom(?:y|ies)|economic output"),
)

NUMBERS: Mapping[str, int] = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
    "twelve": 12,
    "fifteen": 15,
    "twenty": 20,
    "thirty": 30,
}

# fmt: off
MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
)
# fmt: on


def by_alias(names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return all forms in lower case, with their names."""
    return {alias.casefold(): name for name, aliases in names.items() for alias in (name, *aliases)}


def pattern(aliases: Mapping[str, str]) -> re.Pattern[str]:
    """Return a pattern for any alias as a whole word, the longest first. Signs such as € need no space around them."""
    longest_first = sorted(aliases, key=len, reverse=True)
    words = "|".join(re.escape(alias) for alias in longest_first if alias[0].isalnum())
    signs = "|".join(re.escape(alias) for alias in longest_first if not alias[0].isalnum())
    word = rf"(?<![a-z0-9])(?:{words})(?![a-z0-9])"
    return re.compile(f"{word}|{signs}" if signs else word)
