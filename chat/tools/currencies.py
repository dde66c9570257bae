"""Currencies with a reference rate of the European Central Bank, by code and by common name."""

from __future__ import annotations

from dataclasses import dataclass

from chat.errors import ToolFailure
from chat.tools.arguments import quoted, text
from chat.tools.names import closest, normalised


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency; `code` is ISO 4217."""

    code: str
    name: str


# Code: name, then aliases. A bare "dollar" or "rupee" is an alias of the most common one.
_TABLE = {
    "EUR": ("euro", "€"),
    "USD": ("US dollar", "dollar", "$", "US$", "American dollar", "United States dollar", "greenback", "buck"),
    "JPY": ("Japanese yen", "yen", "¥"),
    "GBP": ("pound sterling", "pound", "sterling", "British pound", "UK pound", "£", "quid"),
    "CHF": ("Swiss franc", "franc", "Swissie"),
    "CNY": ("Chinese yuan", "yuan", "renminbi", "RMB", "CNH", "Chinese renminbi"),
    "AUD": ("Australian dollar", "Aussie dollar", "A$", "AU$"),
    "BRL": ("Brazilian real", "real", "reais", "R$"),
    "CAD": ("Canadian dollar", "C$", "CA$", "loonie"),
    "CZK": ("Czech koruna", "koruna", "Czech crown"),
    "DKK": ("Danish krone", "Danish crown"),
    "HKD": ("Hong Kong dollar", "HK$"),
    "HUF": ("Hungarian forint", "forint"),
    "IDR": ("Indonesian rupiah", "rupiah"),
    "ILS": ("Israeli shekel", "shekel", "new shekel", "Israeli new shekel", "₪"),
    "INR": ("Indian rupee", "rupee", "₹"),
    "ISK": ("Icelandic króna", "Icelandic crown"),
    "KRW": ("South Korean won", "won", "Korean won", "₩"),
    "MXN": ("Mexican peso",),
    "MYR": ("Malaysian ringgit", "ringgit"),
    "NOK": ("Norwegian krone", "Norwegian crown"),
    "NZD": ("New Zealand dollar", "kiwi dollar", "NZ$"),
    "PHP": ("Philippine peso", "₱"),
    "PLN": ("Polish zloty", "zloty", "złoty"),
    "RON": ("Romanian leu", "leu", "lei"),
    "SEK": ("Swedish krona", "Swedish crown"),
    "SGD": ("Singapore dollar", "S$", "Singaporean dollar"),
    "THB": ("Thai baht", "baht", "฿"),
    "TRY": ("Turkish lira", "lira", "₺"),
    "ZAR": ("South African rand", "rand"),
}

CURRENCIES = {code: Currency(code, names[0]) for code, names in _TABLE.items()}

# Currencies that the euro replaced, with country and year: code, then aliases. A name that a current currency also has
# (franc, lira, crown, pound) means the current one, so here it appears only together with its country.
_REPLACED = {
    ("HRK", "kuna", "Croatian kuna", "kune"): ("Croatia", 2023),
    ("BGN", "lev", "leva", "Bulgarian lev", "Bulgarian leva"): ("Bulgaria", 2026),
    ("LTL", "litas", "Lithuanian litas", "litai"): ("Lithuania", 2015),
    ("LVL", "lats", "Latvian lats", "lati"): ("Latvia", 2014),
    ("EEK", "kroon", "Estonian kroon", "Estonian crown", "krooni"): ("Estonia", 2011),
    ("SKK", "Slovak koruna", "Slovak crown"): ("Slovakia", 2009),
    ("CYP", "Cypriot pound", "Cyprus pound"): ("Cyprus", 2008),
    ("MTL", "Maltese lira", "Maltese pound", "Maltese liri"): ("Malta", 2008),
    ("SIT", "tolar", "Slovenian tolar", "tolarji"): ("Slovenia", 2007),
    ("GRD", "drachma", "Greek drachma", "drachmae", "drachmai"): ("Greece", 2001),
    ("DEM", "Deutsche Mark", "Deutschmark", "German mark", "D-Mark", "DM", "mark"): ("Germany", 1999),
    ("FRF", "French franc", "FF", "old French franc"): ("France", 1999),
    ("ITL", "Italian lira", "lire", "Italian lire", "lira italiana"): ("Italy", 1999),
    ("ESP", "peseta", "Spanish peseta", "ptas"): ("Spain", 1999),
    ("PTE", "escudo", "Portuguese escudo"): ("Portugal", 1999),
    ("NLG", "guilder", "Dutch guilder", "gulden", "florin", "Dutch florin"): ("The Netherlands", 1999),
    ("BEF", "Belgian franc"): ("Belgium", 1999),
    ("LUF", "Luxembourg franc"): ("Luxembourg", 1999),
    ("ATS", "Austrian schilling", "schilling"): ("Austria", 1999),
    ("FIM", "markka", "Finnish mark", "Finnish markka", "markkaa"): ("Finland", 1999),
    ("IEP", "Irish pound", "punt"): ("Ireland", 1999),
}
# Currencies that another one of the same country replaced: code, then aliases; successor and year.
_RENEWED = {
    ("TRL", "old Turkish lira"): ("TRY", 2005),
    ("ROL", "old Romanian leu", "old leu"): ("RON", 2005),
    ("PLZ", "old Polish zloty", "old zloty"): ("PLN", 1995),
    ("CSK", "Czechoslovak koruna", "Czechoslovak crown"): ("CZK", 1993),
    ("MXP", "old Mexican peso"): ("MXN", 1993),
    ("ILR", "old Israeli shekel", "old shekel"): ("ILS", 1985),
    ("BRR", "cruzeiro real", "cruzeiro"): ("BRL", 1994),
}
# Currencies that are gone and never had a reference rate.
_GONE = {
    ("DDM", "East German mark", "Mark der DDR", "Ostmark"): "East German mark",
    ("RM", "Reichsmark"): "Reichsmark",
    ("SUR", "Soviet rouble", "Soviet ruble"): "Soviet rouble",
    ("YUM", "YUD", "Yugoslav dinar"): "Yugoslav dinar",
    ("ZWD", "ZWL", "Zimbabwe dollar", "Zimbabwean dollar"): "Zimbabwe dollar",
    ("ECS", "sucre", "Ecuadorian sucre"): "Ecuadorian sucre",
    ("VEB", "VEF", "bolivar fuerte"): "bolívar fuerte",
    ("GHC", "old Ghanaian cedi"): "old Ghanaian cedi",
    ("BYR", "BYB", "old Belarusian rouble", "old Belarusian ruble"): "old Belarusian rouble",
}
_EXPLAINED = {
    "peso": "There is more than one peso: the Mexican (MXN) and the Philippine (PHP) have a reference rate.",
    "krone": "There is more than one krone: the Danish (DKK) and the Norwegian (NOK) have a reference rate.",
    "krona": "There is more than one krona: the Swedish (SEK) and the Icelandic (ISK) have a reference rate.",
    "crown": "There is more than one crown: CZK, DKK, ISK, NOK and SEK have a reference rate.",
    **dict.fromkeys(
        ("rub", "rur", "ruble", "rouble", "russian ruble", "russian rouble"),
        "The ECB has published no reference rate for the Russian rouble since March 2022.",
    ),
    **{
        normalised(name): f"{country} has used the euro since January {year}; there is no current reference rate for"
        f" the {names[1]}. Ask for the euro (EUR) instead."
        for names, (country, year) in _REPLACED.items()
        for name in names
    },
    **{
        normalised(name): f"{successor} replaced the {names[1]} ({names[0]}) in {year}. Ask for {successor} instead."
        for names, (successor, year) in _RENEWED.items()
        for name in names
    },
    **{
        normalised(name): f"The {title} is no longer in use, and the ECB has published no reference rate for it."
        for names, title in _GONE.items()
        for name in names
    },
    **dict.fromkeys(
        ("ecu", "xeu", "european currency unit"),
        "The euro replaced the European currency unit (ECU) one for one in January 1999; ask for the euro (EUR).",
    ),
    **dict.fromkeys(
        ("btc", "bitcoin", "eth", "ether", "ethereum", "crypto"),
        "The ECB publishes reference rates for state currencies only, not for crypto-assets.",
    ),
}


def find(name: object, argument: str) -> Currency:
    """Return the currency with this name or code. Raises ToolFailure with suggestions if there is none."""
    name_text = text(name, argument)
    key = _key(name_text)
    if explained := _EXPLAINED.get(key) or _EXPLAINED.get(key.removesuffix("s")):
        raise ToolFailure(explained)
    code = _BY_NAME.get(key) or _BY_NAME.get(key.removesuffix("s"))
    if code is None:
        near = dict.fromkeys(_BY_NAME[each] for each in closest(name_text, _BY_NAME))
        codes = ", ".join(near or CURRENCIES)
        hint = f"Did you mean one of {codes}?" if near else f"There are: {codes}."
        raise ToolFailure(f"The ECB publishes no reference rate for {quoted(name_text)}. {hint}")
    return CURRENCIES[code]


def _key(name: str) -> str:
    """Return the key of a name in `_BY_NAME`. A sign such as € has no letters to normalise: it is its own key."""
    sign = "".join(name.split()).upper()
    return normalised(name) if sign.isalpha() or sign not in _SIGNS else sign


_SIGNS = {
    name.upper()
    for names in _TABLE.values()
    for name in names
    if not normalised(name) or any(not letter.isalpha() for letter in name.replace(" ", ""))
}
_BY_NAME = {_key(name): code for code, names in _TABLE.items() for name in (code, *names)}
