"""A user's conversations: listing, making, renaming, deleting. What was said in them: `history.py`."""

from __future__ import annotations

import re
from typing import Any

from chat.errors import Conflict, InvalidRequest
from chat.store.database import Database, reads, writes
from chat.store.models import Conversation as Row
from chat.store.models import rows
from chat.store.records import Conversation, now_ms


class Conversations:
    def __init__(self, database: Database) -> None:
        self.database = database

    @reads
    def page(self, user_id: int, limit: int, cursor: str = "") -> tuple[list[Conversation], str | None]:
        """At most `limit` of a user's conversations, newest first, and the cursor of the next page, if any.

        Raises InvalidRequest for a cursor that no page gave.
        """
        query = Row.select().where(Row.user_id == user_id)
        if cursor:
            updated_at, last_id = _parse(cursor)
            query = query.where((Row.updated_at < updated_at) | ((Row.updated_at == updated_at) & (Row.id < last_id)))
        found = rows(query.order_by(Row.updated_at.desc(), Row.id.desc()).limit(limit + 1))
        items = [record(row) for row in found[:limit]]
        more = f"{items[-1].updated_at}-{items[-1].id}" if len(found) > limit else None
        return items, more

    @writes
    def create(self, user_id: int, title: str = "") -> Conversation:
        now = now_ms()
        fields: dict[str, Any] = {
            "user_id": user_id,
            "title": title,
            "pinned": False,
            "created_at": now,
            "updated_at": now,
        }
        made = Row.insert(**fields).execute()
        return Conversation(id=made, head_id=None, active_turn_id=None, **fields)

    @writes
    def change(self, conversation: Conversation, *, title: str | None = None, pinned: bool | None = None) -> None:
        """Rename or pin; None leaves a field as it is. The place in the list stays."""
        fields = {name: value for name, value in (("title", title), ("pinned", pinned)) if value is not None}
        if fields:
            Row.update(**fields).where(Row.id == conversation.id).execute()

    @writes
    def delete(self, conversation: Conversation) -> None:
        """Delete it and all that was said in it, for good. Raises Conflict while a turn runs in it."""
        deleted = Row.delete().where((Row.id == conversation.id) & Row.active_turn_id.is_null()).execute()
        if not deleted and Row.select().where(Row.id == conversation.id).exists():
            raise Conflict("turn_running", "An answer is still being written in this conversation.")


def record(row: dict[str, Any]) -> Conversation:
    return Conversation(**row)


def _parse(cursor: str) -> tuple[int, int]:
    found = re.fullmatch(r"([0-9]{1,18})-([0-9]{1,18})", cursor)
    if found is None:
        raise InvalidRequest("invalid_cursor", "The cursor is not one that a page of this list gave.", "cursor")
    return int(found[1]), int(found[2])
