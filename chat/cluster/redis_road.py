"""The road to workers of other servers: requests and answers as messages by way of Redis.

A request goes to the inbox of the worker that is asked, and its answer to the inbox of the worker that asks, both under
the random id of this one request. So no answer can get to anyone else, and a turn that nobody follows from elsewhere
costs Redis nothing. The asker acknowledges what it has passed on; no more than a window of chunks is on its way.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import uuid
from collections.abc import Iterator
from typing import Any

from chat.cluster.contract import Handler, Request, Unreachable
from chat.cluster.redis_mail import Message, RedisMail
from chat.runtime import threads

# Longest wait for the worker's acceptance of a request.
_ACCEPT_S = 1.0
# Chunks that may be on their way, and the number of them that one acknowledgement covers.
_WINDOW, _ACKNOWLEDGE = 32, 8
# Longest wait of a worker for acknowledgements: a client that reads nothing is disconnected before.
_STUCK_S = 60.0
_ASK, _DATA, _END, _ACK, _CLOSE = "ask", "data", "end", "ack", "close"


class _Asked:
    """A request of this worker: what has arrived of its answer. None means that the answer breaks off."""

    def __init__(self, worker: str) -> None:
        self.worker = worker
        self.arrived: queue.SimpleQueue[Message | None] = queue.SimpleQueue()


class _Answering:
    """An answer of this worker to another one."""

    def __init__(self, asker: str) -> None:
        self.asker = asker
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
        """Wait until another chunk may be sent. Return False if nobody waits for it any more."""
        while not self.closed and self.sent - self.acknowledged > _WINDOW:
            self.changed.clear()
            if self.sent - self.acknowledged > _WINDOW and not self.closed and not self.changed.wait(_STUCK_S):
                return False
        return not self.closed


class RedisRoad:
    """Road to the workers of all servers that share a Redis. One per worker."""

    reliable = False

    def __init__(self, mail: RedisMail) -> None:
        self._mail = mail
        self._asked: dict[str, _Asked] = {}
        self._answering: dict[str, _Answering] = {}
        self._handler: Handler | None = None
        mail.on_message = self._receive
        mail.on_undeliverable = self._break_off_with
        mail.on_lost = self._break_off

    def listen(self, handler: Handler) -> None:
        """Answer requests of other workers with `handler`, one thread a request, until `close`."""
        self._handler = handler
        self._mail.start()

    def ask(self, worker: str, request: Request, timeout_s: float) -> Iterator[bytes]:
        if worker == self._mail.name or not self._mail.usable:
            raise Unreachable(worker)
        key, asked = uuid.uuid4().hex, _Asked(worker)
        self._asked[key] = asked
        ended = False
        try:
            self._mail.post(worker, [_ASK, key, self._mail.name, request])
            _next(asked, 0, min(timeout_s, _ACCEPT_S))
            number = 0
            while True:
                number += 1
                kind, _, _, content = _next(asked, number, timeout_s)
                if kind == _END:
                    ended = True
                    if not content:
                        raise Unreachable(worker)
                    return
                yield content
                if number % _ACKNOWLEDGE == 0:
                    self._mail.post(worker, [_ACK, key, number])
        finally:
            del self._asked[key]
            if not ended:
                self._mail.post(worker, [_CLOSE, key])

    @property
    def usable(self) -> bool:
        """Return whether requests can be sent, and answers received, at present."""
        return self._mail.usable

    def check(self) -> None:
        """Find out which answers will never come. Call this once a second."""
        self._mail.check(sorted({asked.worker for asked in list(self._asked.values())}))

    def close(self) -> None:
        for answering in list(self._answering.values()):
            answering.close(awaited=True)
        self._mail.close()

    def _receive(self, message: Message) -> None:
        with contextlib.suppress(ValueError, TypeError):  # a message of another version
            kind, key, *rest = message
            if kind == _ASK:
                self._begin(str(key), *rest)
            elif kind in (_DATA, _END):
                if asked := self._asked.get(key):
                    asked.arrived.put(message)
            elif answering := self._answering.get(key):
                if kind == _ACK:
                    answering.acknowledged = int(rest[0])
                    answering.changed.set()
                elif kind == _CLOSE:
                    answering.close()

    def _begin(self, key: str, asker: str, request: Request) -> None:
        self._answering[key] = answering = _Answering(asker)
        try:
            threads.start("answer", self._answer, key, answering, request)
        except RuntimeError:  # the system has no more threads
            del self._answering[key]
            self._mail.post(asker, [_END, key, 0, False])

    def _answer(self, key: str, answering: _Answering, request: Request) -> None:
        complete = False
        chunks: Any = ()
        try:
            self._send(key, answering, _DATA, b"")
            if self._handler is not None:
                chunks = self._handler(request)
                for chunk in chunks:
                    if not answering.wait_for_room():
                        return
                    self._send(key, answering, _DATA, chunk)
                complete = True
        except Unreachable:
            pass
        finally:
            with contextlib.suppress(AttributeError):
                chunks.close()
            del self._answering[key]
            if answering.awaited:
                self._send(key, answering, _END, complete)

    def _send(self, key: str, answering: _Answering, kind: str, content: bytes | bool) -> None:
        self._mail.post(answering.asker, [kind, key, answering.sent, content])
        answering.sent += 1

    def _break_off_with(self, worker: str) -> None:
        """Give up what is going on with a worker that does not listen any more."""
        for asked in list(self._asked.values()):
            if asked.worker == worker:
                asked.arrived.put(None)
        for answering in list(self._answering.values()):
            if answering.asker == worker:
                answering.close()

    def _break_off(self) -> None:
        """Give up everything: some messages are lost."""
        for asked in list(self._asked.values()):
            asked.arrived.put(None)
        for answering in list(self._answering.values()):
            answering.close(awaited=True)


def _next(asked: _Asked, number: int, timeout_s: float) -> Message:
    """Return the message with this number. Raises Unreachable if it does not arrive."""
    try:
        message = asked.arrived.get(timeout=timeout_s)
    except queue.Empty:
        raise Unreachable(asked.worker) from None
    if message is None or len(message) != 4 or message[2] != number:
        raise Unreachable(asked.worker)
    return message
