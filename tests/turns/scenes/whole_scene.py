"""One user's session over the API, with all that a user does, while a component fails.

The person behaves as the page does: what is refused with 503 is sent again, under the same client_id, and a stream
that ends without its `done` is taken up where it broke off. What may not be is asserted on the way; what must hold
afterwards is in `invariants.py`.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from chat.cancellation import Cancellation
from chat.messages import Delta, Message, TextDelta, ToolCall, ToolResult, ToolSpec, Usage
from chat.services import Services
from chat.tools.function_tool import FunctionTool
from scripts.kit.sse import Event
from tests.fake_clock import HastyClock

from ..worker import LONG_S, parsed

SSE = {"Accept": "text/event-stream"}
# No request is refused more often: every fault ends after a few calls.
MOST_ATTEMPTS = 30


def look_up(what: str) -> ToolResult:
    """Look something up."""
    return ToolResult(f'{{"found": "{what}"}}', f"Found {what}", {"title": what})


TOOLS = [FunctionTool(look_up, "Looking up {what}")]


class SceneModel:
    """A model that answers by the question: "look …" calls the tool, "wait" sends half and waits. `seen`: contexts.

    Where it calls the tool and where it waits it lets the clock strike, so that checkpoints are a part of the scene.
    """

    def __init__(self) -> None:
        self.seen: list[list[Message]] = []
        self.strike: Callable[[], None] = lambda: None

    def stream(
        self,
        model: str,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
        cancellation: Cancellation,
        may_call: bool = True,
    ) -> Iterator[Delta]:
        self.seen.append(list(messages))
        last = messages[-1]
        yield TextDelta("Well, ")
        if last.role == "user" and last.text.startswith("look") and tools:
            self.strike()
            yield ToolCall("call", "look_up", '{"what": "rain"}')
        elif last.text.startswith("wait"):
            self.strike()
            waiting = threading.Event()
            with cancellation.closing(waiting.set):
                assert waiting.wait(LONG_S)
            cancellation.check()
        else:
            yield TextDelta(f"to “{last.text}”: {len(messages)}.")
        yield Usage(3, 2)

    def warm_up(self) -> None:
        pass

    def close_unusable_connections(self) -> None:
        pass


# The jobs that `SceneClock.strike` runs; by themselves they would run too late for any test.
BY_HAND = dict.fromkeys(("checkpoint", "recovery", "removal"), 3_600.0)


class SceneClock(HastyClock):
    """A server's time under control of the test: checkpoints and sweeps run on its call.

    Where the server would wait for a moment before it tries again, it tries again at once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.services: Services | None = None

    def strike(self) -> None:
        services = self.services
        assert services is not None
        services.turns.checkpoints.checkpoint()
        services.recovery.sweep()
        services.remover.check()

    def pass_a_lease(self) -> None:
        """Advance the time by more than a lease, and sweep for dead workers."""
        self.skip(60.0)
        self.strike()


@dataclass
class Followed:
    """The whole stream of one follower."""

    turn: int
    events: list[Event]

    @property
    def status(self) -> str:
        return str(self.events[-1].data["status"])


