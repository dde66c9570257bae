"""Checkpoints of running turns and renewal of their leases, for all turns of the worker in one transaction."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable

from chat.errors import StoreUnavailable
from chat.store import Store
from chat.turns.running_turns import RunningTurns

log = logging.getLogger(__name__)

# A lease lasts four times as long, so that a database locked for seconds does not end turns.
_RENEW_S = 2.0


class Checkpoints:
    """One per worker."""

    def __init__(self, store: Store, running_turns: RunningTurns) -> None:
        self._store = store
        self._running_turns = running_turns
        self._renewed_at = 0.0

    def checkpoint(self) -> None:
        """Write the changes of all turns, and renew their leases if it is time."""
        turns = self._running_turns.turns()
        if not turns:
            return
        due = [running for running in turns if running.changed]
        now = time.monotonic()
        renewed = turns if now - self._renewed_at >= _RENEW_S else []
        if not due and not renewed:
            return
        committed = False
        try:
            ended = self._store.turns.checkpoint(
                [running.checkpoint_delta() for running in due], [running.turn.id for running in renewed]
            )
            committed = True
            self._cancel_ended(ended)
        except StoreUnavailable as error:
            log.warning("Checkpoint of %d turns put off: %s", len(due), error)
        finally:
            if committed:
                self._renewed_at = now if renewed else self._renewed_at
            else:
                for running in due:
                    running.checkpoint_failed()

    def _cancel_ended(self, ended: Iterable[int]) -> None:
        """Cancel turns that were deleted, or that another server has ended because it took this worker for dead."""
        for turn_id in ended:
            if running := self._running_turns.get(turn_id):
                running.cancellation.cancel("interrupted")
