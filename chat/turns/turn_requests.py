"""Requests about a turn, answered by the worker that runs it, whichever road they come on.

`{"follow": turn, "after": number, "wait": bool}` is answered with frames of server-sent events, `{"room": turn}` with
`full` if the turn has the maximum of followers, `{"stop": turn}` with a byte once the turn is cancelled.
"""

from __future__ import annotations

from collections.abc import Iterator

from chat.cluster.contract import Request, Unreachable
from chat.store.records import STOPPED
from chat.turns.chunks import chunks
from chat.turns.running_turn import RunningTurn
from chat.turns.running_turns import RunningTurns
from chat.turns.stream_limits import CountedStream, StreamLimits

# A closed connection is detected by the second or third write after it was closed.
HEARTBEAT_S = 5.0
HEARTBEAT = b": still here\n\n"
FULL = b"full"


def follow(turn_id: int, after: int, wait: bool) -> Request:
    """Return the request for a turn's events with a number above `after`; without `wait` only for those so far."""
    return {"follow": turn_id, "after": after, "wait": wait}


class TurnRequests:
    """The handler of one worker. It raises Unreachable if the turn does not run here, and for unknown requests.

    A silent stream has a comment every `heartbeat_s` seconds.
    """

    def __init__(self, running_turns: RunningTurns, limits: StreamLimits, heartbeat_s: float = HEARTBEAT_S) -> None:
        self._running_turns = running_turns
        self._limits = limits
        self._heartbeat_s = heartbeat_s

    def answer(self, request: Request) -> Iterator[bytes]:
        """Answer a request of this worker, which counts its followers itself."""
        if "follow" in request:
            running = self._running(request["follow"])
            return _frames(
                running, int(request["after"]), self._heartbeat_s if request.get("wait") is not False else 0.0
            )
        if "room" in request:
            running = self._running(request["room"])
            return iter([FULL] if self._limits.is_full(running.turn.id) else [])
        running = self._running(request.get("stop"))
        running.cancellation.cancel(STOPPED)
        return iter([b"."])

    def answer_peer(self, request: Request) -> Iterator[bytes]:
        """Answer a request of another worker. Its followers count here too; none is accepted past the limit."""
        answer = self.answer(request)
        if "follow" not in request:
            return answer
        turn_id = int(request["follow"])
        if self._limits.is_full(turn_id):
            raise Unreachable(turn_id)
        return CountedStream(answer, self._limits, turn_id)

    def _running(self, turn_id: object) -> RunningTurn:
        running = self._running_turns.get(turn_id) if isinstance(turn_id, int) else None
        if running is None:
            raise Unreachable(turn_id)
        return running


def _frames(running: RunningTurn, after: int, wait_s: float) -> Iterator[bytes]:
    """Yield a turn's events with a number above `after`, and a heartbeat every `wait_s` seconds; 0: those so far."""
    log = running.log
    running.followers += 1
    try:
        while True:
            batch = log.read(after, wait_s)
            if not batch:
                if not wait_s or 0 < log.ended_at <= after:
                    return
                yield HEARTBEAT
                continue
            after = batch[-1].number
            yield from chunks(batch)
            if not wait_s or batch[-1].name == "done":
                return
    finally:
        running.followers -= 1
