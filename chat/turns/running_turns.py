"""Registry of the turns that run in this worker, with admission and two tickers for all of them.

One ticker flushes deltas and enforces deadlines; the other writes checkpoints and renews leases, for all turns of the
worker in one transaction.
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

# A killed worker loses the text since its last checkpoint: less than a second, including the time of writing.
_CHECKPOINT_S = 0.6
# A lease lasts four times as long, so that a database locked for seconds does not end turns.
_RENEW_S = 2.0


class RunningTurns:
    """Registry of the worker's running turns, at most `limit`."""

    def __init__(self, store: Store, limit: int) -> None:
        self._store = store
        self._limit = limit
        self._turns: dict[int, RunningTurn] = {}
        self._starting = 0
        self._closed = False
        self._lock = threading.Lock()
        self._removed = threading.Condition(self._lock)
        self._renewed_at = 0.0
        self.flusher = DeltaFlusher()
        self._flush_ticker = Ticker("flush", self.flusher.interval_s, self._flush)
        self._checkpoint_ticker = Ticker("checkpoint", _CHECKPOINT_S, self._checkpoint)

    def start(self) -> None:
        self._flush_ticker.start()
        self._checkpoint_ticker.start()

    def stop(self) -> None:
        self._flush_ticker.stop()
        self._checkpoint_ticker.stop()

    @property
    def lag_ms(self) -> float:
        """Return how late the flush ticker runs."""
        return self._flush_ticker.lag_ms

    @contextlib.contextmanager
    def admit(self) -> Iterator[None]:
        """Reserve a place while a turn begins. Raises Overloaded if there is none, Restarting after `close`."""
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
                self._removed.notify_all()

    def add(self, running: RunningTurn) -> None:
        with self._lock:
            self._turns[running.turn.id] = running

    def remove(self, running: RunningTurn) -> None:
        with self._lock:
            self._turns.pop(running.turn.id, None)
            self.flusher.pending.discard(running)
            self._removed.notify_all()

    def get(self, turn_id: int) -> RunningTurn | None:
        return self._turns.get(turn_id)

    def turns(self) -> list[RunningTurn]:
        with self._lock:
            return list(self._turns.values())

    @property
    def count(self) -> int:
        """Return the number of running turns."""
        return len(self._turns)

    @property
    def closed(self) -> bool:
        """Return whether new turns are refused."""
        return self._closed

    def close(self) -> None:
        """Refuse new turns from now on; running turns continue."""
        with self._lock:
            self._closed = True

    def wait_until_empty(self, timeout_s: float) -> bool:
        """Wait up to `timeout_s` until no turn runs or begins. Return whether that is the case."""
        with self._removed:
            return self._removed.wait_for(lambda: not self._turns and not self._starting, timeout_s)

    def end_all(self, reason: str, timeout_s: float) -> None:
        """Cancel every turn and wait up to `timeout_s` until all have ended and are committed."""
        self.close()
        deadline = time.monotonic() + timeout_s
        while True:  # again, because a turn that is beginning is registered late
            for running in self.turns():
                running.cancellation.cancel(reason)
            remaining_s = deadline - time.monotonic()
            if remaining_s <= 0 or self.wait_until_empty(min(remaining_s, 0.2)):
                return

    def _flush(self) -> None:
        now = time.monotonic()
        self.flusher.adapt(len(self._turns))
        self.flusher.flush(now)
        for running in self.turns():  # in the order of their deadlines: they began in this order, with one timeout
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
            if running := self.get(turn_id):
                running.cancellation.cancel("interrupted")
