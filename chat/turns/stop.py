"""Stops a turn wherever it runs: here, or at its home over that worker's socket."""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator
from typing import Any

from chat.cluster.peers import Peers, PeerUnreachable
from chat.store import Store
from chat.store.records import RUNNING, STOPPED, Turn
from chat.turns.running_turns import RunningTurns

log = logging.getLogger(__name__)

# How long a caller is kept until the end is committed. It comes within a few milliseconds, unless the turn's
# worker has died and the others have yet to find out.
_PATIENCE_S = 3.0
_LOOK_S = 0.02


class Stopper:
    """One for each worker."""

    def __init__(self, store: Store, running_turns: RunningTurns, peers: Peers) -> None:
        self._store = store
        self._running_turns = running_turns
        self._peers = peers

    def stop(self, turn: Turn) -> Turn:
        """Tell a turn to end, and wait for it. Returns it as it then is; one that has ended stays as it ended.

        Still running, after a few seconds, is only a turn whose worker does not answer. Raises StoreUnavailable.
        """
        until = time.monotonic() + _PATIENCE_S
        pause_s = _LOOK_S
        while turn.status == RUNNING and time.monotonic() < until:
            self._tell(turn)
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, 0.5)
            turn = self._store.turns.get(turn.id) or turn
        return turn

    def serve(self, request: dict[str, Any]) -> Iterator[bytes]:
        """What this worker does when another sends `{"stop": turn}`; the answer is empty."""
        self._stop_here(int(request["stop"]))
        yield b""

    def _tell(self, turn: Turn) -> None:
        if self._stop_here(turn.id):
            return
        with contextlib.suppress(PeerUnreachable):
            for _ in self._peers.ask(turn.worker, {"stop": turn.id}, timeout_s=1.0):
                pass

    def _stop_here(self, turn_id: int) -> bool:
        running = self._running_turns.get(turn_id)
        if running is not None:
            running.cancellation.cancel(STOPPED)
        return running is not None
