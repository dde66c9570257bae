"""A worker's report on its process, turns and memory, published every second. Figures only, no user's text."""

from __future__ import annotations

import datetime
import os
import socket
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import msgspec

from chat.memory.contract import ConversationMemory
from chat.runtime import mode
from chat.runtime.block_watch.watch import Block
from chat.runtime.process_stats import ProcessStats
from chat.turns.running_turns import RunningTurns

_CONVERSATIONS = 200


class ReportExchange(Protocol):
    """A place where workers leave their reports for each other, such as this server's folder `run/`."""

    def publish(self, report: dict[str, Any]) -> None:
        """Leave the report of this worker. A failure is ignored: the next report is due in a second."""
        ...

    def reports(self) -> list[dict[str, Any]]:
        """Return the last report of each worker, with `stale` set if it is old. Never waits for long."""
        ...


class ConversationUse(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation that runs in a worker or is in its memory. Tokens are estimated."""

    id: int
    messages: int
    tokens: int
    bytes: int
    idle_s: float
    running: bool
    subscribers: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One worker. `stale`: it has not reported for a while. `pss_bytes` is its share of all memory of the server.

    `server` names the server that it belongs to. `blocked` are the last times in which its loop did not turn.
    """

    pid: int
    host: str
    server: str
    mode: str
    worker_class: str
    started_at: str
    reported_at: str
    stale: bool
    active_turns: int
    active_conversations: int
    conversations_in_memory: int
    memory_bytes: int
    memory_limit_bytes: int
    open_streams: int
    greenlets: int
    threads: int
    fds: int
    rss_bytes: int
    pss_bytes: int
    loop_lag_ms: float
    blocked: list[Block]
    conversations: list[ConversationUse]


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over all workers."""

    servers: int
    workers: int
    active_turns: int
    active_conversations: int
    conversations_in_memory: int
    memory_bytes: int
    rss_bytes: int


class ServerReport(msgspec.Struct, frozen=True, kw_only=True):
    """All workers of all servers that share a database."""

    mode: str
    at: str
    totals: Totals
    workers: list[Report]


class WorkerReport:
    """One per worker, created after the fork. The report has the form of `/admin/memory-debug`.

    `server` is the name of this server. The first of the `exchanges` that has a worker's report decides.
    """

    def __init__(
        self,
        server: str,
        running_turns: RunningTurns,
        memory: ConversationMemory,
        exchanges: Sequence[ReportExchange],
        loop_lag_ms: Callable[[], float],
        blocked: Callable[[], list[Block]],
    ) -> None:
        self._running_turns = running_turns
        self._loop_lag_ms = loop_lag_ms
        self._blocked = blocked
        self._memory = memory
        self._server = server
        self._exchanges = exchanges
        self._process = ProcessStats()
        self._started_at = _now()

    def publish(self) -> None:
        """Give the current report to the other workers."""
        report = msgspec.to_builtins(self.make())
        for exchange in self._exchanges:
            exchange.publish(report)

    def make(self) -> Report:
        """Return this worker's current report."""
        turns = self._running_turns.turns()
        followers = {running.turn.conversation_id: running.followers for running in turns}
        current_mode = mode.current()
        return Report(
            pid=os.getpid(),
            host=socket.gethostname(),
            server=self._server,
            mode=current_mode.name,
            worker_class=current_mode.worker_class,
            started_at=self._started_at,
            reported_at=_now(),
            stale=False,
            active_turns=len(turns),
            active_conversations=len(followers),
            conversations_in_memory=len(self._memory),
            memory_bytes=self._memory.bytes,
            memory_limit_bytes=self._memory.limit_bytes,
            open_streams=sum(followers.values()),
            **self._process.figures(),
            loop_lag_ms=self._loop_lag_ms(),
            blocked=self._blocked(),
            conversations=self._conversations(followers),
        )

    def this_server(self) -> ServerReport:
        """Return the reports of this server's workers and their totals."""
        return _summary([report for report in self._all_reports() if report.server == self._server])

    def all_workers(self) -> ServerReport:
        """Return the reports of all servers' workers and their totals."""
        return _summary(self._all_reports())

    def _all_reports(self) -> list[Report]:
        """Return all reports, this worker's first: it is current."""
        own = self.make()
        workers = {_identity(own): own}
        for exchange in self._exchanges:
            for report in filter(None, map(_parsed, exchange.reports())):
                workers.setdefault(_identity(report), report)
        return list(workers.values())

    def _conversations(self, followers: dict[int, int]) -> list[ConversationUse]:
        entries = {entry.conversation_id: entry for entry in self._memory.entries(_CONVERSATIONS)}
        reports = []
        for conversation_id in dict.fromkeys([*list(followers)[:_CONVERSATIONS], *entries]):
            entry = entries.get(conversation_id)
            reports.append(
                ConversationUse(
                    id=conversation_id,
                    messages=entry.messages if entry else 0,
                    tokens=entry.tokens if entry else 0,
                    bytes=entry.bytes if entry else 0,
                    idle_s=entry.idle_s if entry else 0.0,
                    running=conversation_id in followers,
                    subscribers=followers.get(conversation_id, 0),
                )
            )
        return reports


_TOTALS = [name for name in Totals.__struct_fields__ if name not in ("servers", "workers")]


def _summary(reports: list[Report]) -> ServerReport:
    ordered = sorted(reports, key=lambda report: (report.server, report.pid))
    sums = {name: sum(getattr(report, name) for report in ordered) for name in _TOTALS}
    totals = Totals(servers=len({report.server for report in ordered}), workers=len(ordered), **sums)
    return ServerReport(mode=reports[0].mode, at=_now(), totals=totals, workers=ordered)


def _identity(report: Report) -> tuple[str, int]:
    return report.host, report.pid


def _parsed(report: dict[str, object]) -> Report | None:
    """Return a published report, or None: during a reload, a worker of an older version has other fields."""
    try:
        return msgspec.convert(report, Report)
    except msgspec.ValidationError:
        return None


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
