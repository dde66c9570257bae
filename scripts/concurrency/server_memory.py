"""The server's own figures from `/admin/memory-debug`: memory, conversations, blocked places."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from scripts.concurrency.api import Api
from scripts.concurrency.event_loop import EventLoop
from scripts.concurrency.probe import Get

_PATH = "/admin/memory-debug"
_EVERY_S = 1.0
_SETTLE_S = 1.5  # until all workers have published a report after the load


@dataclass
class ServerMemory:
    """Reports before, during and after a load. `refusal`: why there are none."""

    refusal: str = ""
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    peak_bytes: int = 0
    loop_lag_ms: float = 0.0
    blocked: list[dict[str, Any]] = field(default_factory=list)

    def note(self, report: dict[str, Any]) -> None:
        """Record a report made during the load."""
        self.peak_bytes = max(self.peak_bytes, total(report, "rss_bytes"))
        places_before = {_key(block) for block in _blocks(self.before)}
        for worker in _workers(report):
            lag = worker.get("loop_lag_ms")
            self.loop_lag_ms = max(self.loop_lag_ms, float(lag) if isinstance(lag, int | float) else 0.0)
        known = {_key(block) for block in self.blocked} | places_before
        self.blocked += [block for block in _blocks(report) if _key(block) not in known]

    @property
    def workers(self) -> int:
        """The number of workers."""
        return len(_workers(self.before))

    def as_json(self) -> dict[str, Any]:
        """Return the figures."""
        if self.refusal or not self.before:
            return {"refused": self.refusal or "not available"}
        names = ("rss_bytes", "conversations_in_memory", "active_turns")
        return {
            "before": {name: total(self.before, name) for name in names},
            "after": {name: total(self.after, name) for name in names} if self.after else None,
            "peak_rss_bytes": self.peak_bytes,
            "loop_lag_ms": self.loop_lag_ms,
            "blocked": self.blocked,
        }


class MemoryWatch:
    """Reads the report before a load, every second during it, and after it."""

    def __init__(self, api: Api, seconds_to_settle: float = _SETTLE_S) -> None:
        self.memory = ServerMemory()
        self._api = api
        self._settle_s = seconds_to_settle
        self._stopped = False

    def before(self) -> None:
        """Read the first report, or learn that this is not allowed."""
        status, report = self._read()
        if status == 200 and report:
            self.memory.before = report
            self.memory.note(report)
        else:
            self.memory.refusal = _refusal(status)

    def start(self, loop: EventLoop) -> None:
        """Begin to read during the load."""
        if not self.memory.refusal:
            self._ask(loop)

    def stop(self) -> None:
        """End."""
        self._stopped = True

    def after(self, wait: Callable[[float], None] = time.sleep) -> None:
        """Read the last report, once all workers have published theirs."""
        if self.memory.refusal:
            return
        until = time.monotonic() + self._settle_s
        while True:
            status, report = self._read()
            if status != 200 or not report:
                return
            self.memory.after = report
            names = ("conversations_in_memory", "active_turns")
            left = any(total(report, name) > total(self.memory.before, name) for name in names)
            if not left or time.monotonic() > until:
                return
            wait(0.3)

    def _ask(self, loop: EventLoop) -> None:
        if self._stopped:
            return
        loop.advance(Get(self._api, _PATH, lambda status, body: self._note(loop, status, body)))

    def _note(self, loop: EventLoop, status: int, body: bytes) -> None:
        if status == 200 and (report := _parsed(body)):
            self.memory.note(report)
        loop.call_at(time.monotonic() + _EVERY_S, lambda: self._ask(loop))

    def _read(self) -> tuple[int, dict[str, Any]]:
        try:
            with contextlib.closing(self._api.address.connect(timeout_s=10)) as connection:
                connection.request("GET", self._api.address.base + _PATH, headers=self._api.headers())
                response = connection.getresponse()
                return response.status, _parsed(response.read())
        except (OSError, http.client.HTTPException):
            return 0, {}


def total(report: dict[str, Any], name: str) -> int:
    """Return one of the report's totals, 0 if it is missing."""
    totals = report.get("totals")
    value = totals.get(name) if isinstance(totals, dict) else 0
    return int(value) if isinstance(value, int | float) else 0


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        report = json.loads(body)
    except ValueError:
        return {}
    return report if isinstance(report, dict) and isinstance(report.get("totals"), dict) else {}


def _workers(report: dict[str, Any]) -> list[dict[str, Any]]:
    workers = report.get("workers")
    return [each for each in workers if isinstance(each, dict)] if isinstance(workers, list) else []


def _blocks(report: dict[str, Any]) -> list[dict[str, Any]]:
    blocks = [block for worker in _workers(report) for block in worker.get("blocked") or []]
    return [block for block in blocks if isinstance(block, dict) and block.get("where")]


def _key(block: dict[str, Any]) -> tuple[str, str]:
    return str(block.get("at")), str(block.get("where"))


def _refusal(status: int) -> str:
    if status in (401, 403):
        return f"not allowed (HTTP {status}); give the server's ADMIN_TOKEN with --token"
    if status == 200:
        return f"{_PATH} answers in another form"
    return f"{_PATH} answers with HTTP {status}" if status else f"{_PATH} does not answer"
