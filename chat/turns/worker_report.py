"""A worker's report on its process, turns and memory, published every second. Figures only, no user's text."""

from __future__ import annotations

import datetime
import os
import socket
from collections.abc import Callable

import msgspec

from chat.cluster.peers import Peers
from chat.memory.contract import ConversationMemory
from chat.runtime import mode
from chat.runtime.process_stats import ProcessStats
from chat.turns.running_turns import RunningTurns

_CONVERSATIONS = 200


class HeldConversation(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation that runs in a worker or is in its memory. Tokens are estimated."""

    id: int
    messages: int
    tokens: int
    bytes: int
    idle_s: float
    running: bool
    subscribers: int


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One worker. `stale`: it has not reported for a while. `pss_bytes` is its share of all memory of the server."""

    pid: int
    host: str
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
    conversations: list[HeldConversation]


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """Sums over all workers."""

    workers: int
    active_turns: int
    active_conversations: int
    conversations_in_memory: int
    memory_bytes: int
    rss_bytes: int


class ServerReport(msgspec.Struct, frozen=True, kw_only=True):
    """All workers of a server."""

    mode: str
    at: str
    totals: Totals
    workers: list[Report]


class WorkerReport:
    """One per worker, created after the fork. The report has the form of `/admin/memory-debug`."""

    def __init__(
        self,
        running_turns: RunningTurns,
        memory: ConversationMemory,
        peers: Peers,
        loop_lag_ms: Callable[[], float],
    ) -> None:
        self._running_turns = running_turns
        self._loop_lag_ms = loop_lag_ms
        self._memory = memory
        self._peers = peers
        self._process = ProcessStats()
        self._started_at = _now()

    def publish(self) -> None:
        """Write the current report for the other workers."""
        self._peers.publish(msgspec.to_builtins(self.make()))

    def make(self) -> Report:
        """Return this worker's current report."""
        turns = self._running_turns.turns()
        followers = {running.turn.conversation_id: running.followers for running in turns}
        current_mode = mode.current()
        return Report(
            pid=os.getpid(),
            host=socket.gethostname(),
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
            conversations=self._conversations(followers),
        )

    def everyone(self) -> ServerReport:
        """Return the reports of all workers of this server and their totals; this worker's report is current."""
        own = self.make()
        others = [report for report in map(_parsed, self._peers.reports()) if report and report.pid != own.pid]
        workers = sorted([own, *others], key=lambda report: report.pid)
        sums = {name: sum(getattr(report, name) for report in workers) for name in _TOTALS}
        return ServerReport(mode=own.mode, at=_now(), totals=Totals(workers=len(workers), **sums), workers=workers)

    def _conversations(self, followers: dict[int, int]) -> list[HeldConversation]:
        entries = {entry.conversation_id: entry for entry in self._memory.entries(_CONVERSATIONS)}
        held = []
        for conversation_id in dict.fromkeys([*list(followers)[:_CONVERSATIONS], *entries]):
            entry = entries.get(conversation_id)
            held.append(
                HeldConversation(
                    id=conversation_id,
                    messages=entry.messages if entry else 0,
                    tokens=entry.tokens if entry else 0,
                    bytes=entry.bytes if entry else 0,
                    idle_s=entry.idle_s if entry else 0.0,
                    running=conversation_id in followers,
                    subscribers=followers.get(conversation_id, 0),
                )
            )
        return held


_TOTALS = [name for name in Totals.__struct_fields__ if name != "workers"]


def _parsed(report: dict[str, object]) -> Report | None:
    """Return a published report, or None: during a reload, a worker of an older version has other fields."""
    try:
        return msgspec.convert(report, Report)
    except msgspec.ValidationError:
        return None


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
