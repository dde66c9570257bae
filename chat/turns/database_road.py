"""The last road to a turn, which leads everywhere: its row, with the checkpoints of its worker.

It is slower by about a second. A turn has the same events with the same numbers here as in its worker's log.
"""

from __future__ import annotations

import logging
from collections.abc import Generator

from chat.errors import StoreFailed, StoreUnavailable
from chat.events.contract import make_event
from chat.runtime.clock import Clock
from chat.store import Store
from chat.store.records import TurnError
from chat.turns import event_data
from chat.turns.chunks import chunks
from chat.turns.stored_turns import SharedTurn, StoredTurns
from chat.turns.turn_requests import HEARTBEAT, HEARTBEAT_S

log = logging.getLogger(__name__)

# About as often as a running turn is checkpointed.
POLL_S = 0.6
_RETRY_S = 0.5
_UNREADABLE = TurnError("internal", "The answer cannot be read; the server's log says why.", retryable=False)


class DatabaseRoad:
    """One per worker. It needs nothing but the database, and reads a running turn every `poll_s` seconds.

    A silent stream has a comment every `heartbeat_s` seconds.
    """

    def __init__(self, store: Store, clock: Clock, poll_s: float = POLL_S, heartbeat_s: float = HEARTBEAT_S) -> None:
        self._store = store
        self._clock = clock
        self._heartbeat_s = heartbeat_s
        self._stored_turns = StoredTurns(store.turns.with_answer, poll_s, clock)

    def follow(self, turn_id: int, after: int, wait: bool, for_s: float) -> Generator[bytes, None, int | None]:
        """Yield frames with a number above `after` as they are committed, and heartbeats.

        Return None at the end of the turn, without `wait` after the last event so far. Return the number of the last
        event if the turn still runs after `for_s` seconds.
        """
        shared = self._stored_turns.share(turn_id)
        began_at = sent_at = self._clock.monotonic()
        while True:
            position = yield from self._committed(shared, turn_id, after, wait)
            if position is None or not wait:
                return None
            now = self._clock.monotonic()
            if position > after:
                after, sent_at = position, now
            elif now - sent_at >= self._heartbeat_s:
                yield HEARTBEAT
                sent_at = now
            if now - began_at >= for_s:
                return after
            self._clock.sleep(max(shared.next_poll_s, 0.0))

    def _committed(
        self, shared: SharedTurn, turn_id: int, after: int, wait: bool
    ) -> Generator[bytes, None, int | None]:
        """Yield the frames that the database has. Return the number of the last event, None at the end of the turn."""
        try:
            turn = shared.current()
        except StoreFailed as error:
            log.error("Turn %s cannot be followed: %s", turn_id, error.__cause__ or error)
            yield _unreadable()
            return None
        except StoreUnavailable as error:
            log.info("A follower of turn %s waits for the database: %s", turn_id, error)
            if wait:
                yield HEARTBEAT
                self._clock.sleep(_RETRY_S)
            return after
        if turn is None:
            return None
        yield from chunks(turn.events(after))
        return None if turn.ended else max(after, turn.last_number)

    def stop(self, turn_id: int) -> None:
        """Ask the turn's worker to stop it. It reads this with its next checkpoint. Raises StoreUnavailable."""
        self._store.turns.request_stop(turn_id)


def _unreadable() -> bytes:
    """Return an `error` frame without a number: it ends the stream but is not an event of the turn."""
    return make_event(0, "error", event_data.error_data(_UNREADABLE)).frame.partition(b"\n")[2]
