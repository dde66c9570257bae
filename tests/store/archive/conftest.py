"""A database with rows in every table, and the pairs of engines between which it is moved."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from chat.messages import Answer, ToolCall, ToolCallRecord, ToolResult
from chat.store import Store
from chat.store.archive.archive_file import ArchiveReader
from chat.store.archive.dump import dump
from chat.store.archive.load import Restored, restore
from chat.store.archive.progress import silent
from chat.store.engines.contract import Engine
from chat.store.records import COMPLETED, Conversation, Progress, Turn

from ..engines import KINDS, SQLITE, EngineUnderTest, postgresql
from ..scenarios import begin, checkpoint_delta, completed_turn


@dataclass
class Filled:
    """A database with two conversations, one of which is shared, and a running turn in the other."""

    store: Store
    user: int
    shared: Conversation
    token: str
    running: Turn


def fill(store: Store) -> Filled:
    user = store.sessions.create_anonymous().user_id
    store.instructions.change(user, "Be brief.\n請簡短")
    shared = store.conversations.create(user, "Größe 東京 \U0001f600")
    completed_turn(store, shared, "First?", "quokka")
    begun = begin(store, shared, "And a tool?").turn
    call = ToolCallRecord(
        ToolCall("call_1", "market_data", r'{"a": "\u0000"}'), "Label", 0, 2, ToolResult("content", "ok", {"a": 1}), 12
    )
    store.turns.finish(Progress(begun, Answer("With a tool", "I thought", (call,)), "[1]"), COMPLETED, None)
    store.feedback.give(store.history.of_conversation(shared.id)[-1], -1, "no")
    shared = store.ownership.conversation(user, shared.id)
    share, _ = store.shares.share(shared)
    other = store.conversations.create(user, "Other")
    running = begin(store, other, "Still running?").turn
    store.turns.checkpoint([checkpoint_delta(running, "So far")], [running.id])
    # Their ids must not be used again.
    gone = store.conversations.create(user, "Gone")
    completed_turn(store, gone, "Gone?", "Gone.")
    store.conversations.delete(gone)
    return Filled(store, user, shared, share.token, running)


@pytest.fixture
def filled(store: Store) -> Filled:
    return fill(store)


@pytest.fixture(params=KINDS)
def other_kind(request: pytest.FixtureRequest) -> EngineUnderTest:
    """Return the kind of the database that receives the rows."""
    return SQLITE if request.param == "sqlite" else postgresql(request.getfixturevalue("postgresql_databases"))


@pytest.fixture
def target(other_kind: EngineUnderTest, tmp_path: Path) -> Iterator[Engine]:
    """Return a database that does not exist yet."""
    engine = other_kind.make(tmp_path, "target")
    yield engine
    engine.close()


def dumped(engine: Engine, **keys: bytes) -> bytes:
    file = io.BytesIO()
    engine.maintenance.snapshot(lambda: dump(engine, file, keys, silent))
    return file.getvalue()


def reader(backup: bytes) -> ArchiveReader:
    """Return a verified backup."""
    archive = ArchiveReader(io.BytesIO(backup), "the backup")
    archive.verify(lambda _rows: None)
    return archive


def restored(engine: Engine, backup: bytes) -> Restored:
    return restore(engine, reader(backup), lambda _keys: None, silent)
