"""JSON of conversations, messages and turns, as the API returns them."""

from __future__ import annotations

import datetime
from typing import Any

from chat.messages import Answer, ToolCallRecord
from chat.store.records import BranchPage, Conversation, Message, SearchHit, Share, Turn
from chat.turns import event_data


def time(milliseconds: int | None) -> str | None:
    """Return a time as ISO 8601 text in UTC, from milliseconds since 1970."""
    if milliseconds is None:
        return None
    moment = datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def conversation(record: Conversation) -> dict[str, Any]:
    """Return a conversation as in lists."""
    return {
        "id": record.id,
        "title": record.title,
        "created_at": time(record.created_at),
        "updated_at": time(record.updated_at),
        "pinned": record.pinned,
        "running": record.active_turn_id is not None,
        "temporary": record.temporary,
        "archived": record.archived,
    }


def conversation_details(record: Conversation, *, shared: bool) -> dict[str, Any]:
    """Return a single conversation. `shared`: a link to it exists."""
    return conversation(record) | {"head_id": record.head_id, "shared": shared}


def search_hit(hit: SearchHit) -> dict[str, Any]:
    """Return a conversation with the text that matched a search."""
    snippet = hit.snippet
    view = {"text": snippet.text, "marks": snippet.marks, "message_id": snippet.message_id}
    return conversation(hit.conversation) | {"snippet": view}


def message(record: Message) -> dict[str, Any]:
    """Return a message; an answer with its turn and tool calls."""
    view = {
        "id": record.id,
        "parent_id": record.parent_id,
        "role": record.role,
        "text": record.text,
        "status": "completed" if record.turn is None else record.turn.status,
        "created_at": time(record.created_at),
    }
    if record.turn is None:
        return view
    return view | _turn_fields(record.turn) | _answer_fields(record.reasoning, record.tool_calls)


def branch(page: BranchPage) -> dict[str, Any]:
    """Return a page of a branch.

    `previous` is the value of `before` for the next request, or None at the branch's beginning.
    """
    messages = []
    for record in page.messages:
        siblings = {"siblings": page.siblings[record.id]}
        feedback = {} if record.turn is None else {"feedback": page.feedback.get(record.id)}
        messages.append(message(record) | siblings | feedback)
    return {
        "leaf_id": page.leaf_id,
        "messages": messages,
        "previous": page.messages[0].id if page.more else None,
    }


def shared(share: Share, title: str, messages: list[Message]) -> dict[str, Any]:
    """Return a shared conversation, without any field that identifies its owner."""
    return {"title": title, "created_at": time(share.created_at), "messages": [message(each) for each in messages]}


def turn(record: Turn, answer: Answer) -> dict[str, Any]:
    """Return a turn with its answer, complete or partial."""
    return {
        "id": record.id,
        "status": record.status,
        "text": answer.text,
        "conversation_id": record.conversation_id,
        "user_message_id": record.user_message_id,
        "message_id": record.message_id,
        "mode": record.mode,
        "started_at": time(record.started_at),
        "ended_at": time(record.ended_at),
        **_turn_fields(record),
        **_answer_fields(answer.reasoning, answer.tool_calls),
    }


def _turn_fields(record: Turn) -> dict[str, Any]:
    view: dict[str, Any] = {"turn_id": record.id, "model": record.model}
    if record.error is not None:
        view["error"] = event_data.error_data(record.error)
    if record.ended_at is not None:
        view |= {"usage": event_data.usage_data(record.usage), "duration_ms": record.duration_ms}
    return view | event_data.notices_data(record)


def _answer_fields(reasoning: str, tool_calls: tuple[ToolCallRecord, ...]) -> dict[str, Any]:
    view: dict[str, Any] = {"tool_calls": [_tool_call(record) for record in tool_calls]}
    return view | ({"reasoning": reasoning} if reasoning else {})


def _tool_call(record: ToolCallRecord) -> dict[str, Any]:
    view = event_data.tool_call_data(record) | {"text_offset": record.text_offset}
    if record.result is not None:
        view["result"] = event_data.tool_result_data(record)
    return view
