"""The interface of conversation memory: a cache of conversations' contexts.

The database is the source of truth; memory saves reading it. An entry names its last message, and is returned only for
exactly that message. If another worker has answered meanwhile, or the user has switched to another branch, the
conversation ends at another message and the entry does not match. So a stale context is impossible.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chat.messages import Message


@dataclass(frozen=True, slots=True)
class MemoryEntry:
    """Size of one conversation's entry, without its text. `tokens` and `bytes` are estimates."""

    conversation_id: int
    messages: int
    tokens: int
    bytes: int
    idle_s: float


class ConversationMemory(Protocol):
    """Cache of contexts, safe to use from many threads. Never raises: an entry that cannot be stored is missing."""

    def get(self, conversation_id: int, ends_at: int | None) -> tuple[Message, ...] | None:
        """Return the context up to and including message `ends_at`, oldest first, or None if there is no such entry."""
        ...

    def put(self, conversation_id: int, ends_at: int, messages: Sequence[Message]) -> None:
        """Store a context that ends at `ends_at`, and replace the conversation's entry. Only for committed messages."""
        ...

    def drop(self, conversation_id: int) -> None: ...

    def entries(self, most: int | None = None) -> list[MemoryEntry]:
        """Return the entries, most recently used first: all, or the first `most`."""
        ...

    def __len__(self) -> int:
        """Return the number of conversations with an entry."""
        ...

    @property
    def bytes(self) -> int:
        """Return the estimated size of all entries."""
        ...

    @property
    def limit_bytes(self) -> int: ...
