"""Another process holds the database's write lock: answers continue, senders get 503, and it recovers by itself."""

from __future__ import annotations

import itertools
import random
import time

from scripts.chaos.connection import Dropped, Refused
from scripts.chaos.crowd import Crowd, side_by_side
from scripts.chaos.database import Holder
from scripts.chaos.ledger import all_completed, settle
from scripts.chaos.question import STREAM, Question, make_question
from scripts.chaos.scene_run import SceneRun
from scripts.chaos.user import User
from scripts.kit.waiting import poll

ERROR_WITHIN_S = 2.5
GAP_S = 1.0
HELD_S = 5.0
_TIMEOUT_S = 10.0


def play(scene: SceneRun) -> None:
    held: list[tuple[float, float]] = []
    newcomers = side_by_side([lambda: User(scene.server.address)] * 4)
    with Crowd(scene.server.address, scene.users, _question) as crowd:
        for number in range(1, scene.count + 1):
            _wait_for_streams(crowd)
            since = time.monotonic()
            with Holder(scene.database, HELD_S):
                side_by_side([lambda user=user: _send(scene, user) for user in newcomers])
            held.append((since, time.monotonic()))
            scene.add("locks")
            scene.say(f"{number} of {scene.count} locks, {len(crowd.questions)} questions")
            time.sleep(random.uniform(0.5, 1.5))
        crowd.finish()
        all_completed(scene, settle(scene, crowd).values())
        for _, question in crowd.questions:
            _check_gaps(scene, held, question)


def _question() -> Question:
    """Return a question whose answer is longer than a lock."""
    return make_question(random.randint(100, 200), form=STREAM, gap=0.03, first=0.05)


def _wait_for_streams(crowd: Crowd) -> None:
    poll(lambda: len(crowd.open_questions()) >= len(crowd.users), _TIMEOUT_S)


def _send(scene: SceneRun, user: User) -> None:
    """Ask while the lock is held: 503 with Retry-After or acceptance, and either one soon."""
    path = f"/api/conversations/{user.conversation}/turns"
    question = make_question(5)
    since = time.monotonic()
    try:
        user.post(path, {"text": question.text, "client_id": question.client_id})
        scene.add("accepted")
    except Refused as refused:
        retryable = refused.status == 503 and refused.retry_after
        scene.expect(retryable, f"{user.name}: a send while the lock was held got {refused}")
        scene.add("refused temporarily")
    except Dropped as dropped:
        scene.expect(False, f"{user.name}: a send while the lock was held got no answer: {dropped}")
    scene.within("longest until told", time.monotonic() - since, ERROR_WITHIN_S, user.name)


def _check_gaps(scene: SceneRun, held: list[tuple[float, float]], question: Question) -> None:
    """Check the gaps between two deltas while the lock was held."""
    times = [event.at for event in question.events if event.name == "delta"]
    for before, after in itertools.pairwise(times):
        if any(since <= before and after <= until for since, until in held):
            scene.within("longest gap", after - before, GAP_S, question)
