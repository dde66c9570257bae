"""Conversation memory in the worker itself: a least-recently-used cache, bounded in bytes."""

from __future__ import annotations

from collections.abc import Sequence

from chat.memory.bounded_entries import BoundedEntries
from chat.memory.contract import MemoryEntry
from chat.messages import Message, ToolCall
from chat.runtime.clock import MACHINE_CLOCK, Clock

# Size of a Message or ToolCall in CPython with its strings' headers, and of an entry: measured, rounded up.
_MESSAGE_BYTES = 400
_CALL_BYTES = 400
_ENTRY_BYTES = 600


class LocalMemory:
    """ConversationMemory of one worker."""

    def __init__(self, limit_bytes: int, clock: Clock = MACHINE_CLOCK) -> None:
        self._entries: BoundedEntries[tuple[int, tuple[Message, ...]]] = BoundedEntries(limit_bytes, clock)

    @property
    def bytes(self) -> int:
        return self._entries.bytes

    @property
    def limit_bytes(self) -> int:
        return self._entries.limit_bytes

    def get(self, conversation_id: int, ends_at: int | None) -> tuple[Message, ...] | None:
        entry = self._entries.get(conversation_id)
        if entry is None or entry[0] != ends_at:
            return None
        self._entries.use(conversation_id)
        return entry[1]

    def put(self, conversation_id: int, ends_at: int, messages: Sequence[Message]) -> None:
        size = _ENTRY_BYTES + sum(_size(message) for message in messages)
        self._entries.put(conversation_id, (ends_at, tuple(messages)), messages, size)

    def drop(self, conversation_id: int) -> None:
        self._entries.remove(conversation_id)

    def __len__(self) -> int:
        return len(self._entries)

    def entries(self, most: int | None = None) -> list[MemoryEntry]:
        return self._entries.entries(most)


def _size(message: Message) -> int:
    """Return the approximate size in bytes: text outside ASCII takes two or four bytes a character."""
    calls = message.tool_calls
    texts = [message.text, message.tool_call_id, *(text for call in calls for text in _texts(call))]
    return _MESSAGE_BYTES + _CALL_BYTES * len(calls) + sum(len(text) * (1 if text.isascii() else 4) for text in texts)


def _texts(call: ToolCall) -> tuple[str, ...]:
    return call.id, call.name, call.arguments, call.extra, call.message_extra
