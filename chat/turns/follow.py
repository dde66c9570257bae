"""Follow a turn from any worker, on the fastest road to it that is open."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Sequence

from chat.cluster.contract import Road, Unreachable
from chat.store.records import RUNNING, Turn
from chat.turns import turn_requests
from chat.turns.chunks import split
from chat.turns.database_road import DatabaseRoad
from chat.turns.stream_limits import CountedStream, StreamLimits, too_many_followers
from chat.turns.turn_requests import FULL, HEARTBEAT, HEARTBEAT_S

_ROOM_TIMEOUT_S = 1.0
# A follower that reads the database tries the other roads again after this time, then after twice as long.
_TRY_AGAIN_S, _MAX_TRY_AGAIN_S = 1.0, 60.0


class Follower:
    """One per worker. Yields frames of server-sent events, and comments as heartbeats.

    `roads` lead to turns that run, `database` to all turns. Frames come in chunks of bounded size, however large the
    events are. `limits` bounds the streams.
    """

    def __init__(self, roads: Sequence[Road], database: DatabaseRoad, limits: StreamLimits) -> None:
        self._roads = roads
        self._database = database
        self._limits = limits

    def check_room(self) -> None:
        """Raise Overloaded if this worker has no room for another stream."""
        self._limits.check()

    def frames(self, turn: Turn, after: int, wait: bool = True) -> Iterator[bytes]:
        """Return an iterator over a turn's events with a number above `after`, until the last one.

        Without `wait`, it ends with the last event so far. Raises LimitReached if the turn has too many followers.
        """
        return CountedStream(self._source(turn, after, wait), self._limits, turn.id)

    def frames_for_another(self, turn: Turn, after: int, wait: bool = True) -> Iterator[bytes]:
        """Like `frames`, for a follower that did not begin the turn. Raises Overloaded and LimitReached."""
        self._limits.check()
        if turn.status == RUNNING and self._is_full(turn):
            raise too_many_followers()
        return self.frames(turn, after, wait)

    def _is_full(self, turn: Turn) -> bool:
        """Return whether the worker that runs the turn has the maximum of its followers."""
        for road in self._roads:
            with contextlib.suppress(Unreachable):
                return b"".join(road.ask(turn.worker, {"room": turn.id}, _ROOM_TIMEOUT_S)) == FULL
        return False

    def _source(self, turn: Turn, after: int, wait: bool) -> Iterator[bytes]:
        """Return the frames of a reliable road as they are: a check of each would cost time for each token."""
        for road in self._roads if turn.status == RUNNING else ():
            if road.reliable:
                with contextlib.suppress(Unreachable):
                    return road.ask(turn.worker, turn_requests.follow(turn.id, after, wait), 3 * HEARTBEAT_S)
        return self._frames(turn, after, wait)

    def _frames(self, turn: Turn, after: int, wait: bool) -> Iterator[bytes]:
        roads = self._roads if turn.status == RUNNING else ()
        for_s = _TRY_AGAIN_S
        while True:
            for road in roads:
                after, complete = yield from _on_road(road, turn, after, wait)
                if complete:
                    return
            position = yield from self._database.follow(turn.id, after, wait, for_s)
            if position is None:
                return
            after, for_s = position, min(2 * for_s, _MAX_TRY_AGAIN_S)
            yield HEARTBEAT


def _on_road(road: Road, turn: Turn, after: int, wait: bool) -> Generator[bytes, None, tuple[int, bool]]:
    """Yield frames from the turn's worker. Return the number of the last event, and whether nothing is missing."""
    incomplete = b""
    try:
        answer = road.ask(turn.worker, turn_requests.follow(turn.id, after, wait), 3 * HEARTBEAT_S)
        for chunk in answer:
            complete, separator, incomplete = (incomplete + chunk).rpartition(b"\n\n")
            if separator:
                after, ended = _last_event(complete, after)
                yield from split(complete + separator)
                if ended:
                    return after, True
    except Unreachable:
        return after, False
    return after, not wait


def _last_event(frames: bytes, after: int) -> tuple[int, bool]:
    """Return the number of the last event in complete frames (else `after`), and whether it is `done`."""
    ended = False
    for frame in frames.split(b"\n\n"):
        if frame.startswith(b"id: "):
            number, name, _ = frame.split(b"\n", 2)
            after, ended = int(number.removeprefix(b"id: ")), name == b"event: done"
    return after, ended
