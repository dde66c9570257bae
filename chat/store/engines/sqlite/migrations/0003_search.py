"""Full-text indexes of messages and titles, each text with its owner. See `store/search.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chat.store.tokenizer import indexable

_PORTION = 500

# The indexes store the texts. Deleting from an index without stored texts needs the exact text that was indexed.
STATEMENTS = (
    "CREATE VIRTUAL TABLE message_search USING fts5(owner, text, tokenize = 'unicode61 remove_diacritics 2')",
    "CREATE VIRTUAL TABLE title_search USING fts5(owner, text, tokenize = 'unicode61 remove_diacritics 2')",
    """
    CREATE TRIGGER messages_forgotten AFTER DELETE ON messages BEGIN
        DELETE FROM message_search WHERE rowid = old.id;
    END
    """,
    """
    CREATE TRIGGER titles_forgotten AFTER DELETE ON conversations BEGIN
        DELETE FROM title_search WHERE rowid = old.id;
    END
    """,
)


def fill(run: Callable[..., Any]) -> None:
    """Index existing texts. An answer that is being written is indexed at the end of its turn."""
    _fill(run, "title_search", "SELECT id, user_id, title FROM conversations WHERE id > ? AND title <> ''")
    _fill(
        run,
        "message_search",
        """
        SELECT messages.id, user_id, text FROM messages
        JOIN conversations ON conversations.id = messages.conversation_id
        WHERE messages.id > ? AND text <> ''
          AND messages.id NOT IN (SELECT message_id FROM turns WHERE status = 'running')
        """,
    )


def _fill(run: Callable[..., Any], index: str, unread: str) -> None:
    last = 0
    while portion := run(f"{unread} ORDER BY 1 LIMIT {_PORTION}", (last,)).fetchall():
        for row_id, user_id, text in portion:
            insert = f"INSERT INTO {index} (rowid, owner, text) VALUES (?, 'u' || ?, ?)"  # noqa: S608 - ours
            run(insert, (row_id, user_id, indexable(text)))
        last = portion[-1][0]
