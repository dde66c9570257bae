"""The demo model behind its seam: what it calls, and what it makes of the results."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date

import pytest

from chat.cancellation import Cancellation
from chat.llm.demo import DemoModel
from chat.messages import Delta, Message, TextDelta, ToolCall, ToolSpec, Usage

TOOLS = [ToolSpec(name, "", {"type": "object"}) for name in ("market_data", "compare_markets", "exchange_rate")]
MODEL = DemoModel(0, today=lambda: date(2026, 11, 23))

CHINA = {
    "economy": "China",
    "figures": [
        {"name": "GDP (current US$)", "value": "18.74 trillion US$", "year": "2024"},
        {"name": "GDP growth (annual, real)", "value": "4.98 %", "year": "2024"},
        {"name": "Listed domestic companies", "value": "no figure", "year": ""},
    ],
    "history": [
        {
            "title": "GDP growth (annual, real)",
            "unit": "%",
            "series": {"China": {"2000": None, "2001": 8.336, "2002": 9.134, "2024": 4.98}},
        }
    ],
    "source": {"name": "World Bank", "updated": "2026-07-01", "retrieved": "2026-11-23T10:00:00Z"},
}


def answer(messages: Sequence[Message], tools: Sequence[ToolSpec] = TOOLS) -> list[Delta]:
    return list(MODEL.stream("demo", messages, tools, Cancellation(20)))


def text(deltas: Sequence[Delta]) -> str:
    return "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


def calls(deltas: Sequence[Delta]) -> list[ToolCall]:
    return [delta for delta in deltas if isinstance(delta, ToolCall)]


def ask(*questions: str, tools: Sequence[ToolSpec] = TOOLS) -> list[Delta]:
    return answer([Message("user", question) for question in questions], tools)


def told(*contents: object, question: str = "Show me China and India market data") -> str:
    """What is said when the tools it calls find `contents`."""
    messages = [Message("user", question)]
    called = calls(answer(messages))[: len(contents)]
    messages.append(Message("assistant", "", tuple(called)))
    for call, content in zip(called, contents, strict=True):
        written = content if isinstance(content, str) else json.dumps(content)
        messages.append(Message("tool", written, tool_call_id=call.id))
    deltas = answer(messages)
    assert calls(deltas) == []
    return text(deltas)


def numbers(said: str) -> set[str]:
    return set(re.findall(r"\d[\d.,]*\d|\d", said))


def test_a_question_about_an_economy_calls_the_tool():
    deltas = ask("Show me China market data")
    assert [(call.name, json.loads(call.arguments)) for call in calls(deltas)] == [
        ("market_data", {"country": "China"})
    ]
    assert text(deltas) == ""
    assert isinstance(deltas[-1], Usage)


def test_two_economies_are_two_calls_at_once():
    called = calls(ask("China and India market data"))
    assert [json.loads(call.arguments)["country"] for call in called] == ["China", "India"]
    assert len({call.id for call in called}) == 2


def test_what_was_asked_before_is_what_a_question_refers_to():
    messages = [
        Message("system", "Be brief."),
        Message("user", "Show me China market data"),
        Message("assistant", "", (ToolCall("call_1", "market_data", "{}"),)),
        Message("tool", json.dumps(CHINA), tool_call_id="call_1"),
        Message("assistant", "There."),
        Message("user", "and India?"),
    ]
    (call,) = calls(answer(messages))
    assert json.loads(call.arguments) == {"country": "India"}
    assert call.id != "call_1"


def test_only_tools_that_there_are_get_called():
    assert calls(ask("Show me China market data", tools=TOOLS[1:])) == []
    assert "not available" in text(ask("Show me China market data", tools=[]))


@pytest.mark.parametrize("question", ["What can you do?", "hello", "Write me a poem about the sea", "thanks"])
def test_talk_calls_nothing_and_says_what_it_is(question):
    deltas = ask(question)
    assert calls(deltas) == []
    assert "demo model" in text(deltas)


@pytest.mark.parametrize("question", ["What can you do?", "hello", "Write me a poem about the sea"])
def test_it_says_what_it_understands_and_how_to_connect_a_real_model(question):
    said = text(ask(question))
    for word in ("China market data", "OPENAI_API_KEY", "OPENAI_BASE_URL", "CHAT_MODEL", ".env", "restart"):
        assert word in said


def test_what_it_offers_it_can_do():
    """Every example in its own words is a question that it understands."""
    examples = re.findall(r"“([^”]+)”", text(ask("help")))
    assert len(examples) >= 6
    for count, example in enumerate(examples, 1):
        assert calls(ask(*examples[:count])), example


def test_an_answer_states_the_figures_and_only_those():
    said = told(CHINA)
    for figure in ("18.74 trillion US$", "4.98 %", "2024", "8.336", "2001", "World Bank", "2026-07-01"):
        assert figure in said
    assert numbers(said) <= numbers(json.dumps(CHINA))
    assert "no figure" in said


def test_an_answer_ends_with_what_it_is_and_how_to_connect_a_model():
    closing = told(CHINA).rsplit("\n\n", 1)[1]
    for word in ("built-in demo model", "OPENAI_API_KEY", "OPENAI_BASE_URL", "CHAT_MODEL", ".env", "restart"):
        assert word in closing


def test_a_note_is_passed_on():
    note = "The World Bank cannot be reached, so these are figures bundled with this program."
    assert note in told(CHINA | {"note": note})


def test_a_long_note_keeps_its_end_and_an_endless_one_does_not():
    note = f"The source cannot be reached{', nor any other' * 20}, so these are annual averages, not today's rate."
    assert note in told(CHINA | {"note": note})
    assert len(told(CHINA | {"note": "word " * 5_000})) < 2_000


def test_a_comparison():
    result = {
        "indicator": "Inflation",
        "figures": [
            {"name": "India", "value": "4.9 %", "year": "2024"},
            {"name": "Brazil", "value": "4.4 %", "year": "2024"},
        ],
        "history": [
            {
                "title": "Inflation",
                "unit": "%",
                "series": {"India": {"2023": 5.65, "2024": 4.95}, "Brazil": {"2024": 4.37}},
            }
        ],
        "source": {"name": "World Bank"},
    }
    said = told(result, question="Compare inflation of India and Brazil")
    assert "India: **4.9 %** (2024)" in said
    assert "from 5.65 (2023) to 4.95 (2024)" in said
    assert numbers(said) <= numbers(json.dumps(result))


def test_an_exchange_rate():
    result = {
        "base": "euro (EUR)",
        "quote": "US dollar (USD)",
        "figures": [
            {"name": "Latest", "value": "1 EUR = 1.1523 USD", "date": "2026-11-20"},
            {"name": "Change", "value": "+3.10 %", "date": "2026-01-01 to 2026-11-20"},
        ],
        "history": {"2026-01-01": 1.1176, "2026-11-20": 1.1523},
        "source": {"name": "European Central Bank via Frankfurter", "updated": "2026-11-20"},
    }
    said = told(result, question="EUR/USD this year")
    for part in ("Euro (EUR) in US dollar (USD)", "1 EUR = 1.1523 USD", "2026-11-20", "+3.10 %", "Frankfurter"):
        assert part in said
    assert numbers(said) <= numbers(json.dumps(result))


def test_annual_averages_that_stand_in_for_an_exchange_rate():
    result = {
        "base": "euro (EUR)",
        "quote": "US dollar (USD)",
        "note": "The current rate could not be fetched: these are annual averages, not today's rate.",
        "figures": [
            {"name": "Annual average", "value": "1 EUR = 1.13 USD", "year": "2025"},
            {"name": "Annual average", "value": "1 EUR = 1.082 USD", "year": "2024"},
        ],
        "history": {"2023": 1.081, "2024": 1.082, "2025": 1.13},
        "source": {"name": "World Bank", "updated": "2026-07-01"},
    }
    said = told(result, question="EUR/USD this year")
    assert said.index(result["note"]) < said.index("Annual average: **1 EUR = 1.13 USD** (2025)")
    assert "Source: World Bank, last updated 2026-07-01." in said
    assert numbers(said) <= numbers(json.dumps(result))


def test_a_failure_is_said_plainly_beside_what_was_found():
    said = told(CHINA, {"error": "The World Bank cannot be reached. No figures are bundled for India."})
    assert "**India**: no figures. The World Bank cannot be reached. No figures are bundled for India." in said
    assert "18.74 trillion US$" in said


def test_nothing_but_failures_has_no_figure_in_it():
    said = told({"error": "Too many calls at once."}, {"error": "The call was interrupted."})
    assert numbers(said) == set()
    assert "Too many calls at once." in said
    assert "The call was interrupted." in said


@pytest.mark.parametrize(
    "content",
    [
        "The tool has been switched off.",
        "",
        "[1, 2, 3]",
        "17",
        "null",
        "{}",
        '{"economy": "China", "figures": [{"name": "GDP", "value": "18 tr',
        '{"figures": [5, null, {"name": "x"}]}',
        '{"figures": "none", "history": 5, "source": []}',
        '{"gdp": "18 trillion", "year": 2024}',
        '{"figures": [{"value": 5}], "history": [{"series": {"a": {"b": [1]}}}, 3, {"series": 4}], "source": "s"}',
        '{"error": {"code": 5}}',
        "[" * 50_000,
        '{"figures": [{"value": NaN}]}',
    ],
)
def test_results_of_any_shape_are_borne(content):
    said = told(content)
    assert said.endswith("*")
    assert len(said) < 2_000
    assert numbers(said) <= numbers(content)


def test_a_sentence_is_repeated():
    assert "The tool has been switched off." in told("The tool has been switched off.")


def test_fields_of_an_unknown_shape_are_listed():
    said = told({"gdp": "18 trillion", "year": 2024})
    assert "gdp: 18 trillion" in said
    assert "year: 2024" in said


def test_it_is_deterministic():
    for question in ("Show me China market data", "hello", "nonsense"):
        assert ask(question) == ask(question)
    assert told(CHINA) == told(CHINA)


def test_text_comes_in_words_and_whole():
    deltas = ask("hello")
    pieces = [delta.text for delta in deltas if isinstance(delta, TextDelta)]
    assert len(pieces) > 50
    assert all(len(piece.split()) <= 1 for piece in pieces)


def test_usage_counts_words():
    deltas = answer([Message("system", "one two"), Message("user", "hello")])
    (usage,) = [delta for delta in deltas if isinstance(delta, Usage)]
    assert usage == Usage(3, len(text(deltas).split()))


@pytest.mark.parametrize("messages", [[], [Message("system", "Be brief.")], [Message("tool", "{}", tool_call_id="x")]])
def test_a_conversation_without_a_question(messages):
    assert "demo model" in text(answer(messages))
