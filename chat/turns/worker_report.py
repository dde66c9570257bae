"""A worker's report on its process, turns and memory, published every second. Figures only, no user's text."""

from __future__ import annotations

import datetime
import os
import socket
from collections.abc import Callable
from typing import Any

from chat.cluster.peers import Peers
from chat.memory.contract import ConversationMemory
from chat.runtime import mode
from chat.runtime.process_stats import ProcessStats
from chat.turns.running_turns import RunningTurns

_CONVERSATIONS = 200


class WorkerReport:
    """One per worker, created after the fork. The report has the form of `/admin/memory-debug`."""

    def __init__(
        self,
        running_turns: RunningTurns,
        memory: ConversationMemory,
        peers: Peers,
        loop_lag_ms: Callable[[], float],
        blocked: Callable[[], list[dict[str, Any]]],
    ) -> None:
        self._running_turns = running_turns
        self._loop_lag_ms = loop_lag_ms
        self._blocked = blocked
        self._memory = memory
        self._peers = peers
        self._process = ProcessStats()
        self._started_at = _now()

    def publish(self) -> None:
        """Write the current report for the other workers."""
        self._peers.publish(self.make())

    def make(self) -> dict[str, Any]:
        """Return this worker's current report."""
        turns = self._running_turns.turns()
        followers = {running.turn.conversation_id: running.followers for running in turns}
        current_mode = mode.current()
        return {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "mode": current_mode.name,
            "worker_class": current_mode.worker_class,
            "started_at": self._started_at,
            "reported_at": _now(),
            "stale": False,
            "active_turns": len(turns),
            "active_conversations": len(followers),
            "conversations_in_memory": len(self._memory),
            "memory_bytes": self._memory.bytes,
            "memory_limit_bytes": self._memory.limit_bytes,
            "open_streams": sum(followers.values()),
            **self._process.figures(),
            "loop_lag_ms": self._loop_lag_ms(),
            "blocked": self._blocked(),
            "conversations": self._conversations(followers),
        }

    def everyone(self) -> dict[str, Any]:
        """Return the reports of all workers of this server and their totals; this worker's report is current."""
        own = self.make()
        # During a reload, a worker of an older version may publish a report with fewer fields.
        complete = [report for report in self._peers.reports() if report.keys() >= own.keys()]
        others = [report for report in complete if report["pid"] != own["pid"]]
        workers = sorted([own, *others], key=lambda report: report["pid"])
        totals = {name: sum(report[name] for report in workers) for name in _TOTALS}
        return {"mode": own["mode"], "at": _now(), "totals": {"workers": len(workers)} | totals, "workers": workers}

    def _conversations(self, followers: dict[int, int]) -> list[dict[str, Any]]:
        entries = {entry.conversation_id: entry for entry in self._memory.entries(_CONVERSATIONS)}
        rows = []
        for conversation_id in dict.fromkeys([*list(followers)[:_CONVERSATIONS], *entries]):
            entry = entries.get(conversation_id)
            rows.append(
                {
                    "id": conversation_id,
                    "messages": entry.messages if entry else 0,
                    "tokens": entry.tokens if entry else 0,
                    "bytes": entry.bytes if entry else 0,
                    "idle_s": entry.idle_s if entry else 0.0,
                    "running": conversation_id in followers,
                    "subscribers": followers.get(conversation_id, 0),
                }
            )
        return rows


_TOTALS = (
    "active_turns",
    "active_conversations",
    "conversations_in_memory",
    "memory_bytes",
    "rss_bytes",
)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