@dataclass
class Scene:
    """One user's session. `refused` counts the 503s; `heard` is every stream that was followed to its end."""

    app: Flask
    clock: SceneClock
    number: int
    refused: int = 0
    streams: list[Followed] = field(default_factory=list)
    acknowledged: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.client: FlaskClient = self.app.test_client()
        self.clock.services = self.app.extensions["parley"]
        self.here = 0
        self.deleted = 0
        self._questions = itertools.count(1)

    def play(self) -> None:
        """Play all steps, each until it succeeds."""
        self.talk()
        self.stop(self.ask("wait for me"))
        self.get(f"/api/conversations/{self.here}")
        self.get("/api/conversations")
        self.deleted = self.converse()
        self.follow(self.ask("look away", self.deleted))
        self.until_done("DELETE", f"/api/conversations/{self.deleted}", (204, 404))

    def talk(self) -> None:
        """Ask two questions, the first of which needs a tool, and regenerate the first answer."""
        self.here = self.converse()
        first = self.ask_and_listen("look at the sky")
        self.follow(first)
        self.follow_twice(self.ask("and tomorrow?"))
        answer = self.get(f"/api/turns/{first}")
        self.listen_to(self.regenerate(answer["message_id"]))

    # -- actions of a user

    def converse(self) -> int:
        return int(self.until_done("POST", "/api/conversations", (201,), json={}).json["id"])

    def ask(self, text: str, conversation: int | None = None) -> int:
        """Send a question that is accepted with 202. Return its turn."""
        body = {"text": text, "client_id": f"{self.number}-{next(self._questions)}"}
        address = f"/api/conversations/{conversation or self.here}/turns"
        started = self.until_done("POST", address, (202,), json=body).json
        self.acknowledged[started["user_message_id"]] = text
        return int(started["turn_id"])

    def ask_and_listen(self, text: str) -> int:
        """Send a question whose answer is streamed on the same connection."""
        body = {"text": text, "client_id": f"{self.number}-{next(self._questions)}"}
        address = f"/api/conversations/{self.here}/turns"
        return self.listen_to(self.until_done("POST", address, (200,), json=body, headers=SSE), text)

    def regenerate(self, message: int) -> TestResponse:
        return self.until_done("POST", f"/api/messages/{message}/regenerate", (200,), json={}, headers=SSE)

    def listen_to(self, stream: TestResponse, text: str | None = None) -> int:
        events = self.events_of(stream)
        turn = events[0].data
        if text is not None:
            self.acknowledged[turn["user_message_id"]] = text
        self.streams.append(Followed(turn["turn_id"], self.to_the_end(turn["turn_id"], events)))
        return int(turn["turn_id"])

    def follow(self, turn: int, client: FlaskClient | None = None) -> None:
        self.streams.append(Followed(turn, self.to_the_end(turn, [], client)))

    def follow_twice(self, turn: int) -> None:
        """Use two windows at the same time."""
        with ThreadPoolExecutor(2) as windows:
            for done in [windows.submit(self.follow, turn, self.window()) for _ in range(2)]:
                done.result(LONG_S)

    def window(self) -> FlaskClient:
        other = self.app.test_client()
        name = self.app.extensions["parley"].web.tokens.cookie
        cookie = self.client.get_cookie(name)
        assert cookie is not None
        other.set_cookie(name, cookie.value)
        return other

    def stop(self, turn: int) -> None:
        self.until_done("POST", f"/api/turns/{turn}/stop", (200,), json={})
        self.follow(turn)

    # -- requests as the page sends them

    def get(self, address: str) -> Any:
        return self.until_done("GET", address, (200,)).json

    def until_done(self, method: str, address: str, wanted: tuple[int, ...], **request: Any) -> TestResponse:
        for _ in range(MOST_ATTEMPTS):
            answer = self.client.open(address, method=method, **request)
            if answer.status_code == 503:
                self.refused += 1
                check_refusal(answer)
            elif answer.status_code == 409:
                # A refused attempt has begun a turn nevertheless, and no worker runs it.
                assert self.refused, answer.text
                self.clock.pass_a_lease()
            else:
                assert answer.status_code in wanted, answer.text
                return answer
        raise AssertionError(f"{method} {address} is refused for ever")

    def events_of(self, stream: TestResponse) -> list[Event]:
        """Read a response to its end. Advance the time with every heartbeat."""
        frames = []
        for frame in stream.iter_encoded():
            if frame.startswith(b":"):
                self.clock.pass_a_lease()
            frames.append(frame)
            assert len(frames) < 1_000, "a stream without an end"
        return parsed(b"".join(frames))

    def to_the_end(self, turn: int, events: list[Event], client: FlaskClient | None = None) -> list[Event]:
        """Resume a stream until it ends with `done`."""
        client = client or self.client
        for _ in range(MOST_ATTEMPTS):
            if events and events[-1].name == "done":
                return events
            after = events[-1].number if events else 0
            answer = client.get(f"/api/turns/{turn}/events?after={after}", buffered=False)
            if answer.status_code == 503:
                self.refused += 1
                check_refusal(answer)
            else:
                assert answer.status_code == 200, answer.text
                events += self.events_of(answer)
        raise AssertionError(f"turn {turn} is never heard to the end: {events}")


def check_refusal(answer: TestResponse) -> None:
    """Check a 503: Retry-After and one sentence."""
    assert int(answer.headers["Retry-After"]) > 0
    error = answer.json["error"]
    assert error["code"] == "database_unavailable"
    assert error["message"].endswith(".")
    assert "sqlite" not in error["message"].lower()
