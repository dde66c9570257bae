"""A conversation as a Markdown document.

Messages are copied unchanged: answers are Markdown already. Results of tools are plain text and are escaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from chat.messages import ToolCallRecord
from chat.store.records import Conversation, Message
from chat.web.api import json_views

_ROLES = {"user": "You", "assistant": "Assistant"}
_SPECIAL = re.compile(r"([\\`*_\[\]<>|#~&])")
_ENDINGS = {
    "stopped": "Stopped before the answer was complete.",
    "failed": "The answer failed.",
    "interrupted": "Interrupted before the answer was complete.",
    "running": "The answer was still being written.",
}


def document(conversation: Conversation, messages: list[Message]) -> str:
    """Return the title, then each message under its role, separated by blank lines."""
    date = (json_views.time(conversation.created_at) or "")[:10]
    blocks = [f"# {escaped(conversation.title) or 'Conversation'}", f"*{date}*"]
    for message in messages:
        blocks.extend(_message(message))
    return "\n\n".join(block.strip("\n") for block in blocks if block.strip()) + "\n"


def escaped(text: str) -> str:
    """Return Markdown that shows the plain text on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def _message(message: Message) -> Iterator[str]:
    yield f"## {_ROLES.get(message.role, message.role)}"
    end = 0
    for record in message.tool_calls:
        yield _with_closed_fence(message.text[end : record.text_offset])
        end = record.text_offset
        yield from _tool_call(record)
    yield _with_closed_fence(message.text[end:])
    if message.turn is not None and message.turn.status in _ENDINGS:
        reason = _ENDINGS[message.turn.status] if message.turn.error is None else message.turn.error.message
        yield f"*{escaped(reason)}*"


def _with_closed_fence(text: str) -> str:
    """Close an unfinished code block, which would otherwise contain the text that follows."""
    fences = re.findall(r"^ {0,3}(`{3,}|~{3,})", text, re.MULTILINE)
    return f"{text.rstrip()}\n{fences[-1]}" if len(fences) % 2 else text


def _tool_call(record: ToolCallRecord) -> Iterator[str]:
    result = record.result
    outcome = "No result" if result is None else result.summary if result.ok else f"Failed: {result.summary}"
    yield f"> **{escaped(record.label or record.call.name)}**\n>\n> {escaped(outcome)}"
    if result is not None and result.data is not None:
        yield from _data(result.data)


def _data(data: dict[str, Any]) -> Iterator[str]:
    """Yield the tables and sources of a result (see docs/tools.md). Charts are left out; tables have their values."""
    if data.get("note"):
        yield f"*{escaped(str(data['note']))}*"
    for table in data.get("tables") or ():
        yield f"**{escaped(str(table.get('title') or 'Table'))}**"
        yield _table(table.get("columns") or [], table.get("rows") or [])
    sources = [_source(source) for source in data.get("sources") or ()]
    if sources:
        yield "Sources:\n" + "\n".join(f"- {source}" for source in sources)


def _table(columns: list[str], rows: list[list[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    cells = [[cell if number == 1 else escaped(str(cell)) for cell in line] for number, line in enumerate(lines)]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def _source(source: dict[str, Any]) -> str:
    dates = [f"{word} {source[word]}" for word in ("updated", "retrieved") if source.get(word)]
    name = escaped(str(source.get("name") or "Source"))
    address = str(source.get("url") or "")
    if re.fullmatch(r"https?://[^\s<>()\\]+", address):
        name = f"[{name}]({address})"
    return name + (f" ({escaped(', '.join(dates))})" if dates else "")
