"""Conversation memory in the worker itself: least recently used first out, bounded in bytes."""

from __future__ import annotations

import itertools
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from chat.memory.contract import MemoryEntry
from chat.messages import Message, ToolCall

# What CPython takes for a Message or ToolCall with its strings' headers, and an entry's place: measured, rounded up.
_MESSAGE_BYTES = 400
_CALL_BYTES = 400
_ENTRY_BYTES = 600
# The usual rule of thumb; only the model's own tokenizer knows.
_CHARS_A_TOKEN = 4


@dataclass(slots=True)
class _Held:
    ends_at: int
    messages: tuple[Message, ...]
    tokens: int
    bytes: int
    used_at: float


class LocalMemory:
    """See ConversationMemory. One for each worker."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._bytes = 0
        self._held: OrderedDict[int, _Held] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def bytes(self) -> int:
        return self._bytes

    @property
    def limit_bytes(self) -> int:
        return self._limit_bytes

    def get(self, conversation_id: int, ends_at: int | None) -> tuple[Message, ...] | None:
        with self._lock:
            held = self._held.get(conversation_id)
            if held is None or held.ends_at != ends_at:
                return None
            held.used_at = time.monotonic()
            self._held.move_to_end(conversation_id)
            return held.messages

    def put(self, conversation_id: int, ends_at: int, messages: Sequence[Message]) -> None:
        size = _ENTRY_BYTES + sum(_weight(message) for message in messages)
        with self._lock:
            self._remove(conversation_id)
            if size > self._limit_bytes:
                return
            tokens = sum(len(message.text) for message in messages) // _CHARS_A_TOKEN
            self._held[conversation_id] = _Held(ends_at, tuple(messages), tokens, size, time.monotonic())
            self._bytes += size
            while self._bytes > self._limit_bytes:
                self._remove(next(iter(self._held)))

    def drop(self, conversation_id: int) -> None:
        with self._lock:
            self._remove(conversation_id)

    def __len__(self) -> int:
        return len(self._held)

    def entries(self, most: int | None = None) -> list[MemoryEntry]:
        now = time.monotonic()
        with self._lock:
            return [
                MemoryEntry(conversation_id, len(held.messages), held.tokens, held.bytes, round(now - held.used_at, 1))
                for conversation_id, held in itertools.islice(reversed(self._held.items()), most)
            ]

    def _remove(self, conversation_id: int) -> None:
        held = self._held.pop(conversation_id, None)
        if held is not None:
            self._bytes -= held.bytes


def _weight(message: Message) -> int:
    """Bytes in memory, near enough: text outside ASCII takes two or four bytes a character."""
    calls = message.tool_calls
    texts = [message.text, message.tool_call_id, *(text for call in calls for text in _texts(call))]
    return _MESSAGE_BYTES + _CALL_BYTES * len(calls) + sum(len(text) * (1 if text.isascii() else 4) for text in texts)


def _texts(call: ToolCall) -> tuple[str, ...]:
    return call.id, call.name, call.arguments, call.extra, call.message_extra
