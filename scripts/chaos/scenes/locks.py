"""Another process holds the database's write lock: who reads goes on, who sends is told, and it heals by itself."""

from __future__ import annotations

import itertools
import random
import time

from scripts.chaos.connection import Dropped, Refused
from scripts.chaos.crowd import Crowd, side_by_side
from scripts.chaos.database import Holder
from scripts.chaos.ledger import all_completed, settle
from scripts.chaos.person import Person
from scripts.chaos.question import STREAM, Question, question
from scripts.chaos.stage import Stage

TOLD_WITHIN_S = 2.5
GAP_S = 1.0
HELD_S = 5.0
_PATIENCE_S = 10.0


def play(stage: Stage) -> None:
    held: list[tuple[float, float]] = []
    newcomers = side_by_side([lambda: Person(stage.server.address)] * 4)
    with Crowd(stage.server.address, stage.people, _asked) as crowd:
        for number in range(1, stage.count + 1):
            _wait_for_streams(crowd)
            since = time.monotonic()
            with Holder(stage.database, HELD_S):
                side_by_side([lambda person=person: _send(stage, person) for person in newcomers])
            held.append((since, time.monotonic()))
            stage.add("locks")
            stage.say(f"{number} of {stage.count} locks, {len(crowd.asked)} questions")
            time.sleep(random.uniform(0.5, 1.5))
        crowd.finish()
        all_completed(stage, settle(stage, crowd).values())
        for _, asked in crowd.asked:
            _check_gaps(stage, held, asked)


def _asked() -> Question:
    """Long enough to stream through a lock."""
    return question(random.randint(100, 200), form=STREAM, gap=0.03, first=0.05)


def _wait_for_streams(crowd: Crowd) -> None:
    until = time.monotonic() + _PATIENCE_S
    while len(crowd.open_questions()) < len(crowd.people) and time.monotonic() < until:
        time.sleep(0.02)


def _send(stage: Stage, person: Person) -> None:
    """Ask while the lock is held: 503 with Retry-After or acceptance, and either one soon."""
    path = f"/api/conversations/{person.conversation}/turns"
    asked = question(5)
    since = time.monotonic()
    try:
        person.post(path, {"text": asked.text, "client_id": asked.client_id})
        stage.add("accepted")
    except Refused as refused:
        told = refused.status == 503 and refused.retry_after
        stage.expect(told, f"{person.name}: a send while the lock was held got {refused}")
        stage.add("told to come again")
    except Dropped as dropped:
        stage.expect(False, f"{person.name}: a send while the lock was held got no answer: {dropped}")
    stage.within("longest until told", time.monotonic() - since, TOLD_WITHIN_S, person.name)


def _check_gaps(stage: Stage, held: list[tuple[float, float]], asked: Question) -> None:
    """Between two words told while the lock was held."""
    told = [event.at for event in asked.events if event.name == "delta"]
    for before, after in itertools.pairwise(told):
        if any(since <= before and after <= until for since, until in held):
            stage.within("longest gap", after - before, GAP_S, asked)
