"""The worker class is changed, to and fro, while people ask: nobody may notice."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from scripts.chaos.crowd import Crowd
from scripts.chaos.ledger import all_completed, settle
from scripts.chaos.parley import FLAGS, CannotRun
from scripts.chaos.question import PLAIN, STREAM, Question, question
from scripts.chaos.stage import Stage

_PATIENCE_S = 60.0
_ATTEMPTS = 3


def play(stage: Stage) -> None:
    with Crowd(stage.server.address, stage.people, _asked) as crowd:
        _wait_for_open(crowd, stage.people // 2)
        for number in range(2 * stage.count):
            mode = _other(stage.mode) if number % 2 == 0 else stage.mode
            _switch(stage, crowd, mode)
            stage.say(f"{number + 1} of {2 * stage.count} switches, {len(crowd.asked)} questions")
        crowd.finish()
        rows = settle(stage, crowd)
        all_completed(stage, rows.values())
        for _, asked in crowd.asked:
            _check(stage, asked)


def _asked() -> Question:
    """Two to five seconds long: shorter than the grace, longer than a switch."""
    return question(random.randint(50, 120), form=random.choice((STREAM, STREAM, PLAIN)), gap=0.04, first=0.1)


def _other(mode: str) -> str:
    return next(each for each in FLAGS if each != mode)


def _switch(stage: Stage, crowd: Crowd, mode: str) -> None:
    old = set(stage.server.workers)
    streams = len(crowd.open_questions())
    stage.counts["fewest open streams"] = min(streams, stage.counts.get("fewest open streams", streams))
    _give_command(stage, mode)
    stage.add(f"switches to {mode}")
    gone = _until(lambda: not old & set(stage.server.workers))
    stage.expect(gone, f"workers of before the switch to {mode} are still there: {old & set(stage.server.workers)}")
    shown = stage.server.address.ask("GET", "/api/me").json["mode"]
    stage.expect(shown == mode, f"after the switch to {mode} the server says that it is {shown}")
    time.sleep(random.uniform(0, 0.5))


def _give_command(stage: Stage, mode: str) -> None:
    """Give the command to switch, again if new workers start too late. Users must not notice its undoing."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            stage.server.switch(mode)
        except CannotRun as refused:
            stage.add("switches taken back")
            stage.say(str(refused))
            if attempt == _ATTEMPTS:
                raise
        else:
            return


def _wait_for_open(crowd: Crowd, many: int) -> None:
    _until(lambda: len(crowd.open_questions()) >= many)


def _until(true: Callable[[], bool]) -> bool:
    until = time.monotonic() + _PATIENCE_S
    while not true():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def _check(stage: Stage, asked: Question) -> None:
    stage.add("cut short", len(asked.drops))
    stage.add("sent to another worker", asked.redirects)
    stage.expect(not asked.drops, f"its connection was lost ({'; '.join(asked.drops)}): {asked}")
    stage.expect(not asked.refusals, f"refused with {', '.join(asked.refusals)}: {asked}")
