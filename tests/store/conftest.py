"""Fixtures of the store's tests, which run with every engine in `engines.py`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chat.runtime.clock import Clock
from chat.store import Store
from chat.store.records import Conversation

from .engines import KINDS, SQLITE, EngineUnderTest, postgresql
from .scenarios import completed_turn

OpenStore = Callable[..., Store]


@pytest.fixture(params=KINDS)
def under_test(request: pytest.FixtureRequest) -> EngineUnderTest:
    return SQLITE if request.param == "sqlite" else postgresql(request.getfixturevalue("postgresql_databases"))


@pytest.fixture
def open_store(under_test: EngineUnderTest, tmp_path: Path, clock: Clock) -> Iterator[OpenStore]:
    """Return a function that opens a database by its name, as one more process would, and brings it up to date."""
    with contextlib.ExitStack() as stack:

        def open_store(name: str = "chat") -> Store:
            store = Store(under_test.open(tmp_path, name), clock)
            stack.callback(store.close)
            store.migrate()
            return store

        yield open_store


@pytest.fixture
def store(open_store: OpenStore) -> Store:
    return open_store()


@pytest.fixture
def user(store: Store) -> int:
    return store.sessions.create_anonymous().user_id


@pytest.fixture
def stranger(store: Store) -> int:
    """Return another user, who owns none of the first user's data."""
    return store.sessions.create_anonymous().user_id


@pytest.fixture
def conversation(store: Store, user: int) -> Conversation:
    return store.conversations.create(user)


@pytest.fixture
def say(store: Store, user: int) -> Callable[..., Conversation]:
    """Return a function that creates a conversation with one turn."""

    def make(question: str = "Q", answer: str = "A", title: str = "") -> Conversation:
        conversation = store.conversations.create(user, title)
        completed_turn(store, conversation, question, answer)
        return conversation

    return make
