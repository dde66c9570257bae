"""The charts of the HTML report: one bar per request, and lines over time. Plain HTML and SVG, no script."""

from __future__ import annotations

import statistics
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from scripts.concurrency.timeline import Timeline
from scripts.concurrency.units import duration

_MOST_BARS = 120
_POINTS = 150


@dataclass(frozen=True)
class Bar:
    """One row: the phases of a request, or the medians of neighbours. Times from the start of the load."""

    label: str
    start_s: float
    turn_s: float
    first_token_s: float
    end_s: float
    failed: int
    note: str


def bars(timelines: Sequence[Timeline], began_at: float) -> tuple[list[Bar], int]:
    """Return the rows, and how many requests each stands for: many requests are summed up in groups of neighbours."""
    lines = [line for line in timelines if line.start is not None]
    lines.sort(key=lambda line: (line.start or 0.0, line.user))
    group = -(-len(lines) // _MOST_BARS) if lines else 1
    rows = [_bar(lines[at : at + group], at, began_at) for at in range(0, len(lines), group)]
    return rows, group


def _bar(lines: Sequence[Timeline], position: int, began_at: float) -> Bar:
    ends = [line.ended or line.start or 0.0 for line in lines]
    turns = [end if line.turn is None else line.turn for line, end in zip(lines, ends, strict=True)]
    firsts = [end if line.first_token is None else line.first_token for line, end in zip(lines, ends, strict=True)]
    start, turn, first, end = (
        statistics.median(times) - began_at for times in ([line.start or 0.0 for line in lines], turns, firsts, ends)
    )
    failures = [line.failure for line in lines if line.failure]
    if len(lines) == 1:
        label = f"{lines[0].user + 1}" + (f".{lines[0].round + 1}" if lines[0].round else "")
        name = f"User {lines[0].user + 1}, turn {lines[0].round + 1}"
    else:
        label = f"{position + 1}–{position + len(lines)}"
        name = f"Requests {label}, medians"
    note = (
        f"{name}: wait {duration(turn - start)}, first token {duration(first - turn)} later, "
        f"text for {duration(end - first)}"
    )
    if failures:
        note += f"; {len(failures)} failed: {failures[0].code}" if len(lines) > 1 else f"; failed: {failures[0].code}"
    return Bar(label, start, turn, first, end, len(failures), note)


def bars_html(rows: Sequence[Bar]) -> str:
    """Return the rows as HTML, with a time scale below."""
    longest = max((row.end_s for row in rows), default=0.0) or 1.0
    height = "tall" if len(rows) <= 40 else "low" if len(rows) <= 80 else "flat"
    return (
        f'<div class="bars {height}">'
        + "".join(_bar_html(row, longest) for row in rows)
        + f"</div>{_scale(longest, 'scale indented')}"
    )


def _bar_html(row: Bar, longest: float) -> str:
    def part(kind: str, begin: float, end: float) -> str:
        left, width = 100 * begin / longest, 100 * max(0.0, end - begin) / longest
        return f'<i class="{kind}" style="left:{left:.3f}%;width:{width:.3f}%"></i>' if width > 0 else ""

    segments = (
        part("wait", row.start_s, row.turn_s)
        + part("first", row.turn_s, row.first_token_s)
        + part("stream", row.first_token_s, row.end_s)
        + (part("failed", row.end_s, row.end_s + longest / 150) if row.failed else "")
    )
    return f'<div class="bar" title="{escape(row.note)}"><b>{escape(row.label)}</b><span>{segments}</span></div>'


@dataclass(frozen=True)
class Series:
    """A line over time: values at equal distances over `seconds`."""

    seconds: float
    values: tuple[float, ...]


def concurrency(timelines: Sequence[Timeline], began_at: float, *, since_turn: bool) -> Series:
    """Return how many requests were open over time: from their start, or from their `turn`."""
    spans = [
        (begin - began_at, line.ended - began_at)
        for line in timelines
        if (begin := line.turn if since_turn else line.start) is not None and line.ended is not None
    ]
    seconds = _end_s(timelines, began_at)
    at = [seconds * point / _POINTS for point in range(_POINTS + 1)]
    begins, ends = sorted(begin for begin, _ in spans), sorted(end for _, end in spans)
    return Series(seconds, tuple(float(bisect_right(begins, moment) - bisect_right(ends, moment)) for moment in at))


def tokens(timelines: Iterable[Timeline], began_at: float) -> Series:
    """Return the pieces of text per second over time."""
    lines = list(timelines)
    seconds = _end_s(lines, began_at)
    counts = [0] * _POINTS
    for line in lines:
        for moment in line.token_times:
            counts[min(_POINTS - 1, max(0, int((moment - began_at) / seconds * _POINTS)))] += 1
    return Series(seconds, tuple(number * _POINTS / seconds for number in counts))


def lines_html(series: Sequence[tuple[str, str, Series]]) -> str:
    """Return a chart with `(name, class, series)` each, which have one scale."""
    most = max((max(each.values, default=0.0) for _, _, each in series), default=0.0) or 1.0
    paths = "".join(f'<path class="{kind}" d="{_path(each, most)}"/>' for _, kind, each in series)
    keys = "".join(f'<span class="key {kind}">{escape(name)}</span>' for name, kind, _ in series)
    return (
        f'<div class="chart"><p>{keys}<span class="most">up to {most:,.0f}</span></p>'
        f'<svg viewBox="0 0 {_POINTS} 100" preserveAspectRatio="none" role="img" '
        f'aria-label="{escape(", ".join(name for name, _, _ in series))}">{paths}</svg>'
        f"{_scale(series[0][2].seconds, 'scale')}</div>"
    )


def _path(series: Series, most: float) -> str:
    step = _POINTS / max(1, len(series.values) - 1)
    points = (f"{number * step:.2f},{100 - 98 * value / most:.2f}" for number, value in enumerate(series.values))
    return "M" + "L".join(points)


def _scale(seconds: float, kind: str) -> str:
    marks = "".join(f"<span>{seconds * part / 4:.{1 if seconds < 100 else 0}f}s</span>" for part in range(5))
    return f'<div class="{kind}">{marks}</div>'


def _end_s(timelines: Sequence[Timeline], began_at: float) -> float:
    return max((line.ended - began_at for line in timelines if line.ended is not None), default=0.0) or 1.0
