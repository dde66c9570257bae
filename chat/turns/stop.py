"""Stop a turn in this worker, or in another worker over its socket."""

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

# The longest wait for the turn's end. It is committed within a few milliseconds, unless the turn's worker has died and
# no other worker has detected that yet.
_TIMEOUT_S = 3.0
_POLL_S = 0.02


class Stopper:
    """One per worker."""

    def __init__(self, store: Store, running_turns: RunningTurns, peers: Peers) -> None:
        self._store = store
        self._running_turns = running_turns
        self._peers = peers

    def stop(self, turn: Turn) -> Turn:
        """Cancel a turn, wait for its end and return it. A turn that has ended already is returned unchanged.

        Only a turn whose worker does not respond is still running after a few seconds. Raises StoreUnavailable.
        """
        deadline = time.monotonic() + _TIMEOUT_S
        pause_s = _POLL_S
        while turn.status == RUNNING and time.monotonic() < deadline:
            self._cancel(turn)
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, 0.5)
            turn = self._store.turns.get(turn.id) or turn
        return turn

    def serve(self, request: dict[str, Any]) -> Iterator[bytes]:
        """Handle another worker's `{"stop": turn}`. The answer is empty."""
        self._cancel_here(int(request["stop"]))
        yield b""

    def _cancel(self, turn: Turn) -> None:
        if self._cancel_here(turn.id):
            return
        with contextlib.suppress(PeerUnreachable):
            for _ in self._peers.ask(turn.worker, {"stop": turn.id}, timeout_s=1.0):
                pass

    def _cancel_here(self, turn_id: int) -> bool:
        running = self._running_turns.get(turn_id)
        if running is not None:
            running.cancellation.cancel(STOPPED)
        return running is not None
