"""Keep the full-text indexes of `search.py` up to date.

The transaction that writes a text also notes it as pending. Pending texts are indexed soon after, many in one
transaction. Each transaction that touches a full-text index adds a segment that has to be merged later, which costs
more than the rest of a turn's end. A periodic job (`turns/indexer.py`) does the work. A search indexes the user's
pending texts first, so that it misses none of them.

A question is marked as pending when it is written, an answer when its turn ends; a checkpoint marks nothing. The
indexes drop deleted rows by themselves. Temporary conversations are never indexed.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from chat.errors import StoreUnavailable
from chat.store.engines.contract import Engine, TextKind
from chat.store.transactions import reads, writes

log = logging.getLogger(__name__)

# Texts of one kind per transaction. Other writers wait about ten milliseconds for a full batch.
_BATCH_SIZE = 100

NOTE_MESSAGES = """
    INSERT INTO unindexed_messages (user_id, id)
    SELECT user_id, new.column1 FROM (VALUES {rows}) AS new JOIN conversations ON conversations.id = new.column2
    WHERE temporary = 0
    ON CONFLICT DO NOTHING
"""
NOTE_TITLES = """
    INSERT INTO unindexed_titles (user_id, id)
    SELECT user_id, id FROM (VALUES {rows}) AS new JOIN conversations ON conversations.id = new.column1
    WHERE temporary = 0
    ON CONFLICT DO NOTHING
"""

HAS_PENDING = """
    SELECT EXISTS (SELECT 1 FROM unindexed_messages WHERE user_id BETWEEN ? AND ?)
        OR EXISTS (SELECT 1 FROM unindexed_titles WHERE user_id BETWEEN ? AND ?)
"""
# Deleted before the texts are read: a transaction that changes a text meanwhile waits for this and then notes it again.
# Materialized: PostgreSQL may run a subselect once a row, and each run would delete more rows than the limit allows.
_DELETE_BATCH = """
    WITH batch (user_id, id) AS MATERIALIZED (
        SELECT user_id, id FROM {pending} WHERE user_id BETWEEN ? AND ? ORDER BY user_id, id LIMIT ? FOR UPDATE
    )
    DELETE FROM {pending} WHERE (user_id, id) IN (SELECT user_id, id FROM batch)
    RETURNING id, user_id
"""

# First and last user id, both included.
_UserRange = tuple[int, int]
_ALL_USERS: _UserRange = (0, 2**63 - 1)


class PendingTexts:
    """The statements for one kind of text: delete a batch of pending rows, and select their texts."""

    def __init__(self, kind: TextKind, pending: str, texts: str, text: str) -> None:
        self.kind = kind
        self.table = pending
        self.delete_batch = _DELETE_BATCH.format(pending=pending)
        self.columns = f"id, {text}"
        self.source = f"FROM {texts} WHERE id = ANY(?)"


PENDING_TEXTS = (
    PendingTexts("title", "unindexed_titles", "conversations", "title"),
    PendingTexts("message", "unindexed_messages", "messages", "text"),
)


class Index:
    """The texts that are pending for the full-text indexes."""

    def __init__(self, engine: Engine, batch_size: int = _BATCH_SIZE) -> None:
        self.engine = engine
        self._batch_size = batch_size

    def has_pending(self) -> bool:
        """Return whether any text is pending."""
        return self._has_pending(_ALL_USERS)

    def index_pending(self) -> int:
        """Index one batch of pending texts of each kind. Return the number of texts."""
        return self._index_pending(_ALL_USERS)

    def index_all(self, advance: Callable[[int], None]) -> None:
        """Index all pending texts in one transaction, when nobody else uses the database. Call `advance` with numbers.

        If it fails, all are pending as before.
        """
        self.engine.write_exclusive(lambda: self.engine.full_text.bulk(lambda: self._index_all(advance)))

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
        return bool(self.engine.execute(HAS_PENDING, users * 2).fetchone()[0])

    @writes
    def _index_pending(self, users: _UserRange) -> int:
        return sum(self._index(pending, users) for pending in PENDING_TEXTS)

    def _index(self, pending: PendingTexts, users: _UserRange) -> int:
        owners = dict(self.engine.execute(pending.delete_batch, (*users, self._batch_size)).fetchall())
        if owners:
            self._put(pending, owners)
        return len(owners)

    def _put(self, pending: PendingTexts, owners: Mapping[int, int]) -> None:
        texts = self.engine.select(pending.columns, pending.source, (self.engine.array(owners),))
        self.engine.full_text.put(pending.kind, [(row_id, owners[row_id], text) for row_id, text in texts])

    def _index_all(self, advance: Callable[[int], None]) -> None:
        for pending in PENDING_TEXTS:
            rows: Iterator[Any] = self.engine.maintenance.rows(pending.table, ("id", "user_id"), ("user_id", "id"))
            while owners := dict(itertools.islice(rows, self._batch_size)):
                self._put(pending, owners)
                advance(len(owners))
            self.engine.execute(f"DELETE FROM {pending.table}")  # noqa: S608 - our own name


def note_messages(engine: Engine, messages: Sequence[tuple[int, int]]) -> None:
    """Note messages as pending, given as (message id, conversation id). Call it inside a write.

    Indexing replaces the earlier text of a message.
    """
    engine.defer_rows(NOTE_MESSAGES, messages)


def note_titles(engine: Engine, conversations: Sequence[int]) -> None:
    """Note the titles of conversations as pending. Call it inside a write."""
    engine.defer_rows(NOTE_TITLES, [(conversation,) for conversation in conversations])
