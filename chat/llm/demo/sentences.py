"""Two or three sentences about figures, in English or German: direction, turning points, unusual steps.

The card above an answer shows the figures, so the sentences do not repeat them. They name years, dates, averages and
proportions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from chat.llm.demo.german import Language
from chat.llm.demo.names import date_in, indicator_in, name_in, number_in, part_of_month
from chat.llm.demo.trend import Trend, shared_extreme, trend

MOST_NAMES = 6


def about_history(history: Any, language: Language) -> list[str]:
    """Return sentences about `[{"title", "unit", "series": {name: {label: value}}}]`; none for too few values."""
    charts = [chart for chart in history if isinstance(chart, Mapping)] if isinstance(history, list) else []
    sentences: list[str] = []
    for chart in sorted(charts, key=_is_share):
        series = chart.get("series")
        trends = {str(n): c for n, p in series.items() if (c := trend(p))} if isinstance(series, Mapping) else {}
        title = indicator_in(str(chart.get("title", "")), language)
        if len(trends) > 1:
            sentences += _compared(title, trends, language)
        elif trends:
            [(name, one)] = trends.items()
            # Name the country only once.
            subject = _subject(title, "" if sentences else name_in(name, language), language)
            sentences += (_share if _is_share(chart) else _level)(subject, one, language)
            if not _is_share(chart) and len(charts) == 1:
                sentences.append(_extremes(one, language))
    return sentences[:3]


def _subject(title: str, name: str, language: Language) -> str:
    if not name:
        return _capital(title)
    return f"{_capital(title)} ({name})" if language == "de" else f"{name}: {title}"


def _is_share(chart: Mapping[str, Any]) -> bool:
    return str(chart.get("unit", "")).startswith("%")


def _level(subject: str, one: Trend, language: Language) -> list[str]:
    """Return sentences about an amount, such as GDP: its growth and its falls."""
    falls = one.falls()
    if language == "de":
        sentence = f"{subject} {_growth_de(one)}"
        if not falls:
            return [f"{sentence}, ohne einen einzigen Rückgang."]
        if len(falls) <= 3:
            return [f"{sentence}, mit Rückgängen nur {_list(falls, language)}."]
        return [f"{sentence}, mit {len(falls)} Rückgängen auf dem Weg, zuletzt {falls[-1]}."]
    sentence = f"{subject} {_growth_en(one)}"
    if not falls:
        return [f"{sentence}, without a single fall."]
    if len(falls) <= 3:
        return [f"{sentence}, falling only in {_list(falls, language)}."]
    return [f"{sentence}, with {len(falls)} falls on the way, the last of them in {falls[-1]}."]


def _growth_en(one: Trend) -> str:
    since, ratio = one.labels[0], one.ratio
    if ratio is None:
        return f"has changed sign since {since}"
    if ratio >= 1.9:
        return f"has grown about {number_in(ratio, 0 if ratio >= 3 else 1, 'en')}-fold since {since}"
    if abs(ratio - 1) < 0.03:
        return f"has hardly changed since {since}"
    way = "grown" if ratio > 1 else "fallen"
    return f"has {way} by about {number_in(abs(ratio - 1) * 100, 0, 'en')}% since {since}"


def _growth_de(one: Trend) -> str:
    since, ratio = one.labels[0], one.ratio
    if ratio is None:
        return f"hat seit {since} die Richtung gewechselt"
    if ratio >= 1.9:
        return f"ist seit {since} auf etwa das {number_in(ratio, 0 if ratio >= 3 else 1, 'de')}-Fache gestiegen"
    if abs(ratio - 1) < 0.03:
        return f"ist seit {since} fast unverändert"
    way = "gestiegen" if ratio > 1 else "gefallen"
    return f"ist seit {since} um etwa {number_in(abs(ratio - 1) * 100, 0, 'de')}\u00a0% {way}"


def _extremes(one: Trend, language: Language) -> str:
    step = one.unusual_step()
    if language == "de":
        jump = f", den auffälligsten Schritt tat er {step[1]}" if step else ", ohne auffälligen Schritt dazwischen"
        return f"Am höchsten war der Wert {one.high}, am niedrigsten {one.low}{jump}."
    jump = f", and its most unusual step came in {step[1]}" if step else ", with no step that stands out"
    return f"It was highest in {one.high} and lowest in {one.low}{jump}."


def _share(subject: str, one: Trend, language: Language) -> list[str]:
    """Return sentences about a rate in percent: its level at both ends, its extremes, its largest step."""
    before, after, count = one.averages()
    old, new = number_in(before, 1, language), number_in(after, 1, language)
    up, flat = after > before, abs(after - before) < max(0.3, abs(before) * 0.08)
    if language == "de":
        way = "kaum anders als" if flat else "höher als" if up else "niedriger als"
        first = (
            f"{subject} ist heute {way} früher: im Mittel der letzten {count} Jahre {new}\u00a0%, "
            f"in den ersten {count} {old}\u00a0%."
        )
        turns = f"Der Höchststand fällt auf {one.high}, der Tiefststand auf {one.low}"
    else:
        way = "hardly different from" if flat else "higher than" if up else "lower than"
        first = (
            f"{subject} is {way} before, averaging {new}% over the last {count} years "
            f"against {old}% over the first {count}."
        )
        turns = f"It peaked in {one.high} and bottomed out in {one.low}"
    return [first, f"{turns}{_unusual(one, language)}."]


def _unusual(one: Trend, language: Language) -> str:
    largest = one.unusual_step()
    if largest is None:
        return ", ohne auffälligen Bruch dazwischen" if language == "de" else ", with no year that stands out"
    _, when, step = largest
    points = number_in(abs(step), 1, language)
    if language == "de":
        way = "stieg" if step > 0 else "fiel"
        return f"; auffällig ist {when}, als der Wert in einem Jahr um {points} Prozentpunkte {way}"
    return (
        f"; what stands out is {when}, when it {'rose' if step > 0 else 'fell'} by {points} percentage points in a year"
    )


def _compared(title: str, trends: Mapping[str, Trend], language: Language) -> list[str]:
    names = {name: name_in(name, language) for name in trends}
    by_last = sorted(trends, key=lambda name: trends[name].last, reverse=True)
    most, least = names[by_last[0]], names[by_last[-1]]
    changes = {name: one.last - one.first for name, one in trends.items()}
    rise, fall = max(changes, key=changes.__getitem__), min(changes, key=changes.__getitem__)
    since = min(one.labels[0] for one in trends.values())
    de = language == "de"
    order = (
        f"{title}: Vorn liegt zuletzt {most}, am Ende {least}."
        if de
        else (f"{_capital(title)}: {most} has the highest latest figure and {least} the lowest.")
    )
    return [order, _directions(changes, names, rise, fall, since, language), _together(trends, language)]


def _directions(
    changes: Mapping[str, float], names: Mapping[str, str], rise: str, fall: str, since: str, language: Language
) -> str:
    de = language == "de"
    if changes[fall] >= 0:
        return (
            f"Seit {since} ist der Wert überall gestiegen, am stärksten in {names[rise]}."
            if de
            else f"Since {since} it has risen everywhere, most in {names[rise]}."
        )
    if changes[rise] <= 0:
        return (
            f"Seit {since} ist der Wert überall gefallen, am stärksten in {names[fall]}."
            if de
            else f"Since {since} it has fallen everywhere, most in {names[fall]}."
        )
    return (
        f"Seit {since} ist der Wert in {names[rise]} am stärksten gestiegen und in {names[fall]} am stärksten gefallen."
        if de
        else f"Since {since} it has risen most in {names[rise]} and fallen most in {names[fall]}."
    )


def _together(trends: Mapping[str, Trend], language: Language) -> str:
    shared = shared_extreme(list(trends.values()))
    de = language == "de"
    if shared is None:
        return "Ein gemeinsames Jahr des Umschwungs gibt es nicht." if de else "They share no turning point."
    when, kind = shared
    if de:
        return f"Auffällig ist {when}: Dort hatten die meisten ihren {'Tiefst' if kind == 'low' else 'Höchst'}stand."
    return f"What stands out is {when}, the {'lowest' if kind == 'low' else 'highest'} point for most of them."


def about_rate(base: str, quote: str, history: Any, language: Language) -> list[str]:
    """Return sentences about `{date or year: rate}` of one currency in another; none for too few values."""
    one = trend(history)
    if one is None or one.first <= 0:
        return []
    base, quote = (name_in(re.sub(r" \([A-Z]{3}\)$", "", name), language) for name in (base, quote))
    change = one.last / one.first - 1
    swing = number_in((max(one.values) / min(one.values) - 1) * 100, 1, language)
    since = date_in(one.labels[0], language)
    if language == "de":
        how = "kaum bewegt" if abs(change) < 0.005 else _strength(change, "zugelegt", "nachgegeben", "deutlich ")
        first = f"{_capital(base)} gegen {quote}: Seit {_since_de(since)} hat der Kurs {how}."
        third = f"Zwischen Tief und Hoch liegen {swing}\u00a0%{_jump(one, language)}."
    else:
        how = (
            "has hardly moved" if abs(change) < 0.005 else _strength(change, "has gained", "has lost ground", "clearly")
        )
        first = f"The {base} {how} against the {quote} since {since}."
        third = f"Its low and its high are {swing}% apart{_jump(one, language)}."
    return [first, _turning(one, language), third]


def _since_de(date: str) -> str:
    return f"dem {date}" if "." in date else date


def _strength(change: float, up: str, down: str, strong: str) -> str:
    word = up if change > 0 else down
    if abs(change) < 0.05:
        return word
    return f"{strong}{word}" if strong.endswith(" ") else f"{word} {strong}"


def _turning(one: Trend, language: Language) -> str:
    """Return a sentence about the low and the high as turning points, unless they are at the ends."""
    ends = (0, len(one.labels) - 1)
    turns = sorted((one.labels.index(label), up) for label, up in ((one.low, False), (one.high, True)))
    turns = [(at, up) for at, up in turns if at not in ends]
    de = language == "de"
    if not turns:
        return "Die Richtung blieb im Großen und Ganzen dieselbe." if de else "On the whole it kept its direction."
    words = ("stieg", "fiel") if de else ("rose", "fell")
    steps = [
        f"{words[0 if up else 1]} {'bis' if de else 'until'} {part_of_month(one.labels[at], language)}"
        for at, up in turns
    ]
    rising = not turns[-1][1]
    if de:
        return f"Er {', '.join(steps)} und {'zog seither wieder an' if rising else 'gab seither wieder nach'}."
    return f"It {', '.join(steps)} and has {'recovered' if rising else 'slipped'} since."


def _jump(one: Trend, language: Language) -> str:
    step = one.unusual_step()
    if step is None:
        return ", ohne einen auffälligen Sprung" if language == "de" else ", without a jump that stands out"
    start, end, _ = step
    first, last = date_in(start, language), date_in(end, language)
    if language == "de":
        return f"; der auffälligste Sprung lag zwischen {first} und {last}"
    return f"; the jump that stands out came between {first} and {last}"


def _list(items: Sequence[str], language: Language) -> str:
    names = list(items[:MOST_NAMES])
    joint = " und " if language == "de" else " and "
    return joint.join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
