"""The seam to conversation memory: the context of a conversation, kept so that it need not be read back.

The database is the source of truth; memory only spares it. An entry names the message at which it ends,
and is given out only to somebody who asks for exactly that message: when another worker answered in
between, or the user went down another branch, the conversation ends elsewhere and the entry is no match.
So a stale context is impossible, not unlikely.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chat.messages import Message


@dataclass(frozen=True, slots=True)
class MemoryEntry:
    """What memory holds of one conversation, in figures: no text. `tokens` and `bytes` are estimates."""

    conversation_id: int
    messages: int
    tokens: int
    bytes: int
    idle_s: float


class ConversationMemory(Protocol):
    """Safe to use from many threads at once. Never raises: what cannot be kept is not there."""

    def get(self, conversation_id: int, ends_at: int | None) -> tuple[Message, ...] | None:
        """The context up to and including message `ends_at`, oldest first, or None if that is not what is held."""
        ...

    def put(self, conversation_id: int, ends_at: int, messages: Sequence[Message]) -> None:
        """Keep a context that ends at `ends_at`, in place of whatever was held. Only for committed messages."""
        ...

    def drop(self, conversation_id: int) -> None: ...

    def entries(self, most: int | None = None) -> list[MemoryEntry]:
        """What is held, most recently used first: all of it, or the first `most`."""
        ...

    def __len__(self) -> int:
        """How many conversations are held."""
        ...

    @property
    def bytes(self) -> int:
        """What it weighs, estimated."""
        ...

    @property
    def limit_bytes(self) -> int: ...
