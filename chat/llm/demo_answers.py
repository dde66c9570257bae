"""What the demo model says: a short text in Markdown out of what the tools found, and about itself.

Every figure in it stands in a tool's result, digit for digit: numbers are read as the text that they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chat.llm.demo_phrases import Topic
from chat.messages import ToolCall

MAX_FIGURES = 6
MAX_LINE = 240
MAX_NOTE = 600  # what must be read with the figures is not to lose its end

_CONNECT = "set `OPENAI_API_KEY` or `OPENAI_BASE_URL` and `CHAT_MODEL` in `.env` and restart"
_CLOSING = f"*This is the built-in demo model. To connect a real one, {_CONNECT}.*"

_ABILITIES = """\
I look figures up and show them, each with its source and date:

- **An economy:** “Show me China market data”, “How is Germany’s economy doing?”
- **A comparison:** “Compare GDP growth of India, China and Brazil”, “Inflation in the US over 20 years”
- **A currency:** “How has the euro moved against the dollar this year?”, “USD to INR, last 30 days”

Then ask on: “and India?”, “what about inflation?”, “since 2010”."""

_ABOUT = f"""\
I am not a language model: I recognise a few kinds of questions and fill in what the tools find, nothing more. \
To connect a real model, {_CONNECT}."""

_TALK: Mapping[Topic, str] = {
    "help": f"I am the demo model built into this program.\n\n{_ABILITIES}\n\n{_ABOUT}",
    "greeting": f"Hello! I am the demo model built into this program.\n\n{_ABILITIES}\n\n{_ABOUT}",
    "thanks": f"You are welcome. Ask for another country, currency or period whenever you like.\n\n{_CLOSING}",
    "unknown": f"That is beyond me: I am only the built-in demo model and did not understand the question.\n\n"
    f"{_ABILITIES}\n\n{_ABOUT}",
}


def talk(topic: Topic) -> str:
    """The answer to a question that asks for no figures, or that was not understood."""
    return _TALK[topic]


def unavailable() -> str:
    """The answer when the tools that a question needs are not there."""
    return f"I understood the question, but the tool that would look this up is not available here.\n\n{_CLOSING}"


def report(found: Sequence[tuple[ToolCall, str]]) -> str:
    """The answer out of the results of tool calls, each a text that the tool wrote for a model to read."""
    parts = [_part(call, _loaded(content)) for call, content in found]
    return "\n\n".join([*(part for part in parts if part), _CLOSING])


def _loaded(content: str) -> Any:
    try:
        return json.loads(content, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        return content


def _part(call: ToolCall, result: Any) -> str:
    if not isinstance(result, dict):
        return _said(call, result)
    if "error" in result:
        return f"{_asked(call)}: no figures. {_line(result['error'])}"
    figures = _figures(result.get("figures"))
    if not figures:
        return _plain_fields(call, result)
    pieces = [_heading(call, result), *_note(result), _list(figures), *_history(result.get("history")), _source(result)]
    return "\n\n".join(piece for piece in pieces if piece)


def _heading(call: ToolCall, result: Mapping[str, Any]) -> str:
    if "base" in result and "quote" in result:
        return f"**{_capital(_line(result['base']))} in {_line(result['quote'])}:**"
    title = result.get("economy") or result.get("indicator") or result.get("title")
    return f"**{_line(title)}:**" if title else f"{_asked(call)}:"


def _note(result: Mapping[str, Any]) -> list[str]:
    return [f"*{_line(result['note'], MAX_NOTE)}*"] if result.get("note") else []


def _figures(value: Any) -> list[str]:
    """One line a figure: "GDP: 18.73 trillion US$ (2024)"."""
    if not isinstance(value, list):
        return []
    return [_figure(each) for each in value if isinstance(each, dict) and each.get("value")]


def _figure(figure: Mapping[str, Any]) -> str:
    value = " ".join(_line(figure[key]) for key in ("value", "unit") if figure.get(key))
    name = figure.get("name") or figure.get("indicator") or figure.get("country")
    when = figure.get("year") or figure.get("date")
    return f"{f'{_line(name)}: ' if name else ''}**{value}**{f' ({_line(when)})' if when else ''}"


def _list(lines: Sequence[str]) -> str:
    listed = [f"- {line}" for line in lines[:MAX_FIGURES]]
    if len(lines) > MAX_FIGURES:
        listed.append("- … and more in the table")
    return "\n".join(listed)


# From a history, only its two ends: [{"title", "unit", "series": {name: {year: number or null}}}]


def _history(value: Any) -> list[str]:
    if not isinstance(value, list):
        return []
    return [told for chart in value if isinstance(chart, dict) and (told := _course(chart))]


def _course(chart: Mapping[str, Any]) -> str:
    series = chart.get("series")
    if not isinstance(series, dict):
        return ""
    ends = {name: _ends(points) for name, points in series.items() if isinstance(points, dict)}
    known = [f"{_line(name)} from {end[0]} to {end[1]}" for name, end in ends.items() if end]
    if not known:
        return ""
    title = " in ".join(_line(chart[key]) for key in ("title", "unit") if chart.get(key))
    return f"{title}: {'; '.join(known[:MAX_FIGURES])}."


def _ends(points: Mapping[str, Any]) -> tuple[str, str] | None:
    """The first and the last figure, each with its year, if there are two."""
    known = [(when, value) for when, value in points.items() if isinstance(value, str)]
    if len(known) < 2:
        return None
    first, last = (f"{_line(value)} ({_line(when)})" for when, value in (known[0], known[-1]))
    return first, last


def _source(result: Mapping[str, Any]) -> str:
    source = result.get("source")
    if not isinstance(source, dict):
        return f"Source: {_line(source)}." if source else ""
    dates = [f"{word} {_line(source[key])}" for key, word in _DATES if source.get(key)]
    return f"Source: {', '.join([_line(source.get('name') or 'not named'), *dates])}."


_DATES = (("updated", "last updated"), ("retrieved", "asked"))


# Results of any other shape


def _said(call: ToolCall, result: Any) -> str:
    """A sentence is repeated; what is neither that nor an object of fields cannot be put into words."""
    if isinstance(result, str) and not result.startswith(("{", "[")):
        return f"{_asked(call)}: {_line(result)}"
    return f"{_asked(call)}: something was found, but in a form that I cannot put into words."


def _plain_fields(call: ToolCall, result: Mapping[str, Any]) -> str:
    fields = [f"{_line(key)}: {_line(value)}" for key, value in result.items() if isinstance(value, str) and value]
    return f"{_asked(call)}:\n\n{_list(fields)}" if fields else _said(call, None)


def _asked(call: ToolCall) -> str:
    """What was looked up, in the call's own words."""
    arguments = _loaded(call.arguments)
    values = arguments.values() if isinstance(arguments, dict) else ()
    return f"**{_capital(_line(', '.join(_words(values)))) or call.name}**"


def _words(values: Iterable[Any]) -> Iterable[str]:
    for value in values:
        if isinstance(value, list):
            yield from _words(value)
        elif isinstance(value, str) and not value.isdecimal():  # numbers were read as text
            yield value.replace("_", " ")


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _line(value: Any, most: int = MAX_LINE) -> str:
    """Anything on one line of a bearable length."""
    text = " ".join((value if isinstance(value, str) else _compact(value)).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
