"""One load: it prepares users, starts them by a plan, watches them to the end, and deletes what they left."""

from __future__ import annotations

import gc
import http.client
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from scripts.concurrency.api import Api, User
from scripts.concurrency.errors import Failure, failure_of
from scripts.concurrency.event_loop import EventLoop, OwnLoad
from scripts.concurrency.exchange import Exchange
from scripts.concurrency.plan import Plan
from scripts.concurrency.probe import Answers, Probes
from scripts.concurrency.server_memory import MemoryWatch
from scripts.concurrency.timeline import Timeline

_LANES = 16  # users who are prepared side by side; the preparation is not measured
_LOOK_S = 0.1  # how often progress is reported and deadlines are checked
_CLEAN_UP_S, _CLEAN_UP_EACH_S = 10.0, 0.05  # a server that hangs must not keep the check from ending
_PAUSE_AFTER_FAILURE_S = 1.0  # pause before another request to a server that refuses at once


@dataclass(frozen=True)
class Progress:
    """Number of users or requests in each state. `at_s` counts from the start of the stage."""

    stage: str  # "prepare", "load" or "clean up"
    at_s: float
    users: int
    ready: int = 0
    waiting: int = 0
    answering: int = 0
    done: int = 0
    failed: int = 0
    share: float = 0.0  # of the stage that is over, from 0 to 1


Report = Callable[[Progress], None]


