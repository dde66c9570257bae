"""Two servers behind nginx are restarted in turn, while people ask by way of nginx: nobody may notice."""

from __future__ import annotations

import random
import subprocess
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from scripts.chaos.connection import Dropped, Event, Refused
from scripts.chaos.crowd import Crowd
from scripts.chaos.database import TurnRow
from scripts.chaos.ledger import all_completed, settle
from scripts.chaos.nginx import Nginx
from scripts.chaos.parley import Parley
from scripts.chaos.person import Person
from scripts.chaos.question import FORMS, STREAM, Question, question
from scripts.chaos.stage import Stage

# How long a server says that it is not ready any more, before it takes no more connections.
NOTICE_S = 2
# Longer than any answer here: all of them end by themselves.
GRACE_S = 30
_ENDING_S = 10.0
_PATIENCE_S = 60.0


@dataclass(frozen=True)
class Departure:
    """Whose door was closed, and when (`time.time()`)."""

    pids: frozenset[int]
    closed_at: float

    def left(self, row: TurnRow) -> bool:
        """Whether this turn was still running behind the closed door."""
        return row.pid in self.pids and row.started_at < self.closed_at < row.ended_at


class Follower:
    """Somebody who opens an answer that is being written by a server that leaves: from its beginning, by the other."""

    def __init__(self, person: Person, asked: Question) -> None:
        self.asked = asked
        self.heard: list[Event] = []
        self.broke = ""
        self._person = person
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def join(self) -> None:
        self._thread.join(_PATIENCE_S)

    def _follow(self) -> None:
        assert self.asked.turn
        try:
            self.heard.extend(self._person.follow(self.asked.turn["turn_id"]).events())
        except (Dropped, Refused) as error:
            self.broke = str(error)


def play(stage: Stage) -> None:
    folder = stage.server.folder
    with (
        stage.server.twin(folder / "second") as second,
        Nginx(folder / "nginx", [stage.server.address, second.address]) as nginx,
        Crowd(nginx.address, stage.people, _asked) as crowd,
    ):
        departures, followers = [], []
        for number in range(1, stage.count + 1):
            departure, follower = _restart(stage, crowd, (second, stage.server)[number % 2])
            departures.append(departure)
            followers += follower
            stage.say(f"{number} of {stage.count} restarts, {len(crowd.asked)} questions")
        crowd.finish()
        rows = settle(stage, crowd)
        all_completed(stage, rows.values())
        _check_left(stage, departures, rows.values())
        for _, asked in crowd.asked:
            _check(stage, asked)
        for follower in followers:
            _check_follower(stage, follower)
        stage.add("asked elsewhere by nginx", nginx.refusals)


def _asked() -> Question:
    """One to five seconds long: some end within the notice, some long after it."""
    return question(random.randint(30, 120), form=random.choice((STREAM, *FORMS)), gap=0.04, first=0.1)


def _restart(stage: Stage, crowd: Crowd, server: Parley) -> tuple[Departure, list[Follower]]:
    """As an operator does it: told to end, started when it has ended; and the next when this one is ready again."""
    _wait_for_somebody(crowd, server)
    pids = frozenset(server.workers)
    ending = threading.Thread(target=_end, args=(stage, server), daemon=True)
    since = time.monotonic()
    ending.start()
    _watch(stage, server, since)
    departure = Departure(pids, time.time())
    follower = [Follower(*each) for each in _at(crowd, pids)[-1:]]
    ending.join()
    server.start()
    stage.add("restarts")
    return departure, follower


def _at(crowd: Crowd, pids: Iterable[int]) -> list[tuple[Person, Question]]:
    """Who hears an answer from one of these workers now, those who asked last at the end."""
    return [(person, asked) for person, asked in list(crowd.asked) if not asked.status and _pid(asked) in pids]


def _pid(asked: Question) -> int:
    return int((asked.turn or {}).get("worker", ":0").rpartition(":")[2])


def _wait_for_somebody(crowd: Crowd, server: Parley) -> None:
    until = time.monotonic() + _PATIENCE_S
    while not _at(crowd, server.workers):
        if time.monotonic() > until:
            raise AssertionError(f"nginx asks nothing of the server at port {server.address.port}")
        time.sleep(0.05)


def _end(stage: Stage, server: Parley) -> None:
    promised = NOTICE_S + GRACE_S + _ENDING_S
    try:
        took = server.stop(2 * promised * stage.slack)
        stage.within("longest to end", took, promised, f"notice {NOTICE_S} s, grace {GRACE_S} s")
    except subprocess.TimeoutExpired:
        stage.expect(False, "the server did not end when it was told to")
        server.kill()


def _watch(stage: Stage, server: Parley, since: float) -> None:
    """Ask it as a load balancer would, from when it is told to end until it takes no more connections."""
    off = False
    while True:
        try:
            server.address.ask("GET", "/readyz", timeout_s=_PATIENCE_S)
        except Refused as refused:
            off = True
            stage.expect(refused.status == 503, f"asked whether it is ready, it says {refused}")
        except Dropped:
            break
        time.sleep(0.02)
    took = time.monotonic() - since
    stage.add("readiness off first", int(off))
    stage.expect(off, "it took no more connections, but had never said that it is not ready")
    stage.expect(took >= NOTICE_S, f"it took no more connections after {took:.2f} s; its notice is {NOTICE_S} s")


def _check_left(stage: Stage, departures: list[Departure], rows: Iterable[TurnRow]) -> None:
    left = [row for row in rows if any(departure.left(row) for departure in departures)]
    stage.expect(left, "no server had an answer to bring to its end")
    stage.add("brought to their end", sum(row.status == "completed" for row in left))


def _check(stage: Stage, asked: Question) -> None:
    stage.add("cut short", len(asked.drops))
    stage.add("refused", asked.refusals.total())
    stage.expect(not asked.drops, f"its connection was lost ({'; '.join(asked.drops)}): {asked}")
    stage.expect(not asked.refusals, f"refused with {', '.join(asked.refusals)}: {asked}")
    stage.expect(asked.status, f"it came to no end: {asked}")


def _check_follower(stage: Stage, follower: Follower) -> None:
    follower.join()
    stage.add("followed from the other server")
    told = b"".join(event.raw for event in follower.asked.events)
    heard = b"".join(event.raw for event in follower.heard)
    stage.expect(not follower.broke, f"its follower was cut off ({follower.broke}): {follower.asked}")
    stage.expect(heard == told, f"from the other server it was told differently: {follower.asked}")
