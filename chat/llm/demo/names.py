"""Names, numbers and dates in the usual form of the demo model's two languages."""

from __future__ import annotations

import re
from collections.abc import Mapping

from chat.llm.demo.german import Language

# fmt: off
_MONTHS: Mapping[Language, tuple[str, ...]] = {
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
           "November", "December"),
    "de": ("Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober",
           "November", "Dezember"),
}
_PARTS: Mapping[Language, tuple[str, str, str]] = {
    "en": ("early", "mid-", "late"),
    "de": ("Anfang", "Mitte", "Ende"),
}
_NAMES = {
    "germany": "Deutschland", "france": "Frankreich", "italy": "Italien", "spain": "Spanien", "austria": "Österreich",
    "switzerland": "Schweiz", "netherlands": "Niederlande", "belgium": "Belgien", "poland": "Polen",
    "sweden": "Schweden", "norway": "Norwegen", "denmark": "Dänemark", "finland": "Finnland", "ireland": "Irland",
    "iceland": "Island", "greece": "Griechenland", "czechia": "Tschechien", "hungary": "Ungarn",
    "romania": "Rumänien", "bulgaria": "Bulgarien", "croatia": "Kroatien", "serbia": "Serbien",
    "slovakia": "Slowakei", "slovenia": "Slowenien", "estonia": "Estland", "latvia": "Lettland",
    "lithuania": "Litauen", "luxembourg": "Luxemburg", "russia": "Russland", "türkiye": "Türkei",
    "united kingdom": "Vereinigtes Königreich", "united states": "Vereinigte Staaten", "canada": "Kanada",
    "mexico": "Mexiko", "brazil": "Brasilien", "argentina": "Argentinien", "colombia": "Kolumbien",
    "south korea": "Südkorea", "india": "Indien", "indonesia": "Indonesien", "philippines": "Philippinen",
    "singapore": "Singapur", "australia": "Australien", "new zealand": "Neuseeland", "south africa": "Südafrika",
    "egypt": "Ägypten", "morocco": "Marokko", "kenya": "Kenia", "ethiopia": "Äthiopien",
    "saudi arabia": "Saudi-Arabien", "united arab emirates": "Vereinigte Arabische Emirate", "qatar": "Katar",
    "iraq": "Irak", "jordan": "Jordanien", "bangladesh": "Bangladesch", "euro area": "Euroraum",
    "european union": "Europäische Union", "world": "Welt",
    "us dollar": "US-Dollar", "british pound": "britisches Pfund", "pound sterling": "Pfund Sterling",
    "japanese yen": "japanischer Yen", "swiss franc": "Schweizer Franken", "chinese yuan": "chinesischer Yuan",
    "chinese renminbi": "chinesischer Renminbi", "indian rupee": "indische Rupie", "euro": "Euro",
}
_INDICATORS = {
    "GDP (current US$)": ("GDP in current dollars", "Das BIP in laufenden Dollar"),
    "GDP growth (annual, real)": ("real growth", "Das reale Wachstum"),
    "GDP per capita (current US$)": ("GDP per capita", "Das BIP pro Kopf"),
    "Inflation (consumer prices, annual)": ("inflation", "Die Inflation"),
    "Unemployment (ILO estimate)": ("unemployment", "Die Arbeitslosigkeit"),
    "Population": ("the population", "Die Bevölkerung"),
    "Exports of goods and services": ("the share of exports", "Der Anteil der Ausfuhr"),
    "Imports of goods and services": ("the share of imports", "Der Anteil der Einfuhr"),
    "Market capitalisation of listed companies": ("market capitalisation", "Der Börsenwert"),
    "Market capitalisation to GDP": ("market capitalisation to GDP", "Der Börsenwert im Verhältnis zum BIP"),
    "Listed domestic companies": ("the number of listed companies", "Die Zahl der Börsenunternehmen"),
}
# fmt: on


def name_in(name: str, language: Language) -> str:
    """Return the name of a country or currency, given its English name."""
    return _NAMES.get(name.lower(), name) if language == "de" else name


def indicator_in(title: str, language: Language) -> str:
    words = _INDICATORS.get(title)
    if words is None:
        return title or ("Der Wert" if language == "de" else "the figure")
    return words[1 if language == "de" else 0]


def number_in(value: float, decimals: int, language: Language) -> str:
    text = f"{value:,.{decimals}f}"
    text = text.removeprefix("-") if float(text.replace(",", "")) == 0 else text.replace("-", "−")
    return text.translate(str.maketrans(",.", ".,")) if language == "de" else text


def date_in(text: str, language: Language) -> str:
    """Return "2026-03-14" as "14 March 2026" or "14. März 2026"; a year stays unchanged."""
    match = re.fullmatch(r"(\d{4})-(\d{2})-(\d{2})", text)
    if not match:
        return text
    month = _MONTHS[language][int(match[2]) - 1]
    return f"{int(match[3])}{'.' if language == 'de' else ''} {month} {match[1]}"


def part_of_month(text: str, language: Language) -> str:
    """Return "2026-03-14" as "mid-March" or "Mitte März"; a year stays unchanged."""
    match = re.fullmatch(r"\d{4}-(\d{2})-(\d{2})", text)
    if not match:
        return text
    part = _PARTS[language][min(2, (int(match[2]) - 1) // 10)]
    month = _MONTHS[language][int(match[1]) - 1]
    return f"{part}{month}" if part.endswith("-") else f"{part} {month}"
