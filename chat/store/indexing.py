"""Keep the full-text indexes of `search.py` up to date.

The transaction that writes a text also notes it as pending. Pending texts are indexed soon after, many in one
transaction. Each transaction that touches a full-text index adds a segment that has to be merged later, which costs
more than the rest of a turn's end. A periodic job (`turns/indexer.py`) does the work. A search indexes the user's
pending texts first, so that it misses none of them.

A question is noted when it is written and an answer when its turn ends; a checkpoint notes nothing. Triggers remove
deleted rows from the indexes (see migration 0003). Temporary conversations are never indexed.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import msgspec

from chat.errors import StoreUnavailable
from chat.store.bulk import Execute, execute_values
from chat.store.engines.contract import Engine
from chat.store.tokenizer import indexable
from chat.store.transactions import reads, writes

log = logging.getLogger(__name__)

# Texts of one kind per transaction. Other writers wait about ten milliseconds for a full batch.
BATCH_SIZE = 100

NOTE_MESSAGES = """
    INSERT OR IGNORE INTO unindexed_messages (user_id, id)
    SELECT user_id, new.column1 FROM (VALUES {rows}) AS new JOIN conversations ON conversations.id = new.column2
    WHERE temporary = 0
"""
NOTE_TITLES = """
    INSERT OR IGNORE INTO unindexed_titles (user_id, id)
    SELECT user_id, id FROM (VALUES {rows}) AS new JOIN conversations ON conversations.id = new.column1
    WHERE temporary = 0
"""

HAS_PENDING = """
    SELECT EXISTS (SELECT 1 FROM unindexed_messages WHERE user_id BETWEEN ?1 AND ?2)
        OR EXISTS (SELECT 1 FROM unindexed_titles WHERE user_id BETWEEN ?1 AND ?2)
"""
# One row for all texts: each row fetched would release and take the interpreter's lock.
_SELECT = """
    SELECT json_group_array(json_array(due.user_id, due.id, {text}))
    FROM (SELECT user_id, id FROM {pending} WHERE user_id BETWEEN ? AND ? LIMIT ?) AS due
    LEFT JOIN {texts} ON {texts}.id = due.id
"""
_INSERT = "REPLACE INTO {index} (rowid, owner, text) VALUES {{rows}}"
_DELETE = """
    DELETE FROM {pending}
    WHERE (user_id, id) IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))
"""

# First and last user id, both included.
_UserRange = tuple[int, int]
_ALL_USERS: _UserRange = (0, 2**63 - 1)


class TextKind:
    """The statements for one kind of text: select pending rows, insert them into the index, delete the notes."""

    def __init__(self, index: str, pending: str, texts: str, text: str) -> None:
        self.select = _SELECT.format(pending=pending, texts=texts, text=text)
        self.insert = _INSERT.format(index=index)
        self.delete = _DELETE.format(pending=pending)


TEXT_KINDS = (
    TextKind("title_search", "unindexed_titles", "conversations", "title"),
    TextKind("message_search", "unindexed_messages", "messages", "text"),
)


class Index:
    """The texts that are pending for the full-text indexes."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def has_pending(self) -> bool:
        """Return whether any text is pending."""
        return self._has_pending(_ALL_USERS)

    def index_pending(self) -> int:
        """Index one batch of pending texts of each kind. Return the number of texts."""
        return self._index_pending(_ALL_USERS)

    def index_user(self, user_id: int) -> None:
        """Index all pending texts of one user. Leave them pending if the database is busy or full."""
        user_range = (user_id, user_id)
        try:
            while self._has_pending(user_range):
                self._index_pending(user_range)
        except StoreUnavailable as error:
            log.warning("The latest texts of user %s cannot be indexed yet: %s", user_id, error)

    @reads
    def _has_pending(self, users: _UserRange) -> bool:
        return bool(self.engine.execute(HAS_PENDING, users).fetchone()[0])

    @writes
    def _index_pending(self, users: _UserRange) -> int:
        return sum(_index(self.engine.execute, kind, users) for kind in TEXT_KINDS)


def note_messages(execute: Execute, messages: Sequence[tuple[int, int]]) -> None:
    """Note messages as pending, given as (message id, conversation id). Call it inside a write.

    Indexing replaces the earlier text of a message.
    """
    execute_values(execute, NOTE_MESSAGES, messages)


def note_titles(execute: Execute, conversations: Sequence[int]) -> None:
    """Note the titles of conversations as pending. Call it inside a write."""
    execute_values(execute, NOTE_TITLES, [(conversation,) for conversation in conversations])


def _index(execute: Execute, kind: TextKind, users: _UserRange) -> int:
    (pending,) = execute(kind.select, (*users, BATCH_SIZE)).fetchone()
    rows: list[tuple[int, int, str | None]] = msgspec.json.decode(pending)
    if rows:
        texts = [(row_id, f"u{user_id}", indexable(text)) for user_id, row_id, text in rows if text is not None]
        execute_values(execute, kind.insert, texts)
        execute(kind.delete, (msgspec.json.encode([(user_id, row_id) for user_id, row_id, _ in rows]).decode(),))
    return len(rows)
