"""The worker class is changed and changed back while users ask: no user may notice."""

from __future__ import annotations

import random
import time

from scripts.chaos.crowd import Crowd
from scripts.chaos.ledger import all_completed, settle
from scripts.chaos.parley import FLAGS, CannotRun, Parley
from scripts.chaos.question import PLAIN, STREAM, Question, make_question
from scripts.chaos.scene_run import SceneRun
from scripts.kit.waiting import poll

_TIMEOUT_S = 60.0
_ATTEMPTS = 3


def play(scene: SceneRun) -> None:
    with Crowd(scene.server.address, scene.users, _question) as crowd:
        _wait_for_open(crowd, scene.users // 2)
        for number in range(2 * scene.count):
            mode = _other(scene.mode) if number % 2 == 0 else scene.mode
            _switch(scene, crowd, mode)
            scene.say(f"{number + 1} of {2 * scene.count} switches, {len(crowd.questions)} questions")
        crowd.finish()
        rows = settle(scene, crowd)
        all_completed(scene, rows.values())
        for _, question in crowd.questions:
            _check(scene, question)


def _question() -> Question:
    """Return a question whose answer takes two to five seconds: less than the grace period, more than a switch."""
    return make_question(random.randint(50, 120), form=random.choice((STREAM, STREAM, PLAIN)), gap=0.04, first=0.1)


def _other(mode: str) -> str:
    return next(each for each in FLAGS if each != mode)


def _switch(scene: SceneRun, crowd: Crowd, mode: str) -> None:
    old = set(scene.server.workers)
    streams = len(crowd.open_questions())
    scene.counts["fewest open streams"] = min(streams, scene.counts.get("fewest open streams", streams))
    switch_patiently(scene, scene.server, mode)
    scene.add(f"switches to {mode}")
    ended = poll(lambda: not old & set(scene.server.workers), _TIMEOUT_S)
    scene.expect(ended, f"workers of before the switch to {mode} are still there: {old & set(scene.server.workers)}")
    actual = scene.server.address.ask("GET", "/api/me").json["mode"]
    scene.expect(actual == mode, f"after the switch to {mode} the server is in {actual} mode")
    time.sleep(random.uniform(0, 0.5))


def switch_patiently(scene: SceneRun, server: Parley, mode: str) -> None:
    """Run the switch command, again if new workers start too late. Users must not notice that it was undone."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            server.switch(mode)
        except CannotRun as refused:
            scene.add("switches taken back")
            scene.say(str(refused))
            if attempt == _ATTEMPTS:
                raise
        else:
            return


def _wait_for_open(crowd: Crowd, many: int) -> None:
    poll(lambda: len(crowd.open_questions()) >= many, _TIMEOUT_S)


def _check(scene: SceneRun, question: Question) -> None:
    scene.add("cut short", len(question.drops))
    scene.add("sent to another worker", question.redirects)
    scene.expect(not question.drops, f"its connection was lost ({'; '.join(question.drops)}): {question}")
    scene.expect(not question.refusals, f"refused with {', '.join(question.refusals)}: {question}")
