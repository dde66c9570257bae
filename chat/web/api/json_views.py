"""Answers of the API, made from the store's records."""

from __future__ import annotations

import datetime
from typing import Any

import msgspec
from msgspec import UNSET

from chat.messages import Answer, ToolCallRecord
from chat.store import records
from chat.store.records import BranchPage, SearchHit
from chat.turns import event_data
from chat.web.api.schemas import (
    Conversation,
    ConversationWithMessages,
    ListedConversation,
    Message,
    SharedConversation,
    Snippet,
    ToolCall,
    Turn,
)


def time(milliseconds: int) -> str:
    """Return a time as ISO 8601 text in UTC, from milliseconds since 1970."""
    moment = datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def conversation(record: records.Conversation) -> Conversation:
    """Return a conversation."""
    return Conversation(**conversation_fields(record))


def conversation_fields(record: records.Conversation) -> dict[str, Any]:
    """Return the fields that each form of a conversation has."""
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


def listed(record: records.Conversation) -> ListedConversation:
    """Return a conversation of a list."""
    return ListedConversation(**conversation_fields(record))


def search_hit(hit: SearchHit) -> ListedConversation:
    """Return a conversation with the text that matched a search."""
    stored = hit.snippet
    snippet = Snippet(text=stored.text, marks=stored.marks, message_id=stored.message_id)
    return ListedConversation(**conversation_fields(hit.conversation), snippet=snippet)


def with_all_messages(
    record: records.Conversation, messages: list[records.Message], *, shared: bool
) -> ConversationWithMessages:
    """Return a conversation with the messages of all branches. `shared`: a link to it exists."""
    return ConversationWithMessages(
        **conversation_fields(record),
        head_id=record.head_id,
        shared=shared,
        messages=[message(each) for each in messages],
    )


def with_page(record: records.Conversation, page: BranchPage, *, shared: bool) -> ConversationWithMessages:
    """Return a conversation with a page of a branch."""
    return ConversationWithMessages(
        **conversation_fields(record),
        head_id=record.head_id,
        shared=shared,
        leaf_id=page.leaf_id,
        messages=[_message_of_page(each, page) for each in page.messages],
        previous=page.messages[0].id if page.more else None,
    )


def message(record: records.Message) -> Message:
    """Return a message; an answer with its turn and tool calls."""
    return Message(**_message_fields(record))


def shared(share: records.Share, title: str, messages: list[records.Message]) -> SharedConversation:
    """Return a shared conversation, without any field that identifies its owner."""
    return SharedConversation(
        title=title, created_at=time(share.created_at), messages=[message(each) for each in messages]
    )


def turn(record: records.Turn, answer: Answer) -> Turn:
    """Return a turn with its answer, complete or partial."""
    return Turn(
        id=record.id,
        status=record.status,
        text=answer.text,
        conversation_id=record.conversation_id,
        user_message_id=record.user_message_id,
        message_id=record.message_id,
        mode=record.mode,
        started_at=time(record.started_at),
        ended_at=None if record.ended_at is None else time(record.ended_at),
        **_turn_fields(record),
        **_answer_fields(answer.reasoning, answer.tool_calls),
    )


def _message_of_page(record: records.Message, page: BranchPage) -> Message:
    feedback = UNSET if record.turn is None else page.feedback.get(record.id)
    return Message(**_message_fields(record), siblings=page.siblings[record.id], feedback=feedback)


def _message_fields(record: records.Message) -> dict[str, Any]:
    fields = {
        "id": record.id,
        "parent_id": record.parent_id,
        "role": record.role,
        "text": record.text,
        "status": "completed" if record.turn is None else record.turn.status,
        "created_at": time(record.created_at),
    }
    if record.turn is None:
        return fields
    return fields | _turn_fields(record.turn) | _answer_fields(record.reasoning, record.tool_calls)


def _turn_fields(record: records.Turn) -> dict[str, Any]:
    ended = record.ended_at is not None
    return {
        "turn_id": record.id,
        "model": record.model,
        "error": UNSET if record.error is None else event_data.error_data(record.error),
        "usage": event_data.usage_data(record.usage) if ended else UNSET,
        "duration_ms": record.duration_ms if ended else UNSET,
        "notices": event_data.notices(record),
    }


def _answer_fields(reasoning: str, tool_calls: tuple[ToolCallRecord, ...]) -> dict[str, Any]:
    return {"tool_calls": [_tool_call(record) for record in tool_calls], "reasoning": reasoning or UNSET}


def _tool_call(record: ToolCallRecord) -> ToolCall:
    call = event_data.tool_call_data(record)
    result = UNSET if record.result is None else event_data.tool_result_data(record)
    return ToolCall(**msgspec.structs.asdict(call), text_offset=record.text_offset, result=result)
