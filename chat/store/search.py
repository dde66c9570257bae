"""Search in a user's titles and messages, with the engine's full-text indexes. `indexing.py` updates the indexes.

Hits are sorted by time, not by relevance, so that the cost of a page does not depend on the number of texts.
"""

from __future__ import annotations

import contextlib
import re
from typing import Any

from chat.errors import InvalidRequest
from chat.store import conversations
from chat.store.engines.contract import Engine
from chat.store.indexing import Index
from chat.store.records import SearchHit
from chat.store.rows import named
from chat.store.snippets import snippet
from chat.store.tokenizer import query_words
from chat.store.transactions import reads

# A conversation may have thousands of hits.
_MAX_HITS = 5_000

_CONVERSATIONS = f"SELECT {conversations.COLUMNS} FROM conversations WHERE id = ANY(?)"  # noqa: S608 - our own columns
_TEXTS = "SELECT id, role, text FROM messages WHERE id = ANY(?)"

_NEWEST = 2**63 - 1
_DELETED = {"text": "", "role": None}


class Search:
    """Search in the titles and messages of users. `max_hits` bounds the hits that are read for one page."""

    def __init__(self, engine: Engine, index: Index, max_hits: int = _MAX_HITS) -> None:
        self.engine = engine
        self._index = index
        self._max_hits = max_hits

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
        titles = self.engine.full_text.titles(user_id, words, before, limit + 1) if part == "t" else []
        if len(titles) > limit:
            return self._with_snippets([(each, None) for each in titles[:limit]], words), f"t-{titles[limit - 1]}"
        messages, more = self._message_hits(user_id, words, before if part == "m" else _NEWEST, limit - len(titles))
        return self._with_snippets([(each, None) for each in titles] + messages, words), more

    def _message_hits(
        self, user_id: int, words: list[str], before: int, limit: int
    ) -> tuple[list[tuple[int, int | None]], str | None]:
        """Return conversations with their newest matching message, and the next page's cursor."""
        full_text = self.engine.full_text
        seen = set(full_text.titles(user_id, words, _NEWEST, self._max_hits))
        if before != _NEWEST:
            seen |= full_text.conversations_from(user_id, words, before)
        hits: list[tuple[int, int | None]] = []
        count = 0
        # Rows are read only as far as the page needs.
        with contextlib.closing(full_text.messages(user_id, words, before, self._max_hits)) as messages:
            for message_id, conversation_id in messages:
                count += 1
                if conversation_id in seen:
                    continue
                if len(hits) == limit:
                    return hits, f"m-{message_id + 1}"
                seen.add(conversation_id)
                hits.append((conversation_id, message_id))
        return hits, f"m-{message_id}" if count == self._max_hits else None

    def _with_snippets(self, hits: list[tuple[int, int | None]], words: list[str]) -> list[SearchHit]:
        rows = self._by_id(_CONVERSATIONS, [conversation_id for conversation_id, _ in hits])
        messages = self._by_id(_TEXTS, [message_id for _, message_id in hits if message_id is not None])
        results = []
        for conversation_id, message_id in hits:
            conversation = rows.get(conversation_id)
            if conversation is None:  # deleted since the hit was read
                continue
            if message_id is None:
                text, markdown = conversation["title"], False
            else:
                message = messages.get(message_id, _DELETED)
                text, markdown = message["text"], message["role"] == "assistant"
            results.append(
                SearchHit(conversations.record(conversation), snippet(text, words, message_id, markdown=markdown))
            )
        return results

    def _by_id(self, statement: str, ids: list[int]) -> dict[int, dict[str, Any]]:
        return {row["id"]: row for row in named(self.engine.execute(statement, (self.engine.array(ids),)))}


def _parse(cursor: str) -> tuple[str, int]:
    if not cursor:
        return "t", _NEWEST
    match = re.fullmatch(r"([tm])-([0-9]{1,18})", cursor)
    if match is None:
        raise InvalidRequest("invalid_cursor", "The cursor does not come from a page of this list.", "cursor")
    return match[1], int(match[2])
