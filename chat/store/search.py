"""Search in a user's titles and messages, with SQLite's full-text indexes. `indexing.py` updates the indexes.

Each text is indexed with its owner, so a search reads one user's texts only.

Hits are sorted by time, not by relevance: the index returns the newest hits without reading the rest, so the cost of a
page does not depend on the number of texts.
"""

from __future__ import annotations

import contextlib
import re
from typing import Any

from chat.errors import InvalidRequest
from chat.store.conversations import record
from chat.store.engines.contract import Engine
from chat.store.indexing import Index
from chat.store.models import Conversation as ConversationRow
from chat.store.models import Message as MessageRow
from chat.store.models import rows
from chat.store.records import SearchHit
from chat.store.snippets import snippet
from chat.store.tokenizer import match_expression, query_words
from chat.store.transactions import reads

# Maximum of hits read for one page; a conversation may have thousands.
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

# Conversations on earlier pages.
ON_EARLIER_PAGES = """
    SELECT DISTINCT messages.conversation_id
    FROM message_search CROSS JOIN messages ON messages.id = message_search.rowid
    WHERE message_search MATCH ? AND message_search.rowid >= ?
"""

_NEWEST = 2**63 - 1
_DELETED = {"text": "", "role": None}


class Search:
    def __init__(self, engine: Engine, index: Index) -> None:
        self.engine = engine
        self._index = index

    def find(self, user_id: int, query: str, limit: int, cursor: str = "") -> tuple[list[SearchHit], str | None]:
        """Return at most `limit` conversations with all words in the title or a message, and the next page's cursor.

        Title hits come first, then message hits, each newest first; each conversation is returned once. Raises
        InvalidRequest for a malformed cursor.
        """
        words = query_words(query)
        position = _parse(cursor)
        if not words:
            return [], None
        self._index.index_user(user_id)
        return self._page(user_id, words, limit, *position)

    @reads
    def _page(
        self, user_id: int, words: list[str], limit: int, part: str, before: int
    ) -> tuple[list[SearchHit], str | None]:
        match = match_expression(user_id, words)
        titles = self._title_hits(match, user_id, before, limit + 1) if part == "t" else []
        if len(titles) > limit:
            return self._with_snippets([(each, None) for each in titles[:limit]], words), f"t-{titles[limit - 1]}"
        messages, more = self._message_hits(match, user_id, before if part == "m" else _NEWEST, limit - len(titles))
        return self._with_snippets([(each, None) for each in titles] + messages, words), more

    def _title_hits(self, match: str, user_id: int, before: int, limit: int) -> list[int]:
        return [row[0] for row in self._rows(TITLES, match, before, user_id, limit)]

    def _message_hits(
        self, match: str, user_id: int, before: int, limit: int
    ) -> tuple[list[tuple[int, int | None]], str | None]:
        """Return conversations with their newest matching message, and the next page's cursor."""
        seen = set(self._title_hits(match, user_id, _NEWEST, _HITS))
        if before != _NEWEST:
            seen.update(row[0] for row in self._rows(ON_EARLIER_PAGES, match, before))
        hits: list[tuple[int, int | None]] = []
        count = 0
        # Rows are read only as far as the page needs. An open cursor would keep its snapshot, so it is closed.
        cursor = self.engine.execute(MESSAGES, (match, before, user_id, _HITS))
        with contextlib.closing(cursor):
            for message_id, conversation_id in cursor:
                count += 1
                if conversation_id in seen:
                    continue
                if len(hits) == limit:
                    return hits, f"m-{message_id + 1}"
                seen.add(conversation_id)
                hits.append((conversation_id, message_id))
        return hits, f"m-{message_id}" if count == _HITS else None

    def _with_snippets(self, hits: list[tuple[int, int | None]], words: list[str]) -> list[SearchHit]:
        conversations = self._by_id(ConversationRow, [conversation_id for conversation_id, _ in hits])
        messages = self._by_id(MessageRow, [message_id for _, message_id in hits if message_id is not None])
        results = []
        for conversation_id, message_id in hits:
            conversation = conversations.get(conversation_id)
            if conversation is None:  # deleted since the hit was read
                continue
            if message_id is None:
                text, markdown = conversation["title"], False
            else:
                message = messages.get(message_id, _DELETED)
                text, markdown = message["text"], message["role"] == "assistant"
            results.append(SearchHit(record(conversation), snippet(text, words, message_id, markdown=markdown)))
        return results

    def _by_id(self, model: Any, ids: list[int]) -> dict[int, dict[str, Any]]:
        return {row["id"]: row for row in rows(model.select().where(model.id << ids))}

    def _rows(self, statement: str, *values: object) -> list[Any]:
        return list(self.engine.execute(statement, values).fetchall())


def _parse(cursor: str) -> tuple[str, int]:
    if not cursor:
        return "t", _NEWEST
    match = re.fullmatch(r"([tm])-([0-9]{1,18})", cursor)
    if match is None:
        raise InvalidRequest("invalid_cursor", "The cursor does not come from a page of this list.", "cursor")
    return match[1], int(match[2])
