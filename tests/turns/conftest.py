from __future__ import annotations

import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chat.cancellation import Cancellation
from chat.messages import Delta, Message
from chat.store import Store
from chat.store.records import Conversation
from scripts.kit import redis_server as redis_kit

from ..conftest import ScriptedModel
from .worker import LONG_S, Worker


@pytest.fixture
def user(store: Store) -> int:
    return store.sessions.create_anonymous().user_id


@pytest.fixture
def conversation(store: Store, user: int) -> Conversation:
    return store.conversations.create(user)


@pytest.fixture
def make_worker(
    store: Store, model: ScriptedModel, tmp_path: Path, heartbeat_s: float
) -> Iterator[Callable[..., Worker]]:
    """Return a factory of workers that share the test's store: `make_worker(max_active_turns=1)`."""
    workers: list[Worker] = []

    def make(**parts: Any) -> Worker:
        worker = Worker(store, parts.pop("model", model), tmp_path / "run", heartbeat_s=heartbeat_s, **parts)
        worker.start()
        workers.append(worker)
        return worker

    yield make
    for worker in workers:
        worker.stop()


@pytest.fixture
def redis_url(request: pytest.FixtureRequest) -> str:
    """Return the address of a Redis, or "" where none is installed."""
    return "" if redis_kit.missing() else str(request.getfixturevalue("redis_server").url)


@pytest.fixture
def worker(make_worker: Callable[..., Worker]) -> Worker:
    return make_worker()


class Dictation:
    """A model's answer whose deltas the test sends. It ends when the turn is cancelled, like a real one."""

    def __init__(self) -> None:
        self._pieces: queue.Queue[Delta | Exception | None] = queue.Queue()

    def say(self, *pieces: Delta | Exception) -> None:
        for piece in pieces:
            self._pieces.put(piece)

    def end(self) -> None:
        self._pieces.put(None)

    def __call__(self, _messages: list[Message], cancellation: Cancellation) -> Iterator[Delta]:
        with cancellation.closing(self.end):
            while (piece := self._pieces.get(timeout=LONG_S)) is not None:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        cancellation.check()


@pytest.fixture
def dictation(model: ScriptedModel) -> Iterator[Dictation]:
    """Return the model's next answer, which the test controls."""
    dictation = Dictation()
    model.will_run(dictation)
    yield dictation
    dictation.end()
