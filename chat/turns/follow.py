"""Follows a turn from any worker: here, at its home over that worker's socket, or in the database once it has ended."""

from __future__ import annotations

import logging
import time
from collections.abc import Generator, Iterator
from typing import Any

from chat.cluster.peers import Peers, PeerUnreachable
from chat.errors import StoreFailed, StoreUnavailable
from chat.events.contract import event
from chat.events.local import LocalEventLog
from chat.store import Store
from chat.store.records import RUNNING, Turn, TurnError
from chat.turns import event_data
from chat.turns.chunks import chunks, split
from chat.turns.replay import Replays
from chat.turns.running_turns import RunningTurns
from chat.turns.stream_limits import CountedStream, StreamLimits, too_many_followers

log = logging.getLogger(__name__)

# A browser that has left is noticed by the second or third write after it did.
HEARTBEAT_S = 5.0
_HEARTBEAT = b": still here\n\n"
_RETRY_S = 0.5
_ROOM_TIMEOUT_S = 1.0
_FULL = b"full"
_UNREADABLE = TurnError("internal", "The answer cannot be read; the server's log says why.", retryable=False)


class Follower:
    """One for each worker. Frames are the bytes of server-sent events, or comments to keep a line open.

    No piece of them is longer than a send should be, however large the events. `limits` bounds the followers.
    """

    def __init__(self, store: Store, running_turns: RunningTurns, peers: Peers, limits: StreamLimits) -> None:
        self._store = store
        self._running_turns = running_turns
        self._peers = peers
        self._limits = limits
        self._replays = Replays(store.turns.with_answer)

    def check_room(self) -> None:
        """Raise Overloaded where a further stream would be too many."""
        self._limits.check()

    def frames(self, turn_id: int, after: int, wait: bool = True) -> Iterator[bytes]:
        """A turn's events with a number above `after`, to the last one, however long that takes.

        Without `wait`, only those that there are by now. Raises LimitReached when too many follow the turn already.
        """
        return CountedStream(self._frames(turn_id, after, wait), self._limits, turn_id)

    def frames_for_another(self, turn: Turn, after: int, wait: bool = True) -> Iterator[bytes]:
        """The same for a follower who did not begin the turn. Raises Overloaded and LimitReached."""
        self._limits.check()
        if turn.status == RUNNING and self._running_turns.get(turn.id) is None and self._full_at_home(turn):
            raise too_many_followers()
        return self.frames(turn.id, after, wait)

    def _full_at_home(self, turn: Turn) -> bool:
        try:
            return b"".join(self._peers.ask(turn.worker, {"room": turn.id}, _ROOM_TIMEOUT_S)) == _FULL
        except PeerUnreachable:
            return False

    def _frames(self, turn_id: int, after: int, wait: bool) -> Iterator[bytes]:
        while True:
            running = self._running_turns.get(turn_id)
            if running is not None:
                yield from _of_log(running.log, after, wait)
                return
            try:
                turn = self._store.turns.get(turn_id)
                if turn is None or turn.status != RUNNING:
                    yield from self._replayed(turn_id, after)
                    return
            except StoreFailed as error:
                log.error("Turn %s cannot be followed: %s", turn_id, error.__cause__ or error)
                yield _unreadable()
                return
            except StoreUnavailable as error:
                log.info("Whoever follows turn %s waits for the database: %s", turn_id, error)
            else:
                after, ended = yield from self._relayed(turn.worker, turn_id, after, wait)
                if ended:
                    return
            if not wait:
                return
            # Its home has died, or has just ended it: the database will tell which.
            yield _HEARTBEAT
            time.sleep(_RETRY_S)

    def serve(self, request: dict[str, Any]) -> Iterator[bytes]:
        """Answer another worker's `{"follow": turn, "after": number, "wait": whether to}` with frames, or none."""
        turn_id = int(request["follow"])
        running = self._running_turns.get(turn_id)
        if running is not None and not self._limits.is_full(turn_id):
            wait = request.get("wait") is not False
            yield from CountedStream(_of_log(running.log, int(request["after"]), wait), self._limits, turn_id)

    def serve_room(self, request: dict[str, Any]) -> Iterator[bytes]:
        """What it answers to `{"room": turn}`: whether so many follow the turn that nobody else may."""
        if self._limits.is_full(int(request["room"])):
            yield _FULL

    def _replayed(self, turn_id: int, after: int) -> Iterator[bytes]:
        ended = self._replays.of(turn_id)
        if ended is not None:
            yield from chunks(ended.events(after))

    def _relayed(self, worker: str, turn_id: int, after: int, wait: bool) -> Generator[bytes, None, tuple[int, bool]]:
        """Frames from the turn's home. Returns the number of the last event, and whether it was the end."""
        rest = b""
        try:
            request = {"follow": turn_id, "after": after, "wait": wait}
            for chunk in self._peers.ask(worker, request, timeout_s=3 * HEARTBEAT_S):
                whole, separator, rest = (rest + chunk).rpartition(b"\n\n")
                if separator:
                    after, ended = _last_event(whole, after)
                    yield from split(whole + separator)
                    if ended:
                        return after, True
        except PeerUnreachable:
            log.info("The worker %s of turn %s does not answer", worker, turn_id)
        return after, False


def _of_log(events: LocalEventLog, after: int, wait: bool) -> Iterator[bytes]:
    events.followers += 1
    try:
        while True:
            found = events.read(after, HEARTBEAT_S if wait else 0)
            if not found:
                if not wait or 0 < events.ended_at <= after:
                    return
                yield _HEARTBEAT
                continue
            after = found[-1].number
            yield from chunks(found)
            if not wait or found[-1].name == "done":
                return
    finally:
        events.followers -= 1


def _unreadable() -> bytes:
    """Return an `error` without a number: it is an end of the stream, and no event of the turn."""
    return event(0, "error", event_data.error_data(_UNREADABLE)).frame.partition(b"\n")[2]


def _last_event(frames: bytes, after: int) -> tuple[int, bool]:
    """The number of the last event among whole frames (`after` if there is none), and whether it is `done`."""
    ended = False
    for frame in frames.split(b"\n\n"):
        if frame.startswith(b"id: "):
            number, name, _ = frame.split(b"\n", 2)
            after, ended = int(number.removeprefix(b"id: ")), name == b"event: done"
    return after, ended
