"""The demo model behind its interface: its calls, and its answers to the results."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date

import pytest

from chat.cancellation import Cancellation
from chat.llm.contract import GO_ON, INTERRUPTED
from chat.llm.demo.model import DemoModel
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


def reply_to(*contents: object, question: str = "Show me China and India market data") -> str:
    """Return the answer when the tools return `contents`."""
    messages = [Message("user", question)]
    called = calls(answer(messages))[: len(contents)]
    messages.append(Message("assistant", "", tuple(called)))
    for call, content in zip(called, contents, strict=True):
        written = content if isinstance(content, str) else json.dumps(content)
        messages.append(Message("tool", written, tool_call_id=call.id))
    deltas = answer(messages)
    assert calls(deltas) == []
    return text(deltas)


def numbers(reply: str) -> set[str]:
    return set(re.findall(r"\d[\d.,]*\d|\d", reply))


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
    reply = text(ask(question))
    for word in ("China market data", "OPENAI_API_KEY", "OPENAI_BASE_URL", "CHAT_MODEL", ".env", "restart"):
        assert word in reply


def test_what_it_offers_it_can_do():
    """Check that the model understands each example that it offers."""
    for question, quoted in (("help", r"“([^”]+)”"), ("Hilfe", r"„([^“]+)“")):
        examples = re.findall(quoted, text(ask(question)))
        assert len(examples) >= 6
        for count, example in enumerate(examples, 1):
            assert calls(ask(*examples[:count])), example


CARD = [
    pytest.param(CHINA, "Show me China market data", id="an economy"),
    pytest.param(
        CHINA | {"figures": [{"name": "GDP (current US$)", "value": "18.74 trillion US$", "year": "2024"}]},
        "Zeig mir Marktdaten zu China",
        id="in German",
    ),
]


@pytest.mark.parametrize(("result", "question"), CARD)
def test_an_answer_says_what_the_figures_show_and_repeats_none_of_the_card(result, question):
    reply = reply_to(result, question=question).rsplit("\n\n", 1)[0]
    assert 2 <= len(re.findall(r"[.](?:\s|$)", reply)) <= 3
    for figure in result["figures"]:
        if figure["value"] != "no figure":
            assert figure["value"] not in reply
            assert figure["value"].replace(".", ",") not in reply
    for word in ("2026-07-01", "Source", "Quelle", "- "):
        assert word not in reply
    years = {number for number in numbers(reply) if re.fullmatch(r"(?:19|20)\d\d", number)}
    assert years <= numbers(json.dumps(result))


def test_an_answer_ends_with_what_it_is_and_how_to_connect_a_model():
    closing = reply_to(CHINA).rsplit("\n\n", 1)[1]
    for word in ("built-in demo model", "OPENAI_API_KEY", "OPENAI_BASE_URL", "CHAT_MODEL", ".env", "restart"):
        assert word in closing


def test_a_note_on_the_card_is_pointed_to():
    note = "The World Bank cannot be reached, so these are figures bundled with this program."
    assert "Mind the note on the card" in reply_to(CHINA | {"note": note})
    assert "Beachten Sie den Hinweis" in reply_to(CHINA | {"note": note}, question="Zeig mir Marktdaten zu China")
    assert "Mind the note" not in reply_to(CHINA)


GROWTH = "GDP growth (annual, real)"


def answer_to_chart(series, title=GROWTH, unit="%", question="Show me China market data"):
    """Return the answer to a card with one chart of these series."""
    figures = [{"name": title, "value": "1 %", "year": "2024"}]
    result = {"figures": figures, "history": [{"title": title, "unit": unit, "series": series}]}
    return reply_to(result, question=question).rsplit("\n\n", 1)[0]


def yearly(*values, first=2010):
    return {str(first + index): value for index, value in enumerate(values)}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((8, 8, 8, 8, 8, 5, 5, 5, 5, 5), ["lower than before", "averaging 5.0% over the last 3 years against 8.0%"]),
        ((1, 1, 1, 4, 4, 4), ["higher than before"]),
        ((3, 3.1, 2.9, 3, 3.1, 3), ["hardly different from before"]),
        ((5, 5.2, 4.9, -4, 5.1, 5), ["bottomed out in 2013", "what stands out is 2014, when it rose by 9.1"]),
        ((1, 2, 3, 4, 5, 6), ["peaked in 2015 and bottomed out in 2010", "no year that stands out"]),
    ],
)
def test_a_rate_has_a_direction_turning_points_and_the_unusual(values, expected):
    reply = answer_to_chart({"China": yearly(*values)})
    for part in expected:
        assert part in reply


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((1, 2, 3, 4), "has grown about 4-fold since 2010, without a single fall."),
        ((10, 9, 11, 12), "has grown by about 20% since 2010, falling only in 2011."),
        ((10, 9, 11, 8, 7), "has fallen by about 30% since 2010, falling only in 2011, 2013 and 2014."),
        ((10, 10.1, 10.2), "has hardly changed since 2010, without a single fall."),
    ],
)
def test_an_amount_is_told_by_how_often_as_large_and_when_it_fell(values, expected):
    assert expected in answer_to_chart({"China": yearly(*values)}, "GDP (current US$)", "trillion US$")


def test_in_german_numbers_and_names_are_german():
    question = "Zeig mir Marktdaten zu Deutschland"
    reply = answer_to_chart({"Germany": yearly(8.5, 8.5, 8.5, 5.25, 5.25, 5.25)}, question=question)
    assert reply.startswith("Das reale Wachstum (Deutschland) ist heute niedriger als früher: im Mittel")
    assert "8,5\u00a0%" in reply
    assert "eingebaute Demo-Modell" in reply_to(CHINA, question=question)


def test_a_comparison():
    series = {"India": yearly(5, 6, -6, 7), "China": yearly(8, 7, 2, 5), "Brazil": yearly(1, 2, -4, 2)}
    reply = answer_to_chart(series, question="Compare GDP growth of India, China and Brazil")
    assert reply == (
        "Real growth: India has the highest latest figure and Brazil the lowest. Since 2010 it has risen most in India "
        "and fallen most in China. What stands out is 2012, the lowest point for most of them."
    )
    german = answer_to_chart(series, question="Vergleiche das BIP-Wachstum von Indien, China und Brasilien")
    assert "Vorn liegt zuletzt Indien, am Ende Brasilien." in german


def rate(history, question="EUR/USD this year"):
    result = {
        "base": "euro (EUR)",
        "quote": "US dollar (USD)",
        "figures": [{"name": "Latest", "value": "1 EUR = 1.1523 USD", "date": "2026-11-20"}],
        "history": history,
    }
    reply = reply_to(result, question=question).rsplit("\n\n", 1)[0]
    assert "1.1523" not in reply
    return reply


def test_an_exchange_rate():
    history = {"2026-01-02": 1.10, "2026-03-14": 1.20, "2026-08-25": 1.08, "2026-11-20": 1.15}
    assert rate(history) == (
        "The euro has gained against the US dollar since 2 January 2026. It rose until mid-March, fell until late "
        "August and has recovered since. Its low and its high are 11.1% apart, without a jump that stands out."
    )
    assert rate(history, "Wie hat sich der Euro dieses Jahr zum Dollar entwickelt?") == (
        "Euro gegen US-Dollar: Seit dem 2. Januar 2026 hat der Kurs zugelegt. Er stieg bis Mitte März, fiel bis Ende "
        "August und zog seither wieder an. Zwischen Tief und Hoch liegen 11,1\u00a0%, ohne einen auffälligen Sprung."
    )
    assert "has hardly moved" in rate({"2026-01-02": 1.10, "2026-03-14": 1.101, "2026-11-20": 1.1})
    assert "has lost ground clearly" in rate({"2026-01-02": 1.30, "2026-03-14": 1.2, "2026-11-20": 1.1})


def test_too_few_figures_have_no_direction():
    assert "too few" in answer_to_chart({"China": yearly(1, 2)})
    assert "too few" in rate({"2026-01-02": 1.10})
    assert "zu wenige" in rate({"2026-01-02": 1.10}, "Euro in Dollar in diesem Jahr")


def test_a_failure_is_said_plainly_beside_what_was_found():
    reply = reply_to(CHINA, {"error": "The World Bank cannot be reached. No figures are bundled for India."})
    assert "**India**: no figures. The World Bank cannot be reached. No figures are bundled for India." in reply
    assert "Real growth" in reply or "real growth" in reply


def test_nothing_but_failures_has_no_figure_in_it():
    reply = reply_to({"error": "Too many calls at once."}, {"error": "The call was interrupted."})
    assert numbers(reply) == set()
    assert "Too many calls at once." in reply
    assert "The call was interrupted." in reply


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
    reply = reply_to(content)
    assert reply.endswith("*")
    assert len(reply) < 2_000
    assert numbers(reply) <= numbers(content)


def test_a_sentence_is_repeated():
    assert "The tool has been switched off." in reply_to("The tool has been switched off.")


def test_fields_of_an_unknown_shape_are_listed():
    reply = reply_to({"gdp": "18 trillion", "year": 2024})
    assert "gdp: 18 trillion" in reply
    assert "year: 2024" in reply


def test_it_is_deterministic():
    for question in ("Show me China market data", "hello", "nonsense"):
        assert ask(question) == ask(question)
    assert reply_to(CHINA) == reply_to(CHINA)


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


@pytest.mark.parametrize("cut_after", [0, 1, 20, 200])
def test_an_answer_that_was_cut_goes_on_where_it_ended(cut_after: int) -> None:
    question = Message("user", "What can you do?")
    whole = "".join(d.text for d in answer([question]) if isinstance(d, TextDelta))
    cut = [question, Message("assistant", whole[:cut_after]), Message("user", GO_ON)]
    assert "".join(d.text for d in answer(cut) if isinstance(d, TextDelta)) == whole[cut_after:]


def test_calls_that_were_cut_are_made_again() -> None:
    call = ToolCall("call_1", "market_data", '{"country":"China"}')
    cut = [
        Message("user", "Show me China market data"),
        Message("assistant", "", (call,)),
        Message("tool", INTERRUPTED, tool_call_id="call_1"),
        Message("user", GO_ON),
    ]
    calls = [delta for delta in answer(cut) if isinstance(delta, ToolCall)]
    assert [(each.name, each.arguments) for each in calls] == [(call.name, call.arguments)]