class Load:
    """One load on one server. The attributes have the results so far, also after KeyboardInterrupt."""

    def __init__(self, api: Api, plan: Plan, timeout_s: float, watch: MemoryWatch | None = None) -> None:
        self.api, self.plan = api, plan
        self.users = [User(number) for number in range(plan.users)]
        self.timelines: list[Timeline] = []
        self.setup_s = 0.0
        self.began_at = 0.0
        self.own = OwnLoad()
        self.probes: dict[str, Answers] = {}
        self.left_over = 0  # conversations that could not be deleted
        self._timeout_s, self._watch = timeout_s, watch
        self._loop = EventLoop()
        self._running: dict[Exchange, User] = {}
        self._free: deque[User] = deque()
        self._late: deque[float] = deque()  # intended starts for which no user was free
        self._to_come = 0  # starts and further turns that are not due yet
        self._finished = self._failed = 0
        self._planned = 0

    def run(self, report: Report) -> None:
        """Prepare the users and let them ask."""
        self._prepare(report)
        self._ask(report)

    def _prepare(self, report: Report) -> None:
        began_at = time.monotonic()
        run_in_lanes(self.users, self._prepare_user, lambda: report(self._preparing(began_at)))
        self.setup_s = time.monotonic() - began_at
        report(self._preparing(began_at))

    def _prepare_user(self, user: User) -> None:
        try:
            self.api.prepare(user)
        except (Failure, OSError, http.client.HTTPException) as error:
            user.failure = failure_of(error)
        user.ready = True

    def _ask(self, report: Report) -> None:
        probes = Probes(self.api, self._loop)
        self.probes = probes.answers
        self._free.extend(user for user in self.users if not user.failure)
        self.timelines += [Timeline(user=user.number, failure=user.failure) for user in self.users if user.failure]
        self._failed = len(self.timelines)
        self.began_at = time.monotonic()
        self._schedule_starts()
        self._loop.call_at(self.began_at, partial(self._look, report))
        gc.disable()  # a collection in between would delay everybody's times
        try:
            if self._watch:
                self._watch.start(self._loop)
            probes.start()
            self._loop.run(lambda: not (self._to_come or self._running or (self._late and self._free)))
        finally:
            gc.enable()
            self.own = self._loop.own_load()
            if self._watch:
                self._watch.stop()
            probes.finish()
            self._loop.close()
            report(self._progress())

    def _schedule_starts(self) -> None:
        if not self._free:
            return
        for start in self.plan.starts():
            self._to_come += 1
            self._planned += self.plan.turns
            self._loop.call_at(self.began_at + start, partial(self._start, self.began_at + start))

    def _start(self, planned: float) -> None:
        self._to_come -= 1
        if not self._free:
            if self.plan.rate and self.plan.duration_s:
                self._late.append(planned)
            return
        self._begin_turn(self._free.popleft(), 0, planned)

    def _begin_turn(self, user: User, turn: int, planned: float) -> None:
        timeline = Timeline(user=user.number, round=turn, planned=planned)
        request = self.api.request(user, self.plan.prompt(len(self.timelines)))
        self.timelines.append(timeline)
        exchange = Exchange(self.api, request, timeline, self._end_turn)
        self._running[exchange] = user
        self._loop.advance(exchange)

    def _end_turn(self, exchange: Exchange) -> None:
        user = self._running.pop(exchange)
        timeline = exchange.timeline
        self._finished += timeline.done is not None
        self._failed += timeline.failure is not None
        pause = self.plan.think_s
        if timeline.failure:
            pause = max(pause, _PAUSE_AFTER_FAILURE_S)
        next_at = (timeline.ended or time.monotonic()) + pause
        if self.plan.asks_again(timeline.round + 1, next_at - self.began_at):
            self._to_come += 1
            self._loop.call_at(next_at, partial(self._continue, user, timeline.round + 1, next_at))
        elif self._late:
            self._begin_turn(user, 0, self._late.popleft())
        else:
            self._free.append(user)

    def _continue(self, user: User, turn: int, planned: float) -> None:
        self._to_come -= 1
        self._begin_turn(user, turn, planned)

    def _look(self, report: Report) -> None:
        now = time.monotonic()
        self._loop.call_at(now + _LOOK_S, partial(self._look, report))
        oldest = now - self._timeout_s
        for exchange in [each for each in self._running if (each.timeline.sent or now) <= oldest]:
            exchange.timeline.fail(Failure("timeout", "No whole answer within --timeout."), now)
            self._loop.forget(exchange)
            exchange.end()
        report(self._progress())

    def _preparing(self, began_at: float) -> Progress:
        ready = sum(user.ready for user in self.users)
        return Progress("prepare", time.monotonic() - began_at, len(self.users), ready, share=ready / len(self.users))

    def _progress(self) -> Progress:
        at_s = time.monotonic() - self.began_at
        answering = sum(each.timeline.turn is not None for each in self._running)
        ended = self._finished + self._failed
        by_time = self.plan.duration_s > 0
        share = min(1.0, at_s / self.plan.duration_s) if by_time else ended / max(1, ended, self._planned)
        return Progress(
            stage="load",
            at_s=at_s,
            users=len(self.users),
            ready=len(self.users),
            waiting=len(self._running) - answering + len(self._late),
            answering=answering,
            done=self._finished,
            failed=self._failed,
            share=share,
        )

    def clean_up(self, report: Report) -> None:
        """Delete what the users left on the server, also after an interruption."""
        began_at = time.monotonic()
        users = [user for user in self.users if user.conversation]
        outcomes: list[bool] = []

        def clean(user: User) -> None:
            try:
                outcomes.append(self.api.clean_up(user))
            except (Failure, OSError, http.client.HTTPException):
                outcomes.append(False)

        def progress() -> Progress:
            share = len(outcomes) / max(1, len(users))
            return Progress("clean up", time.monotonic() - began_at, len(users), share=share)

        try:
            timeout_s = _CLEAN_UP_S + _CLEAN_UP_EACH_S * len(users)
            run_in_lanes(users, clean, lambda: report(progress()), timeout_s)
        finally:
            self.left_over = len(users) - sum(outcomes)


def run_in_lanes(
    users: Sequence[User], work: Callable[[User], None], report: Callable[[], None], timeout_s: float = math.inf
) -> None:
    """Do blocking work for all users, some at a time. The timeout and KeyboardInterrupt end the wait for it."""
    waiting = deque(users)
    until = time.monotonic() + timeout_s

    def lane() -> None:
        while True:
            try:
                user = waiting.popleft()
            except IndexError:
                return
            work(user)

    lanes = [threading.Thread(target=lane, daemon=True) for _ in range(min(_LANES, len(users)))]
    for thread in lanes:
        thread.start()
    try:
        while any(thread.is_alive() for thread in lanes) and time.monotonic() < until:
            report()
            lanes[0].join(_LOOK_S / 4)
            lanes = [thread for thread in lanes if thread.is_alive()] or lanes[:1]
    finally:
        waiting.clear()
