"""Two servers behind nginx are restarted in turn, while users ask through nginx: no user may notice."""

from __future__ import annotations

import random
import subprocess
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from scripts.chaos.connection import Dropped, Refused
from scripts.chaos.crowd import Crowd
from scripts.chaos.database import TurnRow
from scripts.chaos.ledger import all_completed, settle, unnoticed
from scripts.chaos.nginx import Nginx
from scripts.chaos.parley import Parley
from scripts.chaos.question import FORMS, STREAM, Question, make_question
from scripts.chaos.scene_run import SceneRun
from scripts.chaos.user import User
from scripts.kit.sse import Event
from scripts.kit.waiting import wait_until

# How long a server reports "not ready" before it accepts no more connections.
NOTICE_S = 2
# Longer than any answer of this scene: all of them finish.
GRACE_S = 30
_ENDING_S = 10.0
_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Departure:
    """The workers of a server that stopped listening, and the time (`time.time()`)."""

    pids: frozenset[int]
    closed_at: float

    def left(self, row: TurnRow) -> bool:
        """Return whether this turn was still running after its server stopped listening."""
        return row.pid in self.pids and row.started_at < self.closed_at < row.ended_at


class Follower:
    """A follower of an answer whose server is ending: it reads from the beginning, through the other server."""

    def __init__(self, user: User, question: Question) -> None:
        self.question = question
        self.events: list[Event] = []
        self.broke = ""
        self._user = user
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def join(self) -> None:
        self._thread.join(_TIMEOUT_S)

    def _follow(self) -> None:
        assert self.question.turn
        try:
            self.events.extend(self._user.follow(self.question.turn["turn_id"]).events())
        except (Dropped, Refused) as error:
            self.broke = str(error)


def play(scene: SceneRun) -> None:
    folder = scene.server.folder
    with (
        scene.server.twin(folder / "second") as second,
        Nginx(folder / "nginx", [scene.server.address, second.address]) as nginx,
        Crowd(nginx.address, scene.users, _question) as crowd,
    ):
        departures, followers = [], []
        for number in range(1, scene.count + 1):
            departure, follower = _restart(scene, crowd, (second, scene.server)[number % 2])
            departures.append(departure)
            followers += follower
            scene.say(f"{number} of {scene.count} restarts, {len(crowd.questions)} questions")
        crowd.finish()
        rows = settle(scene, crowd)
        all_completed(scene, rows.values())
        _check_left(scene, departures, rows.values())
        for _, question in crowd.questions:
            unnoticed(scene, question)
        for follower in followers:
            _check_follower(scene, follower)
        scene.add("asked elsewhere by nginx", nginx.refusals)


def _question() -> Question:
    """Return a question whose answer takes one to five seconds: some end within the notice, some after it."""
    return make_question(random.randint(30, 120), form=random.choice((STREAM, *FORMS)), gap=0.04, first=0.1)


def _restart(scene: SceneRun, crowd: Crowd, server: Parley) -> tuple[Departure, list[Follower]]:
    """Restart the servers as an operator does: end one, start it again, and go on when it is ready."""
    _wait_for_somebody(crowd, server)
    pids = frozenset(server.workers)
    ending = threading.Thread(target=_end, args=(scene, server), daemon=True)
    since = time.monotonic()
    ending.start()
    _watch(scene, server, since)
    departure = Departure(pids, time.time())
    follower = [Follower(*each) for each in _at(crowd, pids)[-1:]]
    ending.join()
    server.start()
    scene.add("restarts")
    return departure, follower


def _at(crowd: Crowd, pids: Iterable[int]) -> list[tuple[User, Question]]:
    """Return the users that follow an answer of these workers now, the latest at the end."""
    return [
        (user, question) for user, question in list(crowd.questions) if not question.status and _pid(question) in pids
    ]


def _pid(question: Question) -> int:
    return int((question.turn or {}).get("worker", ":0").rpartition(":")[2])


def _wait_for_somebody(crowd: Crowd, server: Parley) -> None:
    wait_until(lambda: _at(crowd, server.workers), f"nginx asks the server at port {server.address.port}", _TIMEOUT_S)


def _end(scene: SceneRun, server: Parley) -> None:
    limit_s = NOTICE_S + GRACE_S + _ENDING_S
    try:
        took = server.time_to_stop(2 * limit_s * scene.slack)
        scene.within("longest to end", took, limit_s, f"notice {NOTICE_S} s, grace {GRACE_S} s")
    except subprocess.TimeoutExpired:
        scene.expect(False, "the server did not end in time")


def _watch(scene: SceneRun, server: Parley, since: float) -> None:
    """Poll it like a load balancer, from TERM until it accepts no more connections."""
    off = False
    while True:
        try:
            server.address.ask("GET", "/readyz", timeout_s=_TIMEOUT_S)
        except Refused as refused:
            off = True
            scene.expect(refused.status == 503, f"/readyz answers {refused}")
        except Dropped:
            break
        time.sleep(0.02)
    took = time.monotonic() - since
    scene.add("readiness off first", int(off))
    scene.expect(off, "it accepted no more connections, but was never reported as not ready")
    scene.expect(took >= NOTICE_S, f"it took no more connections after {took:.2f} s; its notice is {NOTICE_S} s")


def _check_left(scene: SceneRun, departures: list[Departure], rows: Iterable[TurnRow]) -> None:
    left = [row for row in rows if any(departure.left(row) for departure in departures)]
    scene.expect(left, "no server had an answer to bring to its end")
    scene.add("brought to their end", sum(row.status == "completed" for row in left))


def _check_follower(scene: SceneRun, follower: Follower) -> None:
    follower.join()
    scene.add("followed from the other server")
    received = b"".join(event.raw for event in follower.question.events)
    followed = b"".join(event.raw for event in follower.events)
    scene.expect(not follower.broke, f"its follower was cut off ({follower.broke}): {follower.question}")
    scene.expect(followed == received, f"the other server sent other events: {follower.question}")
