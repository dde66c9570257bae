"""Keeps the indexes of `search.py` in step with what they index.

A question is indexed when it is written and an answer when its turn ends, in the same transactions; a
checkpoint, which rewrites an answer's text once a second, does not touch the index. What is deleted leaves it
by triggers (see migration 0003). Temporary conversations are never in it.
"""

from __future__ import annotations

from chat.store.database import Database
from chat.store.words import indexable

INDEX_MESSAGE = """
    REPLACE INTO message_search (rowid, owner, text)
    SELECT ?, 'u' || user_id, ? FROM conversations WHERE id = ? AND temporary = 0
"""

INDEX_TITLE = """
    REPLACE INTO title_search (rowid, owner, text)
    SELECT id, 'u' || user_id, ? FROM conversations WHERE id = ? AND temporary = 0
"""


def index_message(database: Database, conversation_id: int, message_id: int, text: str) -> None:
    """Make a message findable, in place of what it said before. Call it inside a write."""
    if text:
        database.run(INDEX_MESSAGE, (message_id, indexable(text), conversation_id))


def index_title(database: Database, conversation_id: int, title: str) -> None:
    """Make a title findable, in place of the one before. Call it inside a write."""
    database.run(INDEX_TITLE, (indexable(title), conversation_id))
