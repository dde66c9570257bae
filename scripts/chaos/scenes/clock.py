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
from scripts.chaos.question import STREAM, Question, question
from scripts.chaos.stage import Stage

GRACE_S = 12
JUMPS_S = (3600, -3600, 30, 0, -30, 3600, 0, -3600, 0)
# Longer than a lease; and shorter than a person waits for a first word.
STOPPED_S = 20.0
_BETWEEN_S = 1.5
# In a run of one round.
SHORT_JUMPS_S = JUMPS_S[:4]
SHORT_STOPPED_S = 10.0
_WORDS, _GAP_S = 60, 0.05
# What a duration may be off by, for scheduling.
_DURATION_OFF_S = 2.5


def play(stage: Stage) -> None:
    clock = WallClock(stage.server.folder)
    stage.database.clock_is_true = False
    stage.server.stop(60)
    stage.server.environment = clock.environment
    stage.server.start()
    stage.server.wait_until_started(stage.server.size)
    short = stage.count == 1
    stopped_s = SHORT_STOPPED_S if short else STOPPED_S
    with Crowd(stage.server.address, stage.people, _asked) as crowd:
        for number in range(1, stage.count + 1):
            _jumps(stage, clock, SHORT_JUMPS_S if short else JUMPS_S)
            if not short:
                _stopped(stage, stage.server.workers[:1], stopped_s)
            _stopped(stage, stage.server.workers, stopped_s)
            stage.say(f"{number} of {stage.count} rounds, {len(crowd.asked)} questions")
        _leave_while_the_clock_jumps(stage, clock, (3600,) if short else (3600, -3600))
        crowd.finish()
        all_completed(stage, settle(stage, crowd).values())
        for _, asked in crowd.asked:
            _check_duration(stage, asked)


def _asked() -> Question:
    return question(_WORDS, form=STREAM, gap=_GAP_S, first=0.05)


def _jumps(stage: Stage, clock: WallClock, differences_s: Sequence[int]) -> None:
    for seconds in differences_s:
        clock.put(seconds)
        stage.add("jumps")
        time.sleep(_BETWEEN_S)


def _stopped(stage: Stage, pids: list[int], seconds: float) -> None:
    """Stop some workers, or all as on a sleeping laptop, for longer than a lease."""
    with _standing_still(pids):
        stage.add("workers stopped", len(pids))
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


def _leave_while_the_clock_jumps(stage: Stage, clock: WallClock, differences_s: Sequence[int]) -> None:
    """Answers shorter than the grace come to their end, whatever the wall clock says meanwhile."""
    for seconds in differences_s:
        before = set(stage.server.workers)
        stage.server.hang_up()
        deadline = time.monotonic() + (GRACE_S + 20) * stage.slack
        while before & set(stage.server.workers) and time.monotonic() < deadline:
            time.sleep(0.5)
            clock.put(seconds)
        stage.expect(not before & set(stage.server.workers), "workers did not leave within their grace")
        stage.add("reloads")
    clock.put(0)


def _check_duration(stage: Stage, asked: Question) -> None:
    """Compare the duration in `done` with the time between the first and the last event."""
    if not asked.events or asked.events[-1].name != "done" or asked.events[0].name != "turn" or asked.drops:
        return
    told_s = asked.events[-1].data["duration_ms"] / 1000
    seen_s = asked.events[-1].at - asked.events[0].at
    stage.expect(told_s >= 0, f"a negative duration, {told_s} s: {asked}")
    stage.expect(
        abs(told_s - seen_s) < _DURATION_OFF_S * stage.slack, f"{told_s} s were told, {seen_s} passed: {asked}"
    )
