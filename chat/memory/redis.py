"""Conversation memory in Redis, for all servers: what one of them has put, each of them can get.

A key a conversation. Its value names the conversation and the message it ends at. It expires if it is not renewed for
hours, and each worker bounds the bytes of what it has put. So when Redis was flushed, or a value is damaged or another
program's, the entry is missing and nothing else.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

import msgspec

from chat.memory.bounded_entries import BoundedEntries
from chat.memory.contract import MemoryEntry
from chat.messages import Message
from chat.net.redis_client import Command, RedisClient, RedisUnavailable
from chat.runtime.clock import MACHINE_CLOCK, Clock

EXPIRES_S = 6 * 3600
# What Redis needs for a key beside its value.
_KEY_BYTES = 150


class _Value(msgspec.Struct, frozen=True, array_like=True, tag=1):  # another tag for each later form
    conversation_id: int
    ends_at: int
    messages: tuple[Message, ...]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(_Value).decode


class RedisMemory:
    """ConversationMemory of all workers. One of them counts, and shows, what it has put itself.

    `prefix` returns the part of all keys that tells this database's conversations from those of others.
    """

    def __init__(
        self, client: RedisClient, prefix: Callable[[], str], limit_bytes: int, clock: Clock = MACHINE_CLOCK
    ) -> None:
        self._client = client
        self._prefix = prefix
        self._entries: BoundedEntries[None] = BoundedEntries(limit_bytes, clock)

    @property
    def bytes(self) -> int:
        return self._entries.bytes

    @property
    def limit_bytes(self) -> int:
        return self._entries.limit_bytes

    def get(self, conversation_id: int, ends_at: int | None) -> tuple[Message, ...] | None:
        if ends_at is None:
            return None
        try:
            reply = self._client.run("GET", self._key(conversation_id))
        except RedisUnavailable:
            return None
        value = _value(reply, conversation_id)
        if value is None:
            self._entries.remove(conversation_id)
            return None
        if value.ends_at != ends_at:
            return None
        self._entries.use(conversation_id)
        return value.messages

    def put(self, conversation_id: int, ends_at: int, messages: Sequence[Message]) -> None:
        key = self._key(conversation_id)
        command: Command = ("UNLINK", key)
        removed: list[int] | None = None
        with contextlib.suppress(UnicodeEncodeError):  # half an emoji, which no encoding takes
            value = _encode(_Value(conversation_id, ends_at, tuple(messages)))
            self._entries.remove_older_than(EXPIRES_S)
            removed = self._entries.put(conversation_id, None, messages, len(value) + _KEY_BYTES)
            if removed is not None:
                command = ("SET", key, value, "EX", EXPIRES_S)
        commands = [command]
        if removed:
            commands.append(("UNLINK", *map(self._key, removed)))
        self._run(conversation_id, commands)

    def drop(self, conversation_id: int) -> None:
        self._entries.remove(conversation_id)
        self._run(conversation_id, [("UNLINK", self._key(conversation_id))])

    def __len__(self) -> int:
        return len(self._entries)

    def entries(self, most: int | None = None) -> list[MemoryEntry]:
        return self._entries.entries(most)

    def _key(self, conversation_id: int) -> str:
        return f"{self._prefix()}context:{conversation_id}"

    def _run(self, conversation_id: int, commands: Sequence[Command]) -> None:
        try:
            self._client.run_all(commands)
        except RedisUnavailable:
            self._entries.remove(conversation_id)


def _value(reply: object, conversation_id: int) -> _Value | None:
    """Return a value that was read, None if it is missing, damaged or another conversation's."""
    if not isinstance(reply, bytes):
        return None
    try:
        value = _decode(reply)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError):
        return None
    return value if value.conversation_id == conversation_id else None
