"""Steps of a conversation as one-line calls, and concurrent calls from many threads."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from chat.errors import ParleyError
from chat.messages import Answer
from chat.store import Store
from chat.store.records import COMPLETED, Conversation, Turn, TurnError
from chat.store.removal import HiddenConversation
from chat.store.turns import CheckpointDelta, Progress, Question, Run, StartedTurn

RUN = Run("a-model", "sync", "here:1")
DIED = TurnError("turn_interrupted", "The server stopped.", True)


def begin(store: Store, conversation: Conversation, text: str = "Why?", **question: Any) -> StartedTurn:
    return store.turns.begin(conversation.user_id, conversation.id, Question(text, **question), RUN)


def finish(store: Store, turn: Turn, text: str = "Because.", status: str = COMPLETED) -> Turn | None:
    return store.turns.finish(Progress(turn, Answer(text), f"[{len(text)}]"), status, None)


def checkpoint_delta(
    turn: Turn, text: str = "", first: int = 0, event_offsets: str = "", **more: Any
) -> CheckpointDelta:
    """Return a checkpoint delta of one event, unless `event_offsets` is given."""
    fields = {"reasoning": "", "tool_calls": {}} | more
    return CheckpointDelta(turn, first, text, event_offsets=event_offsets or f"[{len(text)}]", **fields)


def completed_turn(store: Store, conversation: Conversation, question: str, answer: str, **more: Any) -> Turn:
    """Run a whole turn and return its final state."""
    ended = finish(store, begin(store, conversation, question, **more).turn, answer)
    assert ended is not None
    return ended


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Call `work` in `count` threads at the same moment. Return the results, or the ParleyErrors raised, in order."""
    ready = threading.Barrier(count)

    def run(number: int) -> Any:
        ready.wait()
        try:
            return work(number)
        except ParleyError as error:
            return error

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


@contextlib.contextmanager
def write_lock(path: Path) -> Iterator[sqlite3.Connection]:
    """Hold the write lock with a connection of another program."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield other
        if other.in_transaction:
            other.rollback()
    finally:
        other.close()


def counts(path: Path) -> dict[str, int]:
    """Return the number of rows of each table, read by a connection of its own."""
    with contextlib.closing(sqlite3.connect(path)) as other:
        names = [row[0] for row in other.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: other.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}


def delete(store: Store, conversation: Conversation) -> None:
    """Delete a conversation and remove all its rows."""
    store.conversations.delete(conversation)
    remove_all(store)


def remove_all(store: Store) -> None:
    """Remove all hidden conversations, as a worker does."""
    while pending := store.removal.pending(10):
        for conversation in pending:
            left: HiddenConversation | None = conversation
            while left is not None:
                left = store.removal.remove_batch(left)


def long_branch(store: Store, conversation: Conversation, turns: int) -> int:
    """Write a branch of ended turns with their index entries. Return the id of the last answer."""
    with contextlib.closing(sqlite3.connect(store.engine.path)) as other, other:
        (last,) = other.execute("SELECT coalesce(max(id), 0) FROM messages").fetchone()
        parents = [None, *range(last + 1, last + 2 * turns)]
        messages = [
            (last + position, conversation.id, parent, "user" if position % 2 else "assistant", f"said {position}")
            for position, parent in enumerate(parents, 1)
        ]
        other.executemany("INSERT INTO messages VALUES (?, ?, ?, ?, ?, '', 0)", messages)
        other.executemany(
            "INSERT INTO turns (conversation_id, user_message_id, message_id, status, model, mode, worker, marks, "
            "prompt_tokens, completion_tokens, started_at, lease_until) "
            "VALUES (?, ?, ?, 'completed', 'm', 'sync', 'h:1', '[]', 0, 0, 0, 0)",
            [(conversation.id, answer - 1, answer) for answer in range(last + 2, last + 2 * turns + 1, 2)],
        )
        other.executemany(
            "INSERT INTO message_search (rowid, owner, text) VALUES (?, ?, ?)",
            [(each[0], f"u{conversation.user_id}", each[4]) for each in messages],
        )
        other.execute("UPDATE conversations SET head_id = ? WHERE id = ?", (last + 2 * turns, conversation.id))
    return last + 2 * turns
