"""Checkpoints of running turns and renewal of their leases, for all turns of the worker in one transaction.

At the same interval the worker reads which of its turns it must stop, because another worker that could not reach it
has requested that.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterable

from chat.errors import StoreUnavailable
from chat.runtime.clock import Clock
from chat.store import Store
from chat.store.records import INTERRUPTED, STOPPED
from chat.turns.running_turn import RunningTurn
from chat.turns.running_turns import RunningTurns

log = logging.getLogger(__name__)

# A lease lasts four times as long, so that a database locked for seconds does not end turns.
_RENEW_S = 2.0


class Checkpoints:
    """Checkpoints of one worker. `worker` is its name in the database."""

    def __init__(self, store: Store, running_turns: RunningTurns, worker: str, clock: Clock) -> None:
        self._store = store
        self._running_turns = running_turns
        self._worker = worker
        self._clock = clock
        self._renewed_at = 0.0

    def checkpoint(self) -> None:
        """Stop turns on request, write the changes of all turns, and renew their leases if it is time."""
        turns = self._running_turns.turns()
        if turns:
            self._cancel_stopped()
            self._write(turns)

    def _cancel_stopped(self) -> None:
        with contextlib.suppress(StoreUnavailable):  # the next tick tries again
            self._cancel(self._store.turns.stop_requests(self._worker), STOPPED)

    def _write(self, turns: list[RunningTurn]) -> None:
        due = [running for running in turns if running.changed]
        now = self._clock.monotonic()
        renewed = turns if now - self._renewed_at >= _RENEW_S else []
        if not due and not renewed:
            return
        committed = False
        try:
            ended = self._store.turns.checkpoint(
                [running.checkpoint_delta() for running in due], [running.turn.id for running in renewed]
            )
            committed = True
            # Turns that were deleted, or that another server has ended because it considered this worker dead.
            self._cancel(ended, INTERRUPTED)
        except StoreUnavailable as error:
            log.warning("Checkpoint of %d turns is postponed: %s", len(due), error)
        finally:
            if committed:
                self._renewed_at = now if renewed else self._renewed_at
            else:
                for running in due:
                    running.checkpoint_failed()

    def _cancel(self, turn_ids: Iterable[int], reason: str) -> None:
        for turn_id in turn_ids:
            if running := self._running_turns.get(turn_id):
                running.cancellation.cancel(reason)
