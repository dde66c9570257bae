"""The road to workers of other servers: requests and answers as messages by way of Redis.

A request goes to the inbox of the worker that answers it. The answer goes to the inbox of the requester. Both carry the
random id of the request, so no other worker can get the answer. A turn without followers on other servers costs Redis
nothing. The requester acknowledges the chunks that it has passed on; at most a window of chunks is unacknowledged.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import uuid
from collections.abc import Iterator
from typing import Any

from chat.cluster.contract import Handler, Request, Unreachable
from chat.cluster.redis_channels import Message, RedisChannels
from chat.runtime import threads

# Longest wait for the worker's acceptance of a request.
_ACCEPT_S = 1.0
# Chunks that may be on their way, and the number of them that one acknowledgement covers.
_WINDOW, _ACKNOWLEDGE = 32, 8
# Longest wait of a worker for acknowledgements: a client that reads nothing is disconnected before.
_STUCK_S = 60.0
_ASK, _DATA, _END, _ACK, _CLOSE = "ask", "data", "end", "ack", "close"


class _PendingRequest:
    """A request of this worker, with the messages of its answer. None among them means that the answer breaks off."""

    def __init__(self, worker: str) -> None:
        self.worker = worker
        self.arrived: queue.SimpleQueue[Message | None] = queue.SimpleQueue()


class _OutgoingAnswer:
    """An answer of this worker to another one."""

    def __init__(self, requester: str) -> None:
        self.requester = requester
        self.sent = 0
        self.acknowledged = 0
        self.closed = False
        self.awaited = True
        self.changed = threading.Event()

    def close(self, awaited: bool = False) -> None:
        """Send no more chunks; send the end if it is awaited."""
        self.closed, self.awaited = True, awaited
        self.changed.set()

    def wait_for_room(self) -> bool:
        """Wait until another chunk may be sent. Return False if the requester no longer reads."""
        while not self.closed and self.sent - self.acknowledged > _WINDOW:
            self.changed.clear()
            if self.sent - self.acknowledged > _WINDOW and not self.closed and not self.changed.wait(_STUCK_S):
                return False
        return not self.closed


class RedisRoad:
    """Road to the workers of all servers that share a Redis. One per worker."""

    reliable = False

    def __init__(self, channels: RedisChannels) -> None:
        self._channels = channels
        self._pending: dict[str, _PendingRequest] = {}
        self._outgoing: dict[str, _OutgoingAnswer] = {}
        self._handler: Handler | None = None
        channels.on_message = self._receive
        channels.on_undeliverable = self._break_off_with
        channels.on_lost = self._break_off

    def listen(self, handler: Handler) -> None:
        """Answer requests of other workers with `handler`, one thread a request, until `close`."""
        self._handler = handler
        self._channels.start()

    def ask(self, worker: str, request: Request, timeout_s: float) -> Iterator[bytes]:
        if worker == self._channels.name or not self._channels.usable:
            raise Unreachable(worker)
        key, pending = uuid.uuid4().hex, _PendingRequest(worker)
        self._pending[key] = pending
        ended = False
        try:
            self._channels.post(worker, [_ASK, key, self._channels.name, request])
            _next(pending, 0, min(timeout_s, _ACCEPT_S * self._channels.wait_factor))
            number = 0
            while True:
                number += 1
                kind, _, _, content = _next(pending, number, timeout_s)
                if kind == _END:
                    ended = True
                    if not content:
                        raise Unreachable(worker)
                    return
                yield content
                if number % _ACKNOWLEDGE == 0:
                    self._channels.post(worker, [_ACK, key, number])
        finally:
            del self._pending[key]
            if not ended:
                self._channels.post(worker, [_CLOSE, key])

    @property
    def usable(self) -> bool:
        """Return whether requests can be sent, and answers received, at present."""
        return self._channels.usable

    def check(self) -> None:
        """Detect workers that will not answer any more. Call this once a second."""
        self._channels.check(sorted({pending.worker for pending in list(self._pending.values())}))

    def close(self) -> None:
        for outgoing in list(self._outgoing.values()):
            outgoing.close(awaited=True)
        self._channels.close()

    def _receive(self, message: Message) -> None:
        with contextlib.suppress(ValueError, TypeError):  # a message of another version
            kind, key, *rest = message
            if kind == _ASK:
                self._begin(str(key), *rest)
            elif kind in (_DATA, _END):
                if pending := self._pending.get(key):
                    pending.arrived.put(message)
            elif outgoing := self._outgoing.get(key):
                if kind == _ACK:
                    outgoing.acknowledged = int(rest[0])
                    outgoing.changed.set()
                elif kind == _CLOSE:
                    outgoing.close()

    def _begin(self, key: str, requester: str, request: Request) -> None:
        self._outgoing[key] = outgoing = _OutgoingAnswer(requester)
        try:
            threads.start("answer", self._answer, key, outgoing, request)
        except RuntimeError:  # the system has no more threads
            del self._outgoing[key]
            self._channels.post(requester, [_END, key, 0, False])

    def _answer(self, key: str, outgoing: _OutgoingAnswer, request: Request) -> None:
        complete = False
        chunks: Any = ()
        try:
            self._send(key, outgoing, _DATA, b"")
            if self._handler is not None:
                chunks = self._handler(request)
                for chunk in chunks:
                    if not outgoing.wait_for_room():
                        return
                    self._send(key, outgoing, _DATA, chunk)
                complete = True
        except Unreachable:
            pass
        finally:
            with contextlib.suppress(AttributeError):
                chunks.close()
            del self._outgoing[key]
            if outgoing.awaited:
                self._send(key, outgoing, _END, complete)

    def _send(self, key: str, outgoing: _OutgoingAnswer, kind: str, content: bytes | bool) -> None:
        self._channels.post(outgoing.requester, [kind, key, outgoing.sent, content])
        outgoing.sent += 1

    def _break_off_with(self, worker: str) -> None:
        """End all requests to, and answers for, a worker that no longer listens."""
        for pending in list(self._pending.values()):
            if pending.worker == worker:
                pending.arrived.put(None)
        for outgoing in list(self._outgoing.values()):
            if outgoing.requester == worker:
                outgoing.close()

    def _break_off(self) -> None:
        """End all requests and answers: some messages are lost."""
        for pending in list(self._pending.values()):
            pending.arrived.put(None)
        for outgoing in list(self._outgoing.values()):
            outgoing.close(awaited=True)


def _next(pending: _PendingRequest, number: int, timeout_s: float) -> Message:
    """Return the message with this number. Raises Unreachable if it does not arrive."""
    try:
        message = pending.arrived.get(timeout=timeout_s)
    except queue.Empty:
        raise Unreachable(pending.worker) from None
    if message is None or len(message) != 4 or message[2] != number:
        raise Unreachable(pending.worker)
    return message
