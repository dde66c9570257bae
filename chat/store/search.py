"""Search in a user's titles and messages, through SQLite's full-text indexes. How these are kept: `indexing.py`.

Each text is indexed together with its owner, so that a search reads one person's texts and is not slowed by
everybody else's.

Newest first, rather than by some measure of likeness: the index gives out the newest without looking at the
rest, so a page costs the same however much there is.
"""

from __future__ import annotations

import contextlib
import re
from typing import Any

from chat.errors import InvalidRequest
from chat.store.conversations import record
from chat.store.database import Database, reads
from chat.store.indexing import Index
from chat.store.models import Conversation as ConversationRow
from chat.store.models import Message as MessageRow
from chat.store.models import rows
from chat.store.records import SearchHit
from chat.store.snippets import snippet
from chat.store.words import match_expression, query_words

# Hits that one page looks at: a conversation may have thousands.
_HITS = 5_000

TITLES = """
    SELECT title_search.rowid
    FROM title_search CROSS JOIN conversations ON conversations.id = title_search.rowid
    WHERE title_search MATCH ? AND title_search.rowid < ? AND conversations.user_id = ? AND conversations.temporary = 0
    ORDER BY title_search.rowid DESC LIMIT ?
"""

MESSAGES = """
    SELECT message_search.rowid, messages.conversation_id
    FROM message_search
    CROSS JOIN messages ON messages.id = message_search.rowid
    CROSS JOIN conversations ON conversations.id = messages.conversation_id
    WHERE message_search MATCH ? AND message_search.rowid < ?
      AND conversations.user_id = ? AND conversations.temporary = 0
    ORDER BY message_search.rowid DESC LIMIT ?
"""

# Those that earlier pages have told of.
TOLD = """
    SELECT DISTINCT messages.conversation_id
    FROM message_search CROSS JOIN messages ON messages.id = message_search.rowid
    WHERE message_search MATCH ? AND message_search.rowid >= ?
"""

_NEWEST = 2**63 - 1
_GONE = {"text": "", "role": None}


class Search:
    def __init__(self, database: Database, index: Index) -> None:
        self.database = database
        self._index = index

    def find(self, user_id: int, asked: str, limit: int, cursor: str = "") -> tuple[list[SearchHit], str | None]:
        """At most `limit` of a user's conversations with all the words in the title or in a message.

        First by title, then by message, each newest first, each conversation once; and the cursor of the next
        page, if any. Raises InvalidRequest for a cursor that no page gave.
        """
        words = query_words(asked)
        place = _parse(cursor)
        if not words:
            return [], None
        self._index.index_user(user_id)
        return self._page(user_id, words, limit, *place)

    @reads
    def _page(
        self, user_id: int, words: list[str], limit: int, part: str, before: int
    ) -> tuple[list[SearchHit], str | None]:
        match = match_expression(user_id, words)
        titled = self._titled(match, user_id, before, limit + 1) if part == "t" else []
        if len(titled) > limit:
            return self._told([(each, None) for each in titled[:limit]], words), f"t-{titled[limit - 1]}"
        said, more = self._said(match, user_id, before if part == "m" else _NEWEST, limit - len(titled))
        return self._told([(each, None) for each in titled] + said, words), more

    def _titled(self, match: str, user_id: int, before: int, limit: int) -> list[int]:
        return [row[0] for row in self._rows(TITLES, match, before, user_id, limit)]

    def _said(
        self, match: str, user_id: int, before: int, limit: int
    ) -> tuple[list[tuple[int, int | None]], str | None]:
        """Conversations, each with its newest message that has the words, and the next page's cursor."""
        told = set(self._titled(match, user_id, _NEWEST, _HITS))
        if before != _NEWEST:
            told.update(row[0] for row in self._rows(TOLD, match, before))
        found: list[tuple[int, int | None]] = []
        seen = 0
        # Read only as far as the page needs. Closed, or the statement would hold its snapshot for good.
        hits = self.database.peewee.execute_sql(MESSAGES, (match, before, user_id, _HITS))
        with contextlib.closing(hits):
            for message_id, conversation_id in hits:
                seen += 1
                if conversation_id in told:
                    continue
                if len(found) == limit:
                    return found, f"m-{message_id + 1}"
                told.add(conversation_id)
                found.append((conversation_id, message_id))
        return found, f"m-{message_id}" if seen == _HITS else None

    def _told(self, found: list[tuple[int, int | None]], words: list[str]) -> list[SearchHit]:
        places = self._by_id(ConversationRow, [place for place, _ in found])
        texts = self._by_id(MessageRow, [message for _, message in found if message is not None])
        told = []
        for place, message in found:
            if place not in places:  # deleted a moment ago
                continue
            said = {"text": places[place]["title"], "role": None} if message is None else texts.get(message, _GONE)
            shown = snippet(said["text"], words, message, markdown=said["role"] == "assistant")
            told.append(SearchHit(record(places[place]), shown))
        return told

    def _by_id(self, model: Any, ids: list[int]) -> dict[int, dict[str, Any]]:
        return {row["id"]: row for row in rows(model.select().where(model.id << ids))}

    def _rows(self, statement: str, *values: object) -> list[Any]:
        return list(self.database.peewee.execute_sql(statement, values).fetchall())


def _parse(cursor: str) -> tuple[str, int]:
    if not cursor:
        return "t", _NEWEST
    found = re.fullmatch(r"([tm])-([0-9]{1,18})", cursor)
    if found is None:
        raise InvalidRequest("invalid_cursor", "The cursor is not one that a page of this list gave.", "cursor")
    return found[1], int(found[2])
