"""Follow a turn from any worker: from its log here, over its worker's socket, or from the database after its end."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterator
from typing import Any

from chat.cluster.peers import Peers, PeerUnreachable
from chat.errors import StoreFailed, StoreUnavailable
from chat.events.contract import make_event
from chat.store import Store
from chat.store.records import RUNNING, Turn, TurnError
from chat.turns import event_data
from chat.turns.chunks import chunks, split
from chat.turns.replay import Replays
from chat.turns.running_turn import RunningTurn
from chat.turns.running_turns import RunningTurns
from chat.turns.stream_limits import CountedStream, StreamLimits, too_many_followers

log = logging.getLogger(__name__)

# A closed connection is detected by the second or third write after it was closed.
HEARTBEAT_S = 5.0
_HEARTBEAT = b": still here\n\n"
_RETRY_S = 0.5
_ROOM_TIMEOUT_S = 1.0
_FULL = b"full"
_UNREADABLE = TurnError("internal", "The answer cannot be read; the server's log says why.", retryable=False)


class Follower:
    """One per worker. Yields frames of server-sent events, and comments as heartbeats.

    Frames come in chunks of bounded size, however large the events are. `limits` bounds the streams.
    """

    def __init__(self, store: Store, running_turns: RunningTurns, peers: Peers, limits: StreamLimits) -> None:
        self._store = store
        self._running_turns = running_turns
        self._peers = peers
        self._limits = limits
        self._replays = Replays(store.turns.with_answer)

    def check_room(self) -> None:
        """Raise Overloaded if this worker has no room for another stream."""
        self._limits.check()

    def frames(self, turn_id: int, after: int, wait: bool = True) -> Iterator[bytes]:
        """Return an iterator over a turn's events with a number above `after`, until the last one.

        Without `wait`, it ends with the last event so far. Raises LimitReached if the turn has too many followers.
        """
        return CountedStream(self._frames(turn_id, after, wait), self._limits, turn_id)

    def frames_for_another(self, turn: Turn, after: int, wait: bool = True) -> Iterator[bytes]:
        """Like `frames`, for a follower that did not begin the turn. Raises Overloaded and LimitReached."""
        self._limits.check()
        if turn.status == RUNNING and self._running_turns.get(turn.id) is None and self._is_full_elsewhere(turn):
            raise too_many_followers()
        return self.frames(turn.id, after, wait)

    def _is_full_elsewhere(self, turn: Turn) -> bool:
        try:
            return b"".join(self._peers.ask(turn.worker, {"room": turn.id}, _ROOM_TIMEOUT_S)) == _FULL
        except PeerUnreachable:
            return False

    def _frames(self, turn_id: int, after: int, wait: bool) -> Iterator[bytes]:
        while True:
            running = self._running_turns.get(turn_id)
            if running is not None:
                yield from _from_log(running, after, wait)
                return
            try:
                turn = self._store.turns.get(turn_id)
                if turn is None or turn.status != RUNNING:
                    yield from self._from_database(turn_id, after)
                    return
            except StoreFailed as error:
                log.error("Turn %s cannot be followed: %s", turn_id, error.__cause__ or error)
                yield _unreadable()
                return
            except StoreUnavailable as error:
                log.info("A follower of turn %s waits for the database: %s", turn_id, error)
            else:
                after, ended = yield from self._from_peer(turn.worker, turn_id, after, wait)
                if ended:
                    return
            if not wait:
                return
            # The turn's worker has died or has just ended the turn; the database shows which.
            yield _HEARTBEAT
            time.sleep(_RETRY_S)

    def serve(self, request: dict[str, Any]) -> Iterator[bytes]:
        """Answer another worker's `{"follow": turn, "after": number, "wait": bool}` with frames, if it runs here."""
        turn_id = int(request["follow"])
        running = self._running_turns.get(turn_id)
        if running is not None and not self._limits.is_full(turn_id):
            wait = request.get("wait") is not False
            yield from CountedStream(_from_log(running, int(request["after"]), wait), self._limits, turn_id)

    def serve_room(self, request: dict[str, Any]) -> Iterator[bytes]:
        """Answer another worker's `{"room": turn}`: `full` if the turn has the maximum of followers, else empty."""
        if self._limits.is_full(int(request["room"])):
            yield _FULL

    def _from_database(self, turn_id: int, after: int) -> Iterator[bytes]:
        replay = self._replays.of(turn_id)
        if replay is not None:
            yield from chunks(replay.events(after))

    def _from_peer(self, worker: str, turn_id: int, after: int, wait: bool) -> Generator[bytes, None, tuple[int, bool]]:
        """Yield frames from the turn's worker. Return the number of the last event, and whether it was `done`."""
        incomplete = b""
        try:
            request = {"follow": turn_id, "after": after, "wait": wait}
            for chunk in self._peers.ask(worker, request, timeout_s=3 * HEARTBEAT_S):
                complete, separator, incomplete = (incomplete + chunk).rpartition(b"\n\n")
                if separator:
                    after, ended = _last_event(complete, after)
                    yield from split(complete + separator)
                    if ended:
                        return after, True
        except PeerUnreachable:
            log.info("The worker %s of turn %s does not answer", worker, turn_id)
        return after, False


def _from_log(running: RunningTurn, after: int, wait: bool) -> Iterator[bytes]:
    event_log = running.log
    running.followers += 1
    try:
        while True:
            batch = event_log.read(after, HEARTBEAT_S if wait else 0)
            if not batch:
                if not wait or 0 < event_log.ended_at <= after:
                    return
                yield _HEARTBEAT
                continue
            after = batch[-1].number
            yield from chunks(batch)
            if not wait or batch[-1].name == "done":
                return
    finally:
        running.followers -= 1


def _unreadable() -> bytes:
    """Return an `error` frame without a number: it ends the stream but is not an event of the turn."""
    return make_event(0, "error", event_data.error_data(_UNREADABLE)).frame.partition(b"\n")[2]


def _last_event(frames: bytes, after: int) -> tuple[int, bool]:
    """Return the number of the last event in complete frames (else `after`), and whether it is `done`."""
    ended = False
    for frame in frames.split(b"\n\n"):
        if frame.startswith(b"id: "):
            number, name, _ = frame.split(b"\n", 2)
            after, ended = int(number.removeprefix(b"id: ")), name == b"event: done"
    return after, ended
