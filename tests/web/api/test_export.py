"""GET /api/conversations/<id>/export: a conversation as a file."""

from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient
from werkzeug.http import parse_options_header

from chat.messages import Answer, TextDelta, ToolCall, ToolCallRecord, ToolResult, Usage
from chat.store.records import Conversation, Message
from chat.web.api import markdown
from chat.web.api.export import file_name
from tests.conftest import ScriptedModel

from ..api_client import assert_error, converse, exchange


def export(client: FlaskClient, conversation_id: int, form: str):
    answer = client.get(f"/api/conversations/{conversation_id}/export?format={form}")
    assert answer.status_code == 200, answer.text
    kind, options = parse_options_header(answer.headers["Content-Disposition"])
    assert kind == "attachment"
    return options["filename"], answer


def test_json_has_all_that_the_api_tells(alice: FlaskClient) -> None:
    conversation = converse(alice, title="Markets: China/India?")
    exchange(alice, conversation, "Q1")
    exchange(alice, conversation, "Q1, put better", parent_id=None)
    name, answer = export(alice, conversation, "json")
    assert (name, answer.mimetype) == ("Markets-China-India.json", "application/json")
    body = alice.get(f"/api/conversations/{conversation}").json
    exported = json.loads(answer.data)
    assert exported["exported_by"].startswith("Parley ")
    # The export does not tell whether the conversation is shared.
    del body["shared"]
    assert {key: exported[key] for key in body} == body
    assert len(exported["messages"]) == 4


def test_markdown_has_the_branch_that_is_shown(alice: FlaskClient) -> None:
    conversation = converse(alice, title="Über *alles*")
    exchange(alice, conversation, "Q1")
    exchange(alice, conversation, "Q1, put better", parent_id=None)
    name, answer = export(alice, conversation, "md")
    assert (name, answer.content_type) == ("Über-alles.md", "text/markdown; charset=utf-8")
    lines = answer.text.split("\n\n")
    assert lines[0] == "# Über \\*alles\\*"
    assert lines[2:] == ["## You", "Q1, put better", "## Assistant", "You said: Q1, put better\n"]


def test_an_empty_one(alice: FlaskClient, conversation: int) -> None:
    name, answer = export(alice, conversation, "md")
    assert (name, answer.text[:15]) == ("conversation.md", "# Conversation\n")


def test_a_temporary_one(alice: FlaskClient) -> None:
    conversation = converse(alice, temporary=True)
    exchange(alice, conversation, "Just between us")
    assert "Just between us" in export(alice, conversation, "md")[1].text


def test_a_failed_call_and_its_place(alice: FlaskClient, conversation: int, model: ScriptedModel) -> None:
    model.will(TextDelta("Let me see. "), ToolCall("call_1", "no_such_tool", "{}"), Usage(1, 1))
    model.will(TextDelta("It failed."), Usage(1, 1))
    exchange(alice, conversation, "Q")
    _, answer = export(alice, conversation, "md")
    first, call, last = (answer.text.index(text) for text in ("Let me see.", "> Failed: ", "It failed."))
    assert first < call < last


@pytest.mark.parametrize("form", ["", "pdf", "MD"])
def test_other_formats(alice: FlaskClient, conversation: int, form: str) -> None:
    assert_error(alice.get(f"/api/conversations/{conversation}/export?format={form}"), 422, "invalid_value", "format")


RESULT = ToolResult(
    "{}",
    "China | GDP",
    {
        "title": "China",
        "note": "Bundled figures.",
        "tables": [
            {"title": "Main *indicators*", "columns": ["Indicator", "a|b"], "rows": [["GDP\nnow", "<b>1</b> | 2"]]}
        ],
        "charts": [],
        "sources": [
            {"name": "World Bank", "url": "https://data.worldbank.org/country/CN", "updated": "2026-07-13"},
            {"name": "Odd [one]", "url": "javascript:alert(1)"},
        ],
    },
)


def written(text: str, *calls: ToolCallRecord) -> str:
    answer = Answer(text, tool_calls=calls)
    message = Message(2, 1, 1, "assistant", answer.text, "", 0, answer.tool_calls)
    return markdown.document(Conversation(1, 1, "T", False, 0, 0, 2, None), [message])


def test_a_result_with_its_tables_and_sources() -> None:
    call = ToolCallRecord(ToolCall("c", "market_data", "{}"), "Looking up China", 0, 7, RESULT)
    assert written("Before.\n\nAfter.", call).partition("## Assistant\n\n")[2] == (
        "Before.\n\n"
        "> **Looking up China**\n>\n> China \\| GDP\n\n"
        "*Bundled figures.*\n\n"
        "**Main \\*indicators\\***\n\n"
        "| Indicator | a\\|b |\n| --- | --- |\n| GDP now | \\<b\\>1\\</b\\> \\| 2 |\n\n"
        "Sources:\n"
        "- [World Bank](https://data.worldbank.org/country/CN) (updated 2026-07-13)\n"
        "- Odd \\[one\\]\n\n"
        "After.\n"
    )


def test_code_that_was_cut_short_swallows_nothing() -> None:
    assert written("See:\n```python\nx = 1").endswith("```python\nx = 1\n```\n")
    assert written("```\nx\n```").endswith("## Assistant\n\n```\nx\n```\n")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("", "conversation"),
        ("...", "conversation"),
        ("../../etc/passwd", "etc-passwd"),
        ('a\\b:c*d?e"f<g>h|i\n\x00j', "a-b-c-d-e-f-g-h-i-j"),
        ("CON", "_CON"),
        ("nul.txt", "nul-txt"),
        ("com1", "_com1"),
        ("中国市场", "中国市场"),
        ("\u202egpj.exe", "gpj-exe"),
        (" trailing. ", "trailing"),
        ("🚀", "conversation"),
        ("x" * 200, "x" * 60),
    ],
)
def test_names_that_every_system_takes(title: str, name: str) -> None:
    assert file_name(title, "md") == f"{name}.md"
    assert len(file_name("漢" * 200, "json").encode()) < 255
