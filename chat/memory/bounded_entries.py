"""Bookkeeping of conversation memory: the entries of one worker with their sizes, least recently used first."""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from chat.memory.contract import MemoryEntry
from chat.messages import Message
from chat.runtime.clock import Clock

# A rule of thumb; the exact number depends on the model's tokenizer.
_CHARS_A_TOKEN = 4

T = TypeVar("T")


@dataclass(slots=True)
class _Entry(Generic[T]):
    value: T
    messages: int
    tokens: int
    bytes: int
    used_at: float


class BoundedEntries(Generic[T]):
    """Values by conversation, bounded in bytes. Safe to use from many threads."""

    def __init__(self, limit_bytes: int, clock: Clock) -> None:
        self.limit_bytes = limit_bytes
        self.bytes = 0
        self._clock = clock
        self._entries: OrderedDict[int, _Entry[T]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, conversation_id: int) -> T | None:
        entry = self._entries.get(conversation_id)
        return None if entry is None else entry.value

    def use(self, conversation_id: int) -> None:
        """Count the conversation's value as used now, if there is one."""
        with self._lock:
            entry = self._entries.get(conversation_id)
            if entry is not None:
                entry.used_at = self._clock.monotonic()
                self._entries.move_to_end(conversation_id)

    def put(self, conversation_id: int, value: T, messages: Sequence[Message], size: int) -> list[int] | None:
        """Hold a value of `size` bytes for `messages`. Return the conversations that had to make room for it.

        Return None if it is larger than the limit; then the conversation's old value is removed too.
        """
        with self._lock:
            self._remove(conversation_id)
            if size > self.limit_bytes:
                return None
            tokens = sum(len(message.text) for message in messages) // _CHARS_A_TOKEN
            self._entries[conversation_id] = _Entry(value, len(messages), tokens, size, self._clock.monotonic())
            self.bytes += size
            removed = []
            while self.bytes > self.limit_bytes:
                removed.append(next(iter(self._entries)))
                self._remove(removed[-1])
            return removed

    def remove(self, conversation_id: int) -> None:
        with self._lock:
            self._remove(conversation_id)

    def remove_older_than(self, seconds: float) -> None:
        """Remove the values that were not used for `seconds`."""
        with self._lock:
            since = self._clock.monotonic() - seconds
            while self._entries and next(iter(self._entries.values())).used_at < since:
                self._remove(next(iter(self._entries)))

    def __len__(self) -> int:
        return len(self._entries)

    def entries(self, most: int | None = None) -> list[MemoryEntry]:
        """Return figures of the entries, most recently used first: all, or the first `most`."""
        now = self._clock.monotonic()
        with self._lock:
            return [
                MemoryEntry(conversation_id, entry.messages, entry.tokens, entry.bytes, round(now - entry.used_at, 1))
                for conversation_id, entry in itertools.islice(reversed(self._entries.items()), most)
            ]

    def _remove(self, conversation_id: int) -> None:
        entry = self._entries.pop(conversation_id, None)
        if entry is not None:
            self.bytes -= entry.bytes
