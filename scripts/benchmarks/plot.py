"""The results as a picture: CPU per token as bars, lateness as curves. Plain SVG, for light and dark backgrounds."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any
from xml.sax.saxutils import escape

_WIDTH, _HEIGHT = 920, 400
_STYLE = """
    svg { --paper: #ffffff; --ink: #1f2328; --faint: #6b7280; --grid: #e5e7eb; --parley: #0969da; --other: #bc4c00 }
    @media (prefers-color-scheme: dark) {
      svg { --paper: #0d1117; --ink: #e6edf3; --faint: #9198a1; --grid: #2b313a; --parley: #58a6ff; --other: #f0883e }
    }
    .paper { fill: var(--paper) } text { fill: var(--ink); font: 13px system-ui, sans-serif }
    .title { font-weight: 600; font-size: 15px } .faint { fill: var(--faint) } .end { text-anchor: end }
    .middle { text-anchor: middle } .grid { stroke: var(--grid) } .target { stroke: var(--ink); stroke-width: 2 }
    .parley { fill: var(--parley) } .reference { fill: var(--other) }
    .line { fill: none; stroke-width: 2.5 } .line.parley { stroke: var(--parley); fill: none }
    .line.reference { stroke: var(--other); fill: none } .dashed { stroke-dasharray: 6 4 }
"""
_CLASSES = {"Parley": "parley", "the reference": "reference"}
_BAR_SCENES = {"cpu_hundred": "hundred", "cpu_thousand": "thousand"}
# The curves' axes: lateness in seconds, by tenfold steps.
_SOONEST, _LATEST = 0.001, 100.0


def drawing(result: dict[str, Any]) -> str:
    """Return an SVG document, or "" without results to draw. `result` comes from `results.collected`."""
    bars = [measure for measure in result["measures"] if measure["name"] in _BAR_SCENES]
    thousand = result["scenes"].get("thousand", {})
    if not bars or not thousand:
        return ""
    parts = [*_bars(bars, result["scenes"]), *_curves(thousand), *_legend()]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" height="{_HEIGHT}" '
        f'role="img" aria-label="Server CPU per token, and how late tokens are">\n<style>{_STYLE}</style>\n'
        f'<rect class="paper" width="{_WIDTH}" height="{_HEIGHT}" rx="8"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _bars(measures: Sequence[dict[str, Any]], scenes: dict[str, Any]) -> Iterable[str]:
    left, right, top = 30, 400, 92
    longest = max(value or 0 for each in measures for value in (each["parley"], each["reference"], each["target"]))
    unit = (right - left - 70) / longest
    yield _text(left, 40, "Server CPU per token, µs", "title")
    for number, measure in enumerate(measures):
        y = top + number * 125
        at = left + measure["target"] * unit
        scene = scenes[_BAR_SCENES[measure["name"]]]["Parley"]
        yield _text(left, y, f"{scene['users']:,} users, {_workers(scene['workers'])}")
        for row, name in enumerate(_CLASSES.values()):
            value = measure[name]
            if value is not None:
                yield _rect(left, y + 12 + row * 34, value * unit, 26, name)
                yield _text(_beside(left + value * unit, at, f"{value:.0f}"), y + 30 + row * 34, f"{value:.0f}")
        yield _line(at, y + 8, at, y + 76, "target")
        yield _text(at, y + 92, f"target {measure['target']:g}", "faint middle")


def _beside(end: float, line: float, label: str) -> float:
    """Return the start of the label of a bar that ends at `end`: behind a line that would go through it."""
    return (line if end <= line < end + 12 + 8 * len(label) else end) + 8


def _curves(scenes: dict[str, Any]) -> Iterable[str]:
    left, right, top, bottom = 480, 890, 70, 320
    users = next(iter(scenes.values()))["users"]
    yield _text(left, 40, f"{users:,} users: share still waiting after …", "title")

    def across(seconds: float) -> float:
        exact = math.log10(min(max(seconds, _SOONEST), _LATEST) / _SOONEST)
        return left + exact / math.log10(_LATEST / _SOONEST) * (right - left)

    for tick, label in ((0.001, "1 ms"), (0.01, "10 ms"), (0.1, "0.1 s"), (1, "1 s"), (10, "10 s"), (100, "100 s")):
        yield _line(across(tick), top, across(tick), bottom, "grid")
        yield _text(across(tick), bottom + 18, label, "faint middle")
    for percent in (0, 25, 50, 75, 100):
        y = top + percent / 100 * (bottom - top)
        yield _line(left, y, right, y, "grid")
        yield _text(left - 6, y + 4, f"{100 - percent} %", "faint end")
    for server, outcome in scenes.items():
        for name, style in (("first_late_s", ""), ("end_late_s", " dashed")):
            # At percentile p, 100 - p of a hundred waited longer. A user without an answer has no point.
            points = [
                f"{across(value):.1f},{top + percent / 100 * (bottom - top):.1f}"
                for percent, value in enumerate(outcome["curves"][name], 1)
                if value is not None
            ]
            yield f'<polyline class="line {_CLASSES[server]}{style}" points="{" ".join(points)}"/>'
    yield _text(
        (left + right) / 2,
        bottom + 40,
        "… beyond the model's own time (solid: first token, dashed: end)",
        "faint middle",
    )


def _legend() -> Iterable[str]:
    labels = {"parley": "Parley", "reference": "reference: uvicorn, uvloop, AsyncOpenAI, SQLite"}
    x = 30.0
    for name, label in labels.items():
        yield _rect(x, _HEIGHT - 34, 14, 14, name)
        yield _text(x + 22, _HEIGHT - 22, label)
        x += 100


def _workers(count: int) -> str:
    return "one worker" if count == 1 else f"{count} workers"


def _text(x: float, y: float, text: str, style: str = "") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{style}">{escape(text)}</text>'


def _rect(x: float, y: float, width: float, height: float, style: str) -> str:
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height}" rx="3" class="{style}"/>'


def _line(x1: float, y1: float, x2: float, y2: float, style: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{style}"/>'
