"""A worker's services without the web, over the test's store and model."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from chat.cluster.contract import Road
from chat.cluster.peers import Peers, Presence
from chat.llm.contract import LanguageModel
from chat.memory.local import LocalMemory
from chat.runtime.clock import Clock
from chat.services import Overrides, Services
from chat.store import Store
from chat.store.records import Conversation, Turn
from chat.store.turns import Question, StartedTurn
from chat.tool_contract import Tool
from chat.turns.database_road import DatabaseRoad
from config.settings import Settings
from scripts.kit.sse import Event, read_events

LONG_S = 30.0


class Worker:
    """A worker of the test. Several may share a store and a `run_dir`; then at most one listens.

    `roads` returns the roads that it has on this machine instead of the usual ones. `name` is that of a worker of
    another server, for a test that has two of them.
    """

    def __init__(
        self,
        store: Store,
        model: LanguageModel,
        run_dir: Path,
        tools: Sequence[Tool] = (),
        memory_bytes: int = 1_000_000,
        job_intervals: dict[str, float] | None = None,
        clock: Clock | None = None,
        *,
        presence: Callable[[str], Presence] | None = None,
        roads: Callable[[Peers], Sequence[Road]] | None = None,
        database_road: DatabaseRoad | None = None,
        heartbeat_s: float | None = None,
        name: str = "",
        redis_wait_factor: float = 20.0,
        **settings: Any,
    ) -> None:
        peers = Peers(run_dir) if presence is None else _PeersWithPresence(run_dir, presence)
        peers.name = name or peers.name
        usual = {"turn_timeout_s": LONG_S, "title_model": "none", "openai_api_key": "unused", "grace_s": 0.0}
        self.services = services = Services(
            Settings(data_dir=run_dir.parent, **usual | settings),
            Overrides(
                store=store,
                memory=None if settings.get("redis_url") else LocalMemory(memory_bytes),
                peers=peers,
                model=model,
                tools=tools,
                roads=None if roads is None else roads(peers),
                database_road=database_road,
                clock=clock,
                heartbeat_s=heartbeat_s,
                redis_wait_factor=redis_wait_factor,
                job_intervals=job_intervals or {},
            ),
        )
        self.store = store
        self.heartbeat_s = heartbeat_s
        self.memory = services.memory
        self.running_turns = services.turns.running_turns
        self.admission = services.turns.admission
        self.peers = services.peers
        self.redis = services.redis
        self.follower = services.follower
        self.recovery = services.recovery
        self.stopper = services.stopper
        self.titles = services.titles
        self.runner = services.runner

    def start(self) -> None:
        """Start the periodic jobs, and Redis if there is one. The database is open, and `listen` is separate."""
        if self.redis is not None:
            self.redis.start(self.services.turn_requests.answer_peer)
        self.services.jobs.start()

    def listen(self) -> None:
        """Listen for the requests of other workers."""
        self.peers.listen(self.services.turn_requests.answer_peer)

    def stop(self) -> None:
        """Stop everything but the store."""
        self.services.drain.finish()
        self.services.jobs.stop()
        self.peers.close()
        if self.redis is not None:
            self.redis.close()

    def ask(self, conversation: Conversation, text: str = "Why?", **question: Any) -> StartedTurn:
        return self.runner.begin(conversation.user_id, conversation.id, Question(text, **question), "a-model")

    def answered(self, conversation: Conversation, text: str = "Why?", **question: Any) -> Turn:
        """Ask a question and wait for the end of the turn."""
        return self.ended(self.ask(conversation, text, **question))

    def ended(self, started: StartedTurn) -> Turn:
        """Return the turn once it has ended and left the registry."""
        received(self.follower.frames(started.turn, 0))
        self.vacant()
        ended = self.store.turns.get(started.turn.id)
        assert ended is not None
        return ended

    def vacant(self) -> None:
        """Wait until no turn runs and all work after the last event of a turn is done."""
        assert self.admission.wait_until_empty(LONG_S), "a turn does not end"


class _PeersWithPresence(Peers):
    """Peers whose presence the test decides."""

    def __init__(self, run_dir: Path, presence: Callable[[str], Presence]) -> None:
        super().__init__(run_dir)
        self._presence = presence

    def presence(self, worker: str) -> Presence:
        return self._presence(worker)


def received(frames: Iterable[bytes]) -> list[Event]:
    """Return the events in a stream of frames, to its end, without comments. The number of comments is bounded."""
    deadline = time.monotonic() + LONG_S
    stream = []
    for frame in frames:
        stream.append(frame)
        assert time.monotonic() < deadline, f"no end after {stream}"
    return parsed(b"".join(stream))


def parsed(stream: bytes) -> list[Event]:
    return list(read_events([stream]))


def text_of(events: Iterable[Event]) -> str:
    return "".join(event.data["text"] for event in events if event.name == "delta")


def names(events: Iterable[Event]) -> list[str]:
    return [event.name for event in events]
