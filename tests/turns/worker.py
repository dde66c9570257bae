"""The parts of a worker without the web, as `chat/services.py` builds them, over the test's store and model."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from chat.agent.loop import Agent
from chat.agent.toolbox import Toolbox
from chat.cluster.peers import Peers, Presence
from chat.events.local import LocalEventLog
from chat.llm.contract import LanguageModel
from chat.memory.local import LocalMemory
from chat.messages import Tool
from chat.store import Store
from chat.store.records import Conversation, Turn
from chat.store.turns import Question, StartedTurn
from chat.turns.checkpoints import CHECKPOINT_S
from chat.turns.follow import Follower
from chat.turns.peer_requests import dispatch
from chat.turns.recovery import Recovery
from chat.turns.runner import Limits, Runner
from chat.turns.stop import Stopper
from chat.turns.stream_limits import StreamLimits
from chat.turns.titles import Titles
from chat.turns.turn_services import TurnServices
from scripts.kit.sse import Event, read_events

LONG_S = 30.0


class Worker:
    """A worker of the test. Several may share a store; then at most one has a `run_dir`."""

    def __init__(
        self,
        store: Store,
        model: LanguageModel,
        run_dir: Path,
        tools: Sequence[Tool] = (),
        memory_bytes: int = 1_000_000,
        most_turns: int = 50,
        limits: Limits | None = None,
        *,
        title_model: str = "none",
        presence: Callable[[str], Presence] | None = None,
        checkpoint_s: float = CHECKPOINT_S,
    ) -> None:
        self.store = store
        self.memory = LocalMemory(memory_bytes)
        self.turns = TurnServices(store, most_turns, LocalEventLog, checkpoint_s=checkpoint_s)
        self.running_turns = self.turns.running_turns
        self.admission = self.turns.admission
        self.peers = Peers(run_dir)
        self.follower = Follower(store, self.running_turns, self.peers, StreamLimits(1_000))
        self.recovery = Recovery(store, self.running_turns, self.peers.name, presence or self.peers.presence)
        self.stopper = Stopper(store, self.running_turns, self.peers)
        self.titles = Titles(store, model, title_model)
        self.runner = Runner(
            store,
            self.memory,
            Agent(model, Toolbox(tools)),
            self.turns,
            self.peers.name,
            limits or Limits(LONG_S, 100_000),
            self.titles,
        )

    def start(self) -> None:
        self.turns.start()
        self.recovery.start()

    def listen(self) -> None:
        """Listen for the requests of other workers."""
        self.peers.listen(dispatch(self.follower, self.stopper))

    def stop(self) -> None:
        self.admission.end_all("interrupted", 5.0)
        self.turns.stop()
        self.recovery.stop()
        self.peers.close()

    def ask(self, conversation: Conversation, text: str = "Why?", **question: Any) -> StartedTurn:
        return self.runner.begin(conversation.user_id, conversation.id, Question(text, **question), "a-model")

    def answered(self, conversation: Conversation, text: str = "Why?", **question: Any) -> Turn:
        """Ask a question and wait for the end of the turn."""
        return self.ended(self.ask(conversation, text, **question))

    def ended(self, started: StartedTurn) -> Turn:
        """Return the turn once it has ended and left the registry."""
        received(self.follower.frames(started.turn.id, 0))
        self.vacant()
        ended = self.store.turns.get(started.turn.id)
        assert ended is not None
        return ended

    def vacant(self) -> None:
        """Wait until no turn runs, when everything after a turn's last event is done too."""
        assert self.admission.wait_until_empty(LONG_S), "a turn does not end"


def until(condition: Callable[[], object]) -> None:
    """Wait until the condition holds."""
    pause = threading.Event()
    deadline = time.monotonic() + LONG_S
    while not condition():
        assert time.monotonic() < deadline
        pause.wait(0.01)


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
