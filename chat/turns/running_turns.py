"""The turns that run in this worker, and the clockwork that serves them all at once.

Two tickers: one sends what deltas have gathered, one writes checkpoints and renews leases, all of the
worker's turns in one transaction.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterable, Iterator

from chat.errors import Overloaded, Restarting, StoreUnavailable
from chat.runtime.ticker import Ticker
from chat.store import Store
from chat.turns.running_turn import DeltaFlusher, RunningTurn

log = logging.getLogger(__name__)

# A worker that is killed loses what came since the last one: less than a second, the writing included.
_CHECKPOINT_S = 0.6
# A lease lasts four times as long, so that a database which is locked for seconds costs nobody his turn.
_RENEW_S = 2.0


class RunningTurns:
    """The registry of running turns. `limit` is how many there may be."""

    def __init__(self, store: Store, limit: int) -> None:
        self._store = store
        self._limit = limit
        self._turns: dict[int, RunningTurn] = {}
        self._starting = 0
        self._closed = False
        self._lock = threading.Lock()
        self._emptied = threading.Condition(self._lock)
        self._renewed_at = 0.0
        self.pace = DeltaFlusher()
        self._flusher = Ticker("flush", self.pace.interval_s, self._flush)
        self._checkpointer = Ticker("checkpoint", _CHECKPOINT_S, self._checkpoint)

    def start(self) -> None:
        self._flusher.start()
        self._checkpointer.start()

    def stop(self) -> None:
        self._flusher.stop()
        self._checkpointer.stop()

    @property
    def lag_ms(self) -> float:
        return self._flusher.lag_ms

    @contextlib.contextmanager
    def admit(self) -> Iterator[None]:
        """Hold a place while a turn is being begun. Raises Overloaded when there is none, Restarting once closed."""
        with self._lock:
            if self._closed:
                raise Restarting
            if len(self._turns) + self._starting >= self._limit:
                raise Overloaded("This server is answering as many people as it can; try again in a few seconds.")
            self._starting += 1
        try:
            yield
        finally:
            with self._lock:
                self._starting -= 1
                self._emptied.notify_all()

    def add(self, running: RunningTurn) -> None:
        with self._lock:
            self._turns[running.turn.id] = running

    def remove(self, running: RunningTurn) -> None:
        with self._lock:
            self._turns.pop(running.turn.id, None)
            self.pace.gathering.discard(running)
            self._emptied.notify_all()

    def get(self, turn_id: int) -> RunningTurn | None:
        return self._turns.get(turn_id)

    def turns(self) -> list[RunningTurn]:
        with self._lock:
            return list(self._turns.values())

    @property
    def running(self) -> int:
        """How many turns there are."""
        return len(self._turns)

    @property
    def closed(self) -> bool:
        """Whether it takes no more turns."""
        return self._closed

    def close(self) -> None:
        """Take no new turns from now on; those that run go on."""
        with self._lock:
            self._closed = True

    def wait_until_empty(self, patience_s: float) -> bool:
        """Wait until no turn is left or being begun, at most `patience_s`; returns whether that is so."""
        with self._emptied:
            return self._emptied.wait_for(lambda: not self._turns and not self._starting, patience_s)

    def end_all(self, reason: str, patience_s: float) -> None:
        """Cancel every turn and wait until they have ended and are committed, at most `patience_s`."""
        self.close()
        deadline = time.monotonic() + patience_s
        while True:  # a turn that was just being begun comes in late
            for running in self.turns():
                running.cancellation.cancel(reason)
            left = deadline - time.monotonic()
            if left <= 0 or self.wait_until_empty(min(left, 0.2)):
                return

    def _flush(self) -> None:
        now = time.monotonic()
        self.pace.suit(len(self._turns))
        for running in list(self.pace.gathering):
            running.flush(now)
        for running in self.turns():  # in the order in which they began, and all may take the same time
            if now < running.cancellation.deadline:
                break
            running.cancellation.cancel("timeout")

    def _checkpoint(self) -> None:
        turns = self.turns()
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
                [running.piece() for running in due], [running.turn.id for running in renewed]
            )
            committed = True
            self._let_go(ended)
        except StoreUnavailable as error:
            log.warning("Checkpoint of %d turns put off: %s", len(due), error)
        finally:
            if committed:
                self._renewed_at = now if renewed else self._renewed_at
            else:
                for running in due:
                    running.not_kept()

    def _let_go(self, ended: Iterable[int]) -> None:
        """Stop working for turns that were deleted, or ended by another server that took this one for dead."""
        for turn_id in ended:
            if running := self.get(turn_id):
                running.cancellation.cancel("interrupted")
