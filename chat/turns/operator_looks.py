"""Deeper looks of an operator into one worker, asked for on any worker. One at a time.

A request among workers is `{"look": name, "level": …}`; the answer is JSON: the look, or the code and the message of a
refusal.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from chat.cluster.contract import Request, Road, Unreachable
from chat.errors import Conflict, NotFound, Overloaded
from chat.runtime import file_work
from chat.runtime.looks.allocations import Allocations
from chat.runtime.looks.findings import Finding, Look
from chat.runtime.looks.log_level import LogLevel
from chat.runtime.looks.objects import Growth, collect
from chat.runtime.looks.stacks import stacks

log = logging.getLogger(__name__)

# The cost of a look for the worker, as far as it is known in advance.
COSTS = {
    "stacks": "Walks over all objects in slices, so others can run; the CPU of about 0.15 s for a million objects.",
    "tracemalloc_start": "Until it is stopped, an allocation takes up to five times the CPU, and memory for a trace.",
    "tracemalloc_snapshot": "Blocks the worker for about four seconds for a million traced allocations.",
    "tracemalloc_difference": "Blocks the worker for about four seconds for a million traced allocations.",
    "tracemalloc_stop": "Nothing.",
    "collection": "Blocks the worker for about 0.1 s for a million objects.",
    "growth": "Walks over all objects in slices, so others can run; the CPU of about 0.4 s for a million objects.",
    "log_level": "More lines in app.log, for ten minutes.",
}
_TIMEOUT_S = 60.0


class LookAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A look at one worker: its expected cost, a summary of its result, and its duration in ms."""

    look: str
    worker: str
    cost: str
    summary: str
    ms: float
    figures: dict[str, int]
    findings: list[Finding]


class OperatorLooks:
    """One per worker. `lock` is a file that the workers of this server share: who holds it, looks."""

    def __init__(self, name: str, roads: Sequence[Road], lock: Path) -> None:
        self._name = name
        self._roads = roads
        self._lock = lock
        self._allocations = Allocations()
        self._growth = Growth()
        self._log_level = LogLevel()
        self._looks: Mapping[str, Callable[[], Look]] = {
            "stacks": stacks,
            "tracemalloc_start": self._allocations.start,
            "tracemalloc_snapshot": self._allocations.snapshot,
            "tracemalloc_difference": self._allocations.difference,
            "tracemalloc_stop": self._allocations.stop,
            "collection": collect,
            "growth": self._growth.count,
        }

    def look(self, name: str, worker: str, level: str = "") -> LookAnswer:
        """Take a look at `worker` (`host:pid`). Raises NotFound, Conflict, and Overloaded if it does not answer."""
        request = {"look": name, "level": level}
        if worker == self._name:
            return self._run(request)
        for road in self._roads:
            try:
                answer = json.loads(b"".join(road.ask(worker, request, _TIMEOUT_S)))
            except (Unreachable, ValueError):
                continue
            if "code" in answer:
                raise Conflict(answer["code"], answer["message"])
            return msgspec.convert(answer, LookAnswer)
        raise Overloaded("The worker does not answer; it may be blocked, or about to end.")

    def answer(self, request: Request) -> Iterator[bytes]:
        """Answer another worker's request."""
        try:
            yield msgspec.json.encode(self._run(request))
        except Conflict as refusal:
            yield json.dumps({"code": refusal.code, "message": refusal.message}).encode()

    def check(self) -> None:
        """End looks that an operator has forgotten. Call this periodically."""
        self._allocations.stop_if_forgotten()
        self._log_level.restore_if_due()

    def close(self) -> None:
        """End the effects of earlier looks."""
        self._allocations.end()
        self._log_level.restore()

    def _run(self, request: Request) -> LookAnswer:
        name = str(request["look"])
        if name not in COSTS:
            raise NotFound("There is no such look.")
        with self._alone():
            log.warning("An operator begins a look at this worker: %s. %s", name, COSTS[name])
            began_at = time.monotonic()
            report = self._log_level.set(str(request.get("level"))) if name == "log_level" else self._looks[name]()
            ms = round((time.monotonic() - began_at) * 1000, 1)
            log.warning("The look %s took %s ms. %s", name, ms, report.summary)
        return LookAnswer(
            look=name, worker=self._name, cost=COSTS[name], summary=report.summary, ms=ms,
            figures=report.figures, findings=report.findings,
        )  # fmt: skip

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the lock. Raises Conflict if another look holds it."""
        handle = file_work.run(self._open_lock)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise Conflict("look_running", "Another look is running; wait until it has ended.") from error
            yield
        finally:
            os.close(handle)

    def _open_lock(self) -> int:
        self._lock.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        return os.open(self._lock, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
