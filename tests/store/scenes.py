"""What happens in a conversation, a line each, and the same from many threads at once."""

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
from chat.store.turns import Begun, Piece, Progress, Question, Run

RUN = Run("a-model", "sync", "here:1")
DIED = TurnError("turn_interrupted", "The server stopped.", True)


def begin(store: Store, conversation: Conversation, text: str = "Why?", **question: Any) -> Begun:
    return store.turns.begin(conversation.user_id, conversation.id, Question(text, **question), RUN)


def finish(store: Store, turn: Turn, text: str = "Because.", status: str = COMPLETED) -> Turn | None:
    return store.turns.finish(Progress(turn, Answer(text), f"[{len(text)}]"), status, None)


def piece(turn: Turn, text: str = "", first: int = 0, marks: str = "", **more: Any) -> Piece:
    """What a checkpoint keeps of a turn, in one event unless `marks` says otherwise."""
    told = {"reasoning": "", "tool_calls": {}} | more
    return Piece(turn, first, text, marks=marks or f"[{len(text)}]", **told)


def answered(store: Store, conversation: Conversation, question: str, answer: str, **more: Any) -> Turn:
    """A whole turn; returns it as it ended."""
    ended = finish(store, begin(store, conversation, question, **more).turn, answer)
    assert ended is not None
    return ended


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Call `work` in so many threads at the same moment. Their results in order, or the error of ours each raised."""
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
    """Another program in the middle of a transaction that writes."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        other.execute("BEGIN IMMEDIATE")
        yield other
        if other.in_transaction:
            other.rollback()
    finally:
        other.close()


def counts(path: Path) -> dict[str, int]:
    """How many rows each table has, seen from outside."""
    with contextlib.closing(sqlite3.connect(path)) as other:
        names = [row[0] for row in other.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: other.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in names}
