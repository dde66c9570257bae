"""A user's conversations: list, create, rename and delete them. `history.py` reads their messages."""

from __future__ import annotations

import re
from typing import Any, Literal

from chat.errors import Conflict, InvalidRequest, StoreUnavailable
from chat.runtime.clock import Clock
from chat.store.engines.contract import Engine
from chat.store.indexing import note_titles
from chat.store.records import Conversation
from chat.store.removal import HiddenConversation, Removal, hide
from chat.store.rows import named
from chat.store.transactions import reads, writes

COLUMNS = "id, user_id, title, pinned, created_at, updated_at, head_id, active_turn_id, temporary, archived"

_NEWEST = f"""
    SELECT {COLUMNS}
    FROM conversations INDEXED BY {{index}}
    WHERE user_id = ? AND temporary = 0 AND {{which}} AND (updated_at, id) < (?, ?)
    ORDER BY updated_at DESC, id DESC LIMIT ?
"""  # noqa: S608 - our own columns
LISTED = _NEWEST.format(index="conversations_shown", which="archived = 0")
PINNED = _NEWEST.format(index="conversations_pinned", which="pinned = 1 AND archived = 0")
ARCHIVED = _NEWEST.format(index="conversations_archived", which="archived = 1")
_PAGES = {"": LISTED, "pinned": PINNED, "archived": ARCHIVED}

# Conditional, so that a title set by the user stays.
_REPLACE_PROVISIONAL_TITLE = "UPDATE conversations SET title = ?, provisional = 0 WHERE id = ? AND provisional = 1"
_KEEP_TITLE = "UPDATE conversations SET provisional = 0 WHERE id = ?"

EXPIRED = """
    SELECT id FROM conversations INDEXED BY conversations_temporary
    WHERE temporary = 1 AND updated_at < ? AND active_turn_id IS NULL LIMIT ?
"""

_CREATE = """
    INSERT INTO conversations (user_id, title, pinned, created_at, updated_at, temporary) VALUES (?, ?, 0, ?, ?, ?)
    RETURNING id
"""
_CHANGE = "UPDATE conversations SET {changes} WHERE id = ?"
_EXISTS = "SELECT 1 FROM conversations WHERE id = ?"
_STILL_EXPIRED = "SELECT 1 FROM conversations WHERE id = ? AND temporary = 1 AND updated_at < ?"

USER = "FROM users WHERE id = ?"
COUNT_OF_USER = "SELECT COUNT(*) FROM conversations WHERE user_id = ?"
CONVERSATIONS_OF_USER = 20_000

_BEFORE_ALL = 2**63 - 1


class Conversations:
    def __init__(self, engine: Engine, removal: Removal, clock: Clock) -> None:
        self.engine = engine
        self._clock = clock
        self._removal = removal

    @reads
    def page(
        self, user_id: int, limit: int, cursor: str = "", which: Literal["", "pinned", "archived"] = ""
    ) -> tuple[list[Conversation], str | None]:
        """Return at most `limit` conversations of a user, newest first, and the cursor of the next page, if any.

        Archived conversations have pages of their own; temporary ones are in no page. Raises InvalidRequest for a
        malformed cursor.
        """
        updated_at, last_id = _parse(cursor) if cursor else (_BEFORE_ALL, _BEFORE_ALL)
        cursor_rows = self.engine.execute(_PAGES[which], (user_id, updated_at, last_id, limit + 1))
        items = [record(row) for row in named(cursor_rows)]
        more = f"{items[limit - 1].updated_at}-{items[limit - 1].id}" if len(items) > limit else None
        return items[:limit], more

    @writes
    def create(self, user_id: int, title: str = "", *, temporary: bool = False) -> Conversation:
        """Create a conversation. Raises Conflict if the user has the maximum number."""
        self.engine.lock(USER, (user_id,))
        if self.engine.execute(COUNT_OF_USER, (user_id,)).fetchone()[0] >= CONVERSATIONS_OF_USER:
            message = f"You have {CONVERSATIONS_OF_USER:,} conversations, the maximum; delete some first."
            raise Conflict("too_many_conversations", message)
        now = self._clock.now_ms()
        ((conversation_id,),) = self.engine.execute(_CREATE, (user_id, title, now, now, temporary)).fetchall()
        if title:
            note_titles(self.engine, [conversation_id])
        return Conversation(conversation_id, user_id, title, False, now, now, None, None, temporary)

    @writes
    def change(
        self,
        conversation: Conversation,
        *,
        title: str | None = None,
        pinned: bool | None = None,
        archived: bool | None = None,
    ) -> None:
        """Rename, pin or archive a conversation. None leaves a field unchanged. Its position in the list stays."""
        values = {"title": title, "pinned": pinned, "archived": archived}
        fields: dict[str, Any] = {name: value for name, value in values.items() if value is not None}
        if title is not None:
            fields["provisional"] = False
        if fields:
            changes = ", ".join(f"{name} = ?" for name in fields)
            self.engine.execute(_CHANGE.format(changes=changes), (*fields.values(), conversation.id))
        if title is not None:
            note_titles(self.engine, [conversation.id])

    @writes
    def replace_provisional_title(self, conversation_id: int, title: str) -> bool:
        """Replace a provisional title; "" makes the present one final. Return whether the title changed."""
        if not title:
            self.engine.execute(_KEEP_TITLE, (conversation_id,))
            return False
        changed = self.engine.execute(_REPLACE_PROVISIONAL_TITLE, (title, conversation_id)).rowcount == 1
        if changed:
            note_titles(self.engine, [conversation_id])
        return changed

    def delete(self, conversation: Conversation) -> None:
        """Hide a conversation at once and remove its rows. Raises Conflict while a turn is running in it."""
        try:
            hidden = self._hide(conversation)
        except StoreUnavailable:
            self._removal.due = True  # the commit may have taken effect
            raise
        for each in hidden:
            self._removal.remove_now(each)

    @reads
    def expired(self, unused_since: int, limit: int) -> list[int]:
        """Return ids of temporary conversations unused since `unused_since` (milliseconds since 1970)."""
        rows = self.engine.execute(EXPIRED, (unused_since, limit))
        return [row[0] for row in rows.fetchall()]

    def remove_expired(self, conversation_id: int, unused_since: int) -> bool:
        """Delete a temporary conversation if it is still unused. Return whether it was deleted."""
        hidden = self._hide_expired(conversation_id, unused_since)
        self._removal.due |= bool(hidden)
        return bool(hidden)

    @writes
    def _hide(self, conversation: Conversation) -> list[HiddenConversation]:
        hidden = hide(self.engine, [conversation.id])
        if not hidden and self.engine.execute(_EXISTS, (conversation.id,)).fetchone():
            raise Conflict("turn_running", "An answer is still being written in this conversation.")
        return hidden

    @writes
    def _hide_expired(self, conversation_id: int, unused_since: int) -> list[HiddenConversation]:
        expired = self.engine.execute(_STILL_EXPIRED, (conversation_id, unused_since)).fetchone()
        return hide(self.engine, [conversation_id]) if expired else []


def record(row: dict[str, Any]) -> Conversation:
    flags = {name: bool(row[name]) for name in ("pinned", "temporary", "archived")}
    return Conversation(**row | flags)


def _parse(cursor: str) -> tuple[int, int]:
    match = re.fullmatch(r"([0-9]{1,18})-([0-9]{1,18})", cursor)
    if match is None:
        raise InvalidRequest("invalid_cursor", "The cursor does not come from a page of this list.", "cursor")
    return int(match[1]), int(match[2])
