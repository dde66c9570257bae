"""Keeps the indexes of `search.py` in step with what they index.

What is to be indexed is noted in the transaction that writes it, and indexed soon after, many texts at a time: each
transaction that touches a full-text index adds a piece to it which has to be merged with others, and that costs more
than all the rest of a turn's end. It is done by the clock of the workers (`turns/indexer.py`), and for who searches
before he is answered, so that nobody misses what is his own.

A question is noted when it is written and an answer when its turn ends; a checkpoint notes nothing. What is deleted
leaves the indexes by triggers (see migration 0003). Temporary conversations are never in them.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import msgspec

from chat.errors import StoreUnavailable
from chat.store.bulk import RunStatement, execute_values
from chat.store.database import Database, reads, writes
from chat.store.words import indexable

log = logging.getLogger(__name__)

# Texts of a kind in a transaction: some ten milliseconds for which others wait that have something to write.
AT_ONCE = 100

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

IS_DUE = """
    SELECT EXISTS (SELECT 1 FROM unindexed_messages WHERE user_id BETWEEN ?1 AND ?2)
        OR EXISTS (SELECT 1 FROM unindexed_titles WHERE user_id BETWEEN ?1 AND ?2)
"""
# One row, however many texts: fetching each would hand the interpreter's lock over twice.
_DUE = """
    SELECT json_group_array(json_array(due.user_id, due.id, {text}))
    FROM (SELECT user_id, id FROM {noted} WHERE user_id BETWEEN ? AND ? LIMIT ?) AS due
    LEFT JOIN {texts} ON {texts}.id = due.id
"""
_INDEX = "REPLACE INTO {index} (rowid, owner, text) VALUES {{rows}}"
_DONE = """
    DELETE FROM {noted}
    WHERE (user_id, id) IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?))
"""

# The first user and the last of those whose texts are meant.
_Users = tuple[int, int]
_ALL: _Users = (0, 2**63 - 1)


class Kind:
    """The statements for one kind of texts: which are due, how they are indexed, how they are struck off."""

    def __init__(self, index: str, noted: str, texts: str, text: str) -> None:
        self.due = _DUE.format(noted=noted, texts=texts, text=text)
        self.index = _INDEX.format(index=index)
        self.done = _DONE.format(noted=noted)


KINDS = (
    Kind("title_search", "unindexed_titles", "conversations", "title"),
    Kind("message_search", "unindexed_messages", "messages", "text"),
)


class Index:
    """What is still to be indexed."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def is_due(self) -> bool:
        """Whether there is anything to index."""
        return self._is_due(_ALL)

    def take(self) -> int:
        """Index some of what is due, and return how many texts that were."""
        return self._take(_ALL)

    def catch_up(self, user_id: int) -> None:
        """Index all that is one user's. Where the database is busy or full it is left for later."""
        his = (user_id, user_id)
        try:
            while self._is_due(his):
                self._take(his)
        except StoreUnavailable as error:
            log.warning("What user %s has said last cannot be found yet: %s", user_id, error)

    @reads
    def _is_due(self, whose: _Users) -> bool:
        return bool(self.database.run(IS_DUE, whose).fetchone()[0])

    @writes
    def _take(self, whose: _Users) -> int:
        return sum(_index(self.database.run, kind, whose) for kind in KINDS)


def note_messages(run: RunStatement, messages: Sequence[tuple[int, int]]) -> None:
    """Have messages made findable, in place of what they said before. Call it inside a write.

    `messages` are their ids and their conversations'.
    """
    execute_values(run, NOTE_MESSAGES, messages)


def note_titles(run: RunStatement, conversations: Sequence[int]) -> None:
    """Have conversations made findable by their titles, in place of those before. Call it inside a write."""
    execute_values(run, NOTE_TITLES, [(conversation,) for conversation in conversations])


def _index(run: RunStatement, kind: Kind, whose: _Users) -> int:
    (found,) = run(kind.due, (*whose, AT_ONCE)).fetchone()
    due: list[tuple[int, int, str | None]] = msgspec.json.decode(found)
    if due:
        texts = [(row_id, f"u{user_id}", indexable(text)) for user_id, row_id, text in due if text is not None]
        execute_values(run, kind.index, texts)
        run(kind.done, (msgspec.json.encode([(user_id, row_id) for user_id, row_id, _ in due]).decode(),))
    return len(due)
