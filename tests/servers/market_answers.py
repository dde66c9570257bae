"""Responses of the World Bank's and Frankfurter's open APIs, in their documented formats, computed from a path.

The figures are test data: made of a few rough numbers, the same at every run, and no real statistics.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

UPDATED = "2026-07-01"
FIRST_YEAR, LAST_YEAR = 1960, 2025

# code: code2, name, GDP in 2025 (trillion US$), population (million), growth, inflation, unemployment, exports,
# imports, market capitalisation (all in %), listed companies.
_ECONOMIES = {
    "CHN": ("CN", "China", 19.5, 1406, 5.0, 0.5, 4.6, 21, 17, 63, 11_100),
    "IND": ("IN", "India", 3.9, 1464, 6.8, 4.5, 4.2, 21, 23, 130, 5_500),
    "GBR": ("GB", "United Kingdom", 3.9, 69, 1.3, 3.1, 4.4, 31, 32, 95, 1_600),
    "USA": ("US", "United States", 30.8, 342, 2.3, 2.8, 4.2, 11, 14, 200, 3_900),
    "DEU": ("DE", "Germany", 5.0, 84, 0.9, 2.2, 3.6, 42, 39, 50, 420),
    "JPN": ("JP", "Japan", 4.3, 123, 0.8, 1.9, 2.6, 22, 23, 150, 3_900),
    "BRA": ("BR", "Brazil", 2.3, 213, 2.4, 4.9, 6.6, 18, 18, 40, 330),
    "KOR": ("KR", "Korea, Rep.", 1.9, 52, 2.1, 2.2, 2.8, 44, 43, 95, 2_500),
    "EMU": ("XC", "Euro area", 17.0, 351, 1.2, 2.2, 6.3, 50, 46, 70, 0),
    "HIC": ("XD", "High income", 71.0, 1420, 1.8, 2.6, 4.6, 32, 31, 140, 0),
    "PRK": ("KP", "Korea, Dem. People's Rep.", 0, 26.6, 0, 0, 0, 0, 0, 0, 0),
}
_INDICATORS = {
    "NY.GDP.MKTP.CD": "GDP (current US$)",
    "NY.GDP.MKTP.KD.ZG": "GDP growth (annual %)",
    "NY.GDP.PCAP.CD": "GDP per capita (current US$)",
    "FP.CPI.TOTL.ZG": "Inflation, consumer prices (annual %)",
    "SL.UEM.TOTL.ZS": "Unemployment, total (% of total labor force) (modeled ILO estimate)",
    "SP.POP.TOTL": "Population, total",
    "NE.EXP.GNFS.ZS": "Exports of goods and services (% of GDP)",
    "NE.IMP.GNFS.ZS": "Imports of goods and services (% of GDP)",
    "CM.MKT.LCAP.CD": "Market capitalization of listed domestic companies (current US$)",
    "CM.MKT.LCAP.GD.ZS": "Market capitalization of listed domestic companies (% of GDP)",
    "CM.MKT.LDOM.NO": "Listed domestic companies, total",
}
# What one euro costs, roughly.
_PER_EURO = (
    {"EUR": 1.0, "USD": 1.15, "GBP": 0.87, "JPY": 178.0, "CHF": 0.93, "CNY": 8.2, "INR": 102.0, "KRW": 1680.0}
    | {"AUD": 1.77, "BRL": 6.2, "CAD": 1.62, "MXN": 21.3, "SEK": 11.0, "NOK": 11.7, "TRY": 48.5, "IDR": 19_200.0}
    | {"ZAR": 20.0, "SGD": 1.5, "HKD": 8.95, "NZD": 2.03, "PLN": 4.25, "DKK": 7.46, "THB": 37.4, "ILS": 3.75}
)


def answer(path: str) -> tuple[int, str, bytes]:
    """Return the response of a healthy source: status, content type, body."""
    parts = urlsplit(path)
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    match = re.fullmatch(r"/v2/country/([^/]+)/indicator/([^/]+)", parts.path)
    if match:
        body = _world_bank(match[1].upper().split(";"), match[2].upper().split(";"), query)
        return 200, "application/json;charset=utf-8", body
    match = re.fullmatch(r"/v1/(latest|\d{4}-\d\d-\d\d)", parts.path)
    if match:
        last = date.today() if match[1] == "latest" else date.fromisoformat(match[1])
        return _frankfurter(last - timedelta(days=7), last, query, latest_only=True)
    match = re.fullmatch(r"/v1/(\d{4}-\d\d-\d\d)\.\.(\d{4}-\d\d-\d\d)?", parts.path)
    if match:
        return _frankfurter(date.fromisoformat(match[1]), date.fromisoformat(match[2] or str(date.today())), query)
    return 404, "application/json", as_json({"message": "not found"})


def as_json(value: Any) -> bytes:
    return json.dumps(value).encode()


def refusal() -> bytes:
    value = "The provided parameter value is not valid"
    return as_json([{"message": [{"id": "120", "key": "Invalid value", "value": value}]}])


def _world_bank(economies: list[str], indicators: list[str], query: dict[str, str]) -> bytes:
    by_code2 = {row[0]: code for code, row in _ECONOMIES.items()}
    codes = [by_code2.get(code, code) for code in economies]
    known = set(codes) <= _ECONOMIES.keys() and set(indicators) <= _INDICATORS.keys()
    if query.get("format") != "json" or not known or (len(indicators) > 1 and query.get("source") != "2"):
        return refusal()
    first, _, last = query.get("date", f"{FIRST_YEAR}:{LAST_YEAR}").partition(":")
    years = range(int(last or first), int(first) - 1, -1)
    rows = [_row(code, indicator, year) for indicator in indicators for code in codes for year in years]
    size, page = int(query.get("per_page", "50")), int(query.get("page", "1"))
    meta = {
        "page": page,
        "pages": math.ceil(len(rows) / size),
        "per_page": size,
        "total": len(rows),
        "sourceid": None if len(indicators) > 1 else "2",
        "lastupdated": UPDATED,
    }
    # The real one begins with a byte order mark, too.
    return b"\xef\xbb\xbf" + as_json([meta, rows[(page - 1) * size : page * size]])


def _row(code: str, indicator: str, year: int) -> dict[str, Any]:
    code2, name = _ECONOMIES[code][:2]
    return {
        "indicator": {"id": indicator, "value": _INDICATORS[indicator]},
        "country": {"id": code2, "value": name},
        "countryiso3code": "" if code == "HIC" else code,  # as for all income groups
        "date": str(year),
        "value": figure(code, indicator, year),
        "unit": "",
        "obs_status": "",
        "decimal": 0,
    }


def figure(code: str, indicator: str, year: int) -> float | int | None:
    """Return one figure, or None where the real source has none yet, or none at all."""
    gdp, people, growth, inflation, jobless, exports, imports, market, listed = _ECONOMIES[code][2:]
    if year > LAST_YEAR or (code == "PRK" and indicator != "SP.POP.TOTL"):
        return None
    late = indicator in ("NE.EXP.GNFS.ZS", "NE.IMP.GNFS.ZS", "CM.MKT.LCAP.GD.ZS", "FP.CPI.TOTL.ZG")
    if late and year == LAST_YEAR:
        return None
    if code == "EMU" and indicator.startswith("CM.") and (year > 2018 or listed == 0):
        return None
    wave = math.sin(year * 1.7 + len(_ECONOMIES[code][1]))
    crisis = {2009: -3.5, 2020: -5.0, 2021: 3.0}.get(year, 0.0)
    gdp_then = gdp * 1e12 * 1.045 ** (year - LAST_YEAR)
    people_then = round(people * 1e6 * 1.006 ** (year - LAST_YEAR))
    return {
        "NY.GDP.MKTP.CD": gdp_then,
        "NY.GDP.MKTP.KD.ZG": growth + wave + crisis,
        "NY.GDP.PCAP.CD": gdp_then / people_then,
        "FP.CPI.TOTL.ZG": inflation + wave * 0.8,
        "SL.UEM.TOTL.ZS": jobless - crisis / 4,
        "SP.POP.TOTL": people_then,
        "NE.EXP.GNFS.ZS": exports + wave,
        "NE.IMP.GNFS.ZS": imports - wave,
        "CM.MKT.LCAP.CD": gdp_then * (market + 5 * wave) / 100,
        "CM.MKT.LCAP.GD.ZS": market + 5 * wave,
        "CM.MKT.LDOM.NO": max(1, round(listed * 1.01 ** (year - LAST_YEAR))),
    }[indicator]


def _frankfurter(
    first: date, last: date, query: dict[str, str], *, latest_only: bool = False
) -> tuple[int, str, bytes]:
    base = query.get("base", "EUR").upper()
    symbols = query["symbols"].upper().split(",") if "symbols" in query else sorted(_PER_EURO.keys() - {base})
    if symbols == [base]:
        return 422, "application/json", as_json({"message": "bad currency pair"})
    days = {str(day): _rates(base, symbols, day) for day in _working_days(first, min(last, date.today()))}
    days = {day: rates for day, rates in days.items() if rates}
    if not days or base not in _PER_EURO:
        return 404, "application/json", as_json({"message": "not found"})
    head = {"amount": 1.0, "base": base}
    if latest_only:
        newest = max(days)
        return 200, "application/json", as_json(head | {"date": newest, "rates": days[newest]})
    period = {"start_date": min(days), "end_date": max(days), "rates": days}
    return 200, "application/json", as_json(head | period)


def _working_days(first: date, last: date) -> Iterator[date]:
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        day = date.fromordinal(ordinal)
        if day.weekday() < 5 and (day.month, day.day) not in ((1, 1), (12, 25), (12, 26)):
            yield day


def _rates(base: str, symbols: list[str], day: date) -> dict[str, float]:
    return {symbol: rate(base, symbol, day) for symbol in symbols if {base, symbol} <= _PER_EURO.keys()}


def rate(base: str, quote: str, day: date) -> float:
    """Return the price of one unit of `base` on a working day, with five significant digits as the ECB gives them."""

    def per_euro(code: str) -> float:
        swing = 0.0 if code == "EUR" else 0.03 * math.sin(day.toordinal() / 40 + len(code) + ord(code[0]))
        return _PER_EURO[code] * (1 + swing)

    return float(f"{per_euro(quote) / per_euro(base):.5g}")
