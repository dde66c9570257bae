"""What the API gives out of conversations, messages and turns."""

from __future__ import annotations

import datetime
from typing import Any

from chat.messages import Answer, ToolCallRecord
from chat.store.records import BranchPage, Conversation, Message, SearchHit, Share, Turn
from chat.turns import event_data


def time(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    moment = datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def conversation(record: Conversation) -> dict[str, Any]:
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


def opened(record: Conversation, *, shared: bool) -> dict[str, Any]:
    """A conversation that is asked for by itself; `shared` is whether a link to it is out."""
    return conversation(record) | {"head_id": record.head_id, "shared": shared}


def found(hit: SearchHit) -> dict[str, Any]:
    snippet = hit.snippet
    shown = {"text": snippet.text, "marks": snippet.marks, "message_id": snippet.message_id}
    return conversation(hit.conversation) | {"snippet": shown}


def message(record: Message) -> dict[str, Any]:
    shown = {
        "id": record.id,
        "parent_id": record.parent_id,
        "role": record.role,
        "text": record.text,
        "status": "completed" if record.turn is None else record.turn.status,
        "created_at": time(record.created_at),
    }
    if record.turn is None:
        return shown
    return shown | _of_turn(record.turn) | _of_answer(record.reasoning, record.tool_calls)


def branch(page: BranchPage) -> dict[str, Any]:
    """`previous` is what the next request's `before` takes, or None at the branch's beginning."""
    shown = []
    for record in page.messages:
        beside = {"siblings": page.siblings[record.id]}
        given = {} if record.turn is None else {"feedback": page.feedback.get(record.id)}
        shown.append(message(record) | beside | given)
    return {
        "leaf_id": page.leaf_id,
        "messages": shown,
        "previous": page.messages[0].id if page.more else None,
    }


def shared(share: Share, title: str, messages: list[Message]) -> dict[str, Any]:
    """Nothing in it tells whose it is."""
    return {"title": title, "created_at": time(share.created_at), "messages": [message(each) for each in messages]}


def turn(record: Turn, answer: Answer) -> dict[str, Any]:
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
        **_of_turn(record),
        **_of_answer(answer.reasoning, answer.tool_calls),
    }


def _of_turn(record: Turn) -> dict[str, Any]:
    shown: dict[str, Any] = {"turn_id": record.id, "model": record.model}
    if record.error is not None:
        shown["error"] = event_data.error_data(record.error)
    if record.ended_at is not None:
        shown |= {"usage": event_data.usage_data(record.usage), "duration_ms": record.duration_ms}
    return shown | event_data.notices_data(record)


def _of_answer(reasoning: str, tool_calls: tuple[ToolCallRecord, ...]) -> dict[str, Any]:
    shown: dict[str, Any] = {"tool_calls": [_tool_call(record) for record in tool_calls]}
    return shown | ({"reasoning": reasoning} if reasoning else {})


def _tool_call(record: ToolCallRecord) -> dict[str, Any]:
    shown = event_data.tool_call_data(record) | {"text_offset": record.text_offset}
    if record.result is not None:
        shown["result"] = event_data.tool_result_data(record)
    return shown
