"""Full-text search with SQLite's FTS5. Migration 0003 creates the indexes and the triggers that remove deleted rows.

Each text is indexed with its owner, so a search reads one user's texts only.

Hits are sorted by time, not by relevance: the index returns the newest hits without reading the rest, so the cost of a
page does not depend on the number of texts.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence

from chat.store.engines.contract import Rows, T, TextKind
from chat.store.tokenizer import indexable, is_prefix

_PUT: dict[TextKind, str] = {
    "title": "REPLACE INTO title_search (rowid, owner, text) VALUES {rows}",
    "message": "REPLACE INTO message_search (rowid, owner, text) VALUES {rows}",
}

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

CONVERSATIONS_FROM = """
    SELECT DISTINCT messages.conversation_id
    FROM message_search CROSS JOIN messages ON messages.id = message_search.rowid
    WHERE message_search MATCH ? AND message_search.rowid >= ?
"""


class SqliteFullText:
    """The two indexes. The methods are called inside a read or a write."""

    def __init__(
        self,
        execute: Callable[[str, Sequence[object]], Rows],
        execute_rows: Callable[[str, Sequence[Sequence[object]]], int],
    ) -> None:
        self._execute = execute
        self._execute_rows = execute_rows

    def put(self, kind: TextKind, texts: Sequence[tuple[int, int, str]]) -> None:
        self._execute_rows(_PUT[kind], [(row_id, f"u{user_id}", indexable(text)) for row_id, user_id, text in texts])

    def bulk(self, work: Callable[[], T]) -> T:
        return work()

    def titles(self, user_id: int, words: Sequence[str], before: int, limit: int) -> list[int]:
        rows = self._execute(TITLES, (match_expression(user_id, words), before, user_id, limit))
        return [row[0] for row in rows.fetchall()]

    def messages(
        self, user_id: int, words: Sequence[str], before: int, limit: int
    ) -> Generator[tuple[int, int], None, None]:
        rows = self._execute(MESSAGES, (match_expression(user_id, words), before, user_id, limit))
        try:
            yield from rows
        finally:
            rows.close()  # an open cursor would keep its snapshot

    def conversations_from(self, user_id: int, words: Sequence[str], message_id: int) -> set[int]:
        rows = self._execute(CONVERSATIONS_FROM, (match_expression(user_id, words), message_id))
        return {row[0] for row in rows.fetchall()}


def match_expression(owner: int, words: Sequence[str]) -> str:
    """Return the match expression for texts of `owner` with all words, the last one as a prefix if it may be one.

    Each word is quoted and contains no quote, so it cannot contain syntax.
    """
    quoted = [f'"{indexable(word)}"' for word in words]
    if is_prefix(words[-1]):
        quoted[-1] += " *"
    return f'owner : "u{owner}" AND text : ({" AND ".join(quoted)})'
