"""The demo model's answers, in English or German: a few sentences about tool results, or about itself.

The card shows the figures. `trend` computes their trend and `sentences` describes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chat.llm.demo.german import Language
from chat.llm.demo.requests import Topic
from chat.llm.demo.sentences import about_history, about_rate
from chat.messages import ToolCall

MAX_FIGURES = 6
MAX_LINE = 240

_CLOSING: Mapping[Language, str] = {
    "en": "*This is the built-in demo model. To connect a real one, set `OPENAI_API_KEY` or `OPENAI_BASE_URL` and "
    "`CHAT_MODEL` in `.env` and restart.*",
    "de": "*Hier antwortet das eingebaute Demo-Modell. Um ein echtes zu verbinden, setzen Sie `OPENAI_API_KEY` oder "
    "`OPENAI_BASE_URL` und `CHAT_MODEL` in `.env` und starten neu.*",
}

_ABILITIES: Mapping[Language, str] = {
    "en": """\
I look figures up and show them, each with its source and date:

- **An economy:** “Show me China market data”, “How is Germany’s economy doing?”
- **A comparison:** “Compare GDP growth of India, China and Brazil”, “Inflation in the US over 20 years”
- **A currency:** “How has the euro moved against the dollar this year?”, “USD to INR, last 30 days”

Then ask on: “and India?”, “what about inflation?”, “since 2010”.""",
    "de": """\
Ich schlage Zahlen nach und zeige sie, jede mit Quelle und Datum:

- **Eine Volkswirtschaft:** „Zeig mir Marktdaten zu China“, „Wie läuft die deutsche Wirtschaft?“
- **Ein Vergleich:** „Vergleiche das BIP-Wachstum von Indien, China und Brasilien“, „Inflation in den USA über 20 Jahre“
- **Eine Währung:** „Wie hat sich der Euro dieses Jahr zum Dollar entwickelt?“, „Dollar in Rupien, letzte 30 Tage“

