"""What a worker tells of itself once a second: the process, its turns, its memory. Figures only, never a word said."""

from __future__ import annotations

import datetime
import os
import socket
from typing import Any

from chat.cluster.peers import Peers
from chat.memory.contract import ConversationMemory
from chat.runtime import mode
from chat.runtime.process_stats import ProcessStats
from chat.runtime.ticker import Ticker
from chat.turns.running_turns import RunningTurns

_EVERY_S = 1.0
_CONVERSATIONS = 200


class WorkerReport:
    """One for each worker; made after the fork. The shape is the contract's `/admin/memory-debug`."""

    def __init__(self, running_turns: RunningTurns, memory: ConversationMemory, peers: Peers) -> None:
        self._running_turns = running_turns
        self._memory = memory
        self._peers = peers
        self._process = ProcessStats()
        self._started_at = _now()
        self._ticker = Ticker("report", _EVERY_S, lambda: self._peers.publish(self.make()))

    def start(self) -> None:
        self._peers.publish(self.make())
        self._ticker.start()

    def stop(self) -> None:
        self._ticker.stop()

    def make(self) -> dict[str, Any]:
        """This worker's report as of now."""
        turns = self._running_turns.turns()
        followers = {running.turn.conversation_id: running.log.followers for running in turns}
        here = mode.current()
        return {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "mode": here.name,
            "worker_class": here.worker_class,
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
            "loop_lag_ms": self._running_turns.lag_ms,
            "conversations": self._conversations(followers),
        }

    def everyone(self) -> dict[str, Any]:
        """The reports of all workers of this server, this one's as of now, and their totals."""
        mine = self.make()
        # For a moment of a reload an older version may answer too, with less than this one tells.
        told = [report for report in self._peers.reports() if report.keys() >= mine.keys()]
        others = [report for report in told if report["pid"] != mine["pid"]]
        workers = sorted([mine, *others], key=lambda report: report["pid"])
        totals = {name: sum(report[name] for report in workers) for name in _TOTALS}
        return {"mode": mine["mode"], "at": _now(), "totals": {"workers": len(workers)} | totals, "workers": workers}

    def _conversations(self, followers: dict[int, int]) -> list[dict[str, Any]]:
        held = {entry.conversation_id: entry for entry in self._memory.entries(_CONVERSATIONS)}
        listed = []
        for conversation_id in dict.fromkeys([*list(followers)[:_CONVERSATIONS], *held]):
            entry = held.get(conversation_id)
            listed.append(
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
        return listed


_TOTALS = (
    "active_turns",
    "active_conversations",
    "conversations_in_memory",
    "memory_bytes",
    "rss_bytes",
)


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
