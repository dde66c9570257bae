"""Keeps the indexes of `search.py` in step with what they index.

A question is indexed when it is written and an answer when its turn ends, in the same transactions; a
checkpoint does not touch the index. What is deleted leaves it by triggers (see migration 0003). Temporary
conversations are never in it.
"""

from __future__ import annotations

from collections.abc import Sequence

from chat.store.values import RunStatement, for_each
from chat.store.words import indexable

INDEX_MESSAGES = """
    REPLACE INTO message_search (rowid, owner, text)
    SELECT new.column1, 'u' || user_id, new.column3
    FROM (VALUES {rows}) AS new JOIN conversations ON conversations.id = new.column2
    WHERE temporary = 0
"""

INDEX_TITLES = """
    REPLACE INTO title_search (rowid, owner, text)
    SELECT id, 'u' || user_id, new.column2
    FROM (VALUES {rows}) AS new JOIN conversations ON conversations.id = new.column1
    WHERE temporary = 0
"""


def index_messages(run: RunStatement, messages: Sequence[tuple[int, int, str]]) -> None:
    """Make messages findable, in place of what they said before. Call it inside a write.

    `messages` are their ids, their conversations' and their texts.
    """
    for_each(run, INDEX_MESSAGES, [(message, place, indexable(text)) for message, place, text in messages if text])


def index_titles(run: RunStatement, titles: Sequence[tuple[int, str]]) -> None:
    """Make titles findable by their conversations' ids, in place of those before. Call it inside a write."""
    for_each(run, INDEX_TITLES, [(conversation, indexable(title)) for conversation, title in titles])
