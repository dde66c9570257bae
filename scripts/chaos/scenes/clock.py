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
# Longer than a lease, and shorter than a user's patience for a first word.
STOPPED_S = 20.0
_BETWEEN_S = 1.5
# The same in a run of one round.
SHORT_JUMPS_S = JUMPS_S[:4]
SHORT_STOPPED_S = 10.0
_WORDS, _GAP_S = 60, 0.05
# Tolerance of a duration, for scheduling.
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
    stops: list[tuple[float, float]] = []
    with Crowd(scene.server.address, scene.users, _question) as crowd:
        for number in range(1, scene.count + 1):
            _jumps(scene, clock, SHORT_JUMPS_S if short else JUMPS_S)
            if not short:
                stops.append(_stopped(scene, scene.server.workers[:1], stopped_s))
            stops.append(_stopped(scene, scene.server.workers, stopped_s))
            scene.say(f"{number} of {scene.count} rounds, {len(crowd.questions)} questions")
        _leave_while_the_clock_jumps(scene, clock, (3600,) if short else (3600, -3600))
        crowd.finish()
        all_completed(scene, settle(scene, crowd).values())
        for _, question in crowd.questions:
            _check_duration(scene, question, stops)


def _question() -> Question:
    return make_question(_WORDS, form=STREAM, gap=_GAP_S, first=0.05)


def _jumps(scene: SceneRun, clock: WallClock, differences_s: Sequence[int]) -> None:
    for seconds in differences_s:
        clock.put(seconds)
        scene.add("jumps")
        time.sleep(_BETWEEN_S)


def _stopped(scene: SceneRun, pids: list[int], seconds: float) -> tuple[float, float]:
    """Stop some workers, or all, as on a sleeping laptop. Return begin and end of the stop, by the monotonic clock."""
    began_at = time.monotonic()
    with _standing_still(pids):
        scene.add("workers stopped", len(pids))
        time.sleep(seconds)
    ended = time.monotonic()
    time.sleep(_BETWEEN_S)
    return began_at, ended


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
    """Check that answers shorter than the grace period end, while the wall clock jumps."""
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


def _check_duration(scene: SceneRun, question: Question, stops: Sequence[tuple[float, float]]) -> None:
    """Compare the duration in `done` with the time between the first and the last event, `stops` considered."""
    if not question.events or question.events[-1].name != "done" or question.events[0].name != "turn" or question.drops:
        return
    stated_s = question.events[-1].data["duration_ms"] / 1000
    seen_s = question.events[-1].at - question.events[0].at
    scene.expect(stated_s >= 0, f"a negative duration, {stated_s} s: {question}")
    off_s = _DURATION_OFF_S * scene.slack
    # Workers that are stopped after the answer has ended, and before its end is sent, delay the last event.
    late_s = sum(_overlap_s(stop, (question.events[0].at, question.events[-1].at)) for stop in stops)
    scene.expect(
        -off_s < seen_s - stated_s < late_s + off_s, f"{stated_s} s were reported, {seen_s} s passed: {question}"
    )


def _overlap_s(one: tuple[float, float], other: tuple[float, float]) -> float:
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))