Dann fragen Sie weiter: „und Indien?“, „was ist mit der Inflation?“, „seit 2010“.""",
}

_ABOUT: Mapping[Language, str] = {
    "en": "I am not a language model: I recognise a few kinds of questions and say what the figures show, nothing "
    "more. To connect a real model, set `OPENAI_API_KEY` or `OPENAI_BASE_URL` and `CHAT_MODEL` in `.env` and restart.",
    "de": "Ich bin kein Sprachmodell: Ich erkenne ein paar Arten von Fragen und sage, was die Zahlen zeigen, mehr "
    "nicht. Um ein echtes Modell zu verbinden, setzen Sie `OPENAI_API_KEY` oder `OPENAI_BASE_URL` und `CHAT_MODEL` in "
    "`.env` und starten neu.",
}

_OPENINGS: Mapping[Language, Mapping[Topic, str]] = {
    "en": {
        "help": "I am the demo model built into this program.",
        "greeting": "Hello! I am the demo model built into this program.",
        "thanks": "You are welcome. Ask for another country, currency or period whenever you like.",
        "unknown": "That is beyond me: I am only the built-in demo model and did not understand the question.",
    },
    "de": {
        "help": "Ich bin das Demo-Modell, das in dieses Programm eingebaut ist.",
        "greeting": "Hallo! Ich bin das Demo-Modell, das in dieses Programm eingebaut ist.",
        "thanks": "Gern geschehen. Fragen Sie jederzeit nach einem anderen Land, einer Währung oder einem Zeitraum.",
        "unknown": "Das kann ich nicht: Ich bin nur das eingebaute Demo-Modell und habe die Frage nicht verstanden.",
    },
}

_PHRASES: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "unavailable": "I understood the question, but the tool that would look this up is not available here.",
        "failed": "no figures.",
        "short": "The card has the figures; there are too few years or days of them to tell a direction from.",
        "note": "Mind the note on the card: these are not the current figures.",
        "wordless": "something was found, but in a form that I cannot put into words.",
        "more": "… and more",
    },
    "de": {
        "unavailable": "Ich habe die Frage verstanden, aber das Werkzeug zum Nachschlagen gibt es hier nicht.",
        "failed": "keine Zahlen.",
        "short": "Die Zahlen stehen auf der Karte; für eine Richtung sind es zu wenige Jahre oder Tage.",
        "note": "Beachten Sie den Hinweis auf der Karte: Das sind nicht die aktuellen Zahlen.",
        "wordless": "Es wurde etwas gefunden, aber in einer Form, die ich nicht in Worte fassen kann.",
        "more": "… und mehr",
    },
}


def talk(topic: Topic, language: Language = "en") -> str:
    """Return the answer to a question that needs no figures, or that was not understood."""
    opening = _OPENINGS[language].get(topic, _OPENINGS[language]["unknown"])
    if topic == "thanks":
        return f"{opening}\n\n{_CLOSING[language]}"
    return f"{opening}\n\n{_ABILITIES[language]}\n\n{_ABOUT[language]}"


def unavailable(language: Language = "en") -> str:
    """Return the answer if the tools for a question are not available."""
    return f"{_PHRASES[language]['unavailable']}\n\n{_CLOSING[language]}"


def report(results: Sequence[tuple[ToolCall, str]], language: Language = "en") -> str:
    """Return the answer to the results of tool calls; each result is the text that the tool wrote for a model."""
    parts = [_part(call, _loaded(content), language) for call, content in results]
    return "\n\n".join([*(part for part in parts if part), _CLOSING[language]])


def _loaded(content: str) -> Any:
    try:
        return json.loads(content, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError):
        return content


def _part(call: ToolCall, result: Any, language: Language) -> str:
    phrases = _PHRASES[language]
    if not isinstance(result, dict):
        return _repeat(call, result, language)
    if "error" in result:
        return f"{_call_title(call)}: {phrases['failed']} {_line(result['error'])}"
    sentences = _sentences(result, language)
    if not sentences and not _has_figures(result):
        return _plain_fields(call, result, language)
    note = [phrases["note"]] if result.get("note") else []
    return " ".join([*(sentences or [phrases["short"]]), *note])


def _sentences(result: Mapping[str, Any], language: Language) -> list[str]:
    base, quote, history = result.get("base"), result.get("quote"), result.get("history")
    if base and quote:
        return about_rate(_line(base), _line(quote), history, language)
    return about_history(history, language)


def _has_figures(result: Mapping[str, Any]) -> bool:
    """Return whether the result has a card with figures."""
    figures = result.get("figures")
    return isinstance(figures, list) and any(isinstance(each, dict) and each.get("value") for each in figures)


# Results of any other form


def _repeat(call: ToolCall, result: Any, language: Language) -> str:
    """Repeat a result that is a sentence; say that any other cannot be described."""
    if isinstance(result, str) and not result.startswith(("{", "[")):
        return f"{_call_title(call)}: {_line(result)}"
    return f"{_call_title(call)}: {_PHRASES[language]['wordless']}"


def _plain_fields(call: ToolCall, result: Mapping[str, Any], language: Language) -> str:
    fields = [f"{_line(key)}: {_line(value)}" for key, value in result.items() if isinstance(value, str) and value]
    if not fields:
        return _repeat(call, None, language)
    lines = [f"- {field}" for field in fields[:MAX_FIGURES]]
    if len(fields) > MAX_FIGURES:
        lines.append(f"- {_PHRASES[language]['more']}")
    return f"{_call_title(call)}:\n\n" + "\n".join(lines)


def _call_title(call: ToolCall) -> str:
    """Return the title of a call, from its arguments."""
    arguments = _loaded(call.arguments)
    values = arguments.values() if isinstance(arguments, dict) else ()
    return f"**{_capital(_line(', '.join(_argument_texts(values)))) or call.name}**"


def _argument_texts(values: Iterable[Any]) -> Iterable[str]:
    for value in values:
        if isinstance(value, list):
            yield from _argument_texts(value)
        elif isinstance(value, str) and not value.isdecimal():  # numbers were decoded as text
            yield value.replace("_", " ")


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _line(value: Any, most: int = MAX_LINE) -> str:
    """Return any value on one line of limited length."""
    text = " ".join((value if isinstance(value, str) else _compact(value)).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
