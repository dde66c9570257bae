"""Conversation memory in the worker itself: a least-recently-used cache, bounded in bytes."""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from chat.memory.contract import MemoryEntry
from chat.messages import Message, ToolCall
from chat.runtime.clock import MACHINE_CLOCK, Clock

# Size of a Message or ToolCall in CPython with its strings' headers, and of an entry: measured, rounded up.
_MESSAGE_BYTES = 400
_CALL_BYTES = 400
_ENTRY_BYTES = 600
# A rule of thumb; the exact number depends on the model's tokenizer.
_CHARS_A_TOKEN = 4


@dataclass(slots=True)
class _Entry:
    ends_at: int
    messages: tuple[Message, ...]
    tokens: int
    bytes: int
    used_at: float


class LocalMemory:
    """ConversationMemory of one worker."""

    def __init__(self, limit_bytes: int, clock: Clock = MACHINE_CLOCK) -> None:
        self._clock = clock
        self._limit_bytes = limit_bytes
        self._bytes = 0
        self._entries: OrderedDict[int, _Entry] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def bytes(self) -> int:
        return self._bytes

    @property
    def limit_bytes(self) -> int:
        return self._limit_bytes

    def get(self, conversation_id: int, ends_at: int | None) -> tuple[Message, ...] | None:
        with self._lock:
            entry = self._entries.get(conversation_id)
            if entry is None or entry.ends_at != ends_at:
                return None
            entry.used_at = self._clock.monotonic()
            self._entries.move_to_end(conversation_id)
            return entry.messages

    def put(self, conversation_id: int, ends_at: int, messages: Sequence[Message]) -> None:
        size = _ENTRY_BYTES + sum(_size(message) for message in messages)
        with self._lock:
            self._remove(conversation_id)
            if size > self._limit_bytes:
                return
            tokens = sum(len(message.text) for message in messages) // _CHARS_A_TOKEN
            self._entries[conversation_id] = _Entry(ends_at, tuple(messages), tokens, size, self._clock.monotonic())
            self._bytes += size
            while self._bytes > self._limit_bytes:
                self._remove(next(iter(self._entries)))

    def drop(self, conversation_id: int) -> None:
        with self._lock:
            self._remove(conversation_id)

    def __len__(self) -> int:
        return len(self._entries)

    def entries(self, most: int | None = None) -> list[MemoryEntry]:
        now = self._clock.monotonic()
        with self._lock:
            return [
                MemoryEntry(
                    conversation_id, len(entry.messages), entry.tokens, entry.bytes, round(now - entry.used_at, 1)
                )
                for conversation_id, entry in itertools.islice(reversed(self._entries.items()), most)
            ]

    def _remove(self, conversation_id: int) -> None:
        entry = self._entries.pop(conversation_id, None)
        if entry is not None:
            self._bytes -= entry.bytes


def _size(message: Message) -> int:
    """Return the approximate size in bytes: text outside ASCII takes two or four bytes a character."""
    calls = message.tool_calls
    texts = [message.text, message.tool_call_id, *(text for call in calls for text in _texts(call))]
    return _MESSAGE_BYTES + _CALL_BYTES * len(calls) + sum(len(text) * (1 if text.isascii() else 4) for text in texts)


def _texts(call: ToolCall) -> tuple[str, ...]:
    return call.id, call.name, call.arguments, call.extra, call.message_extra
