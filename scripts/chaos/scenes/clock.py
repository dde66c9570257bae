"""Clocks jump and processes stand still in the middle of answers: no turn is ended by that, and no duration is odd."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterator, Sequence

from scripts.chaos.clock import WallClock
from scripts.chaos.crowd import Crowd
from scripts.chaos.ledger import all_completed, settle
from scripts.chaos.question import STREAM, Question, make_question
from scripts.chaos.scene_run import SceneRun

GRACE_S = 12
JUMPS_S = (3600, -3600, 30, 0, -30, 3600, 0, -3600, 0)
# Longer than a lease; and shorter than a user waits for a first word.
STOPPED_S = 20.0
_BETWEEN_S = 1.5
# In a run of one round.
SHORT_JUMPS_S = JUMPS_S[:4]
SHORT_STOPPED_S = 10.0
_WORDS, _GAP_S = 60, 0.05
# What a duration may be off by, for scheduling.
_DURATION_OFF_S = 2.5


def play(scene: SceneRun) -> None:
    clock = WallClock(scene.server.folder)
    scene.database.clock_is_true = False
    scene.server.stop(60)
    scene.server.settings |= clock.environment
    scene.server.start()
    scene.server.wait_until_started(scene.server.size)
    short = scene.count == 1
    stopped_s = SHORT_STOPPED_S if short else STOPPED_S
    with Crowd(scene.server.address, scene.users, _asked) as crowd:
        for number in range(1, scene.count + 1):
            _jumps(scene, clock, SHORT_JUMPS_S if short else JUMPS_S)
            if not short:
                _stopped(scene, scene.server.workers[:1], stopped_s)
            _stopped(scene, scene.server.workers, stopped_s)
            scene.say(f"{number} of {scene.count} rounds, {len(crowd.questions)} questions")
        _leave_while_the_clock_jumps(scene, clock, (3600,) if short else (3600, -3600))
        crowd.finish()
        all_completed(scene, settle(scene, crowd).values())
        for _, question in crowd.questions:
            _check_duration(scene, question)


def _asked() -> Question:
    return make_question(_WORDS, form=STREAM, gap=_GAP_S, first=0.05)


def _jumps(scene: SceneRun, clock: WallClock, differences_s: Sequence[int]) -> None:
    for seconds in differences_s:
        clock.put(seconds)
        scene.add("jumps")
        time.sleep(_BETWEEN_S)


def _stopped(scene: SceneRun, pids: list[int], seconds: float) -> None:
    """Stop some workers, or all as on a sleeping laptop, for longer than a lease."""
    with _standing_still(pids):
        scene.add("workers stopped", len(pids))
        time.sleep(seconds)
    time.sleep(_BETWEEN_S)


@contextlib.contextmanager
def _standing_still(pids: list[int]) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)


def _leave_while_the_clock_jumps(scene: SceneRun, clock: WallClock, differences_s: Sequence[int]) -> None:
    """Answers shorter than the grace come to their end, whatever the wall clock says meanwhile."""
    for seconds in differences_s:
        before = set(scene.server.workers)
        scene.server.hang_up()
        deadline = time.monotonic() + (GRACE_S + 20) * scene.slack
        while before & set(scene.server.workers) and time.monotonic() < deadline:
            time.sleep(0.5)
            clock.put(seconds)
        scene.expect(not before & set(scene.server.workers), "workers did not leave within their grace")
        scene.add("reloads")
    clock.put(0)


def _check_duration(scene: SceneRun, question: Question) -> None:
    """Compare the duration in `done` with the time between the first and the last event."""
    if not question.events or question.events[-1].name != "done" or question.events[0].name != "turn" or question.drops:
        return
    told_s = question.events[-1].data["duration_ms"] / 1000
    seen_s = question.events[-1].at - question.events[0].at
    scene.expect(told_s >= 0, f"a negative duration, {told_s} s: {question}")
    scene.expect(
        abs(told_s - seen_s) < _DURATION_OFF_S * scene.slack, f"{told_s} s were told, {seen_s} passed: {question}"
    )
