"""The load: many users at once, in one thread over epoll, since it shares the cores with what it measures."""

from __future__ import annotations

import gc
import select
import socket
import time
from collections import deque
from collections.abc import Callable, Sequence

from scripts.benchmarks.stream import Stream

_IN, _OUT = select.EPOLLIN, select.EPOLLOUT
_LOOK_S = 0.5
Moment = tuple[float, Callable[[], None]]


def evenly(count: int, within_s: float) -> list[float]:
    """Return the arrival of each of `count` users, in seconds from the start."""
    return [number * within_s / count for number in range(count)]


class Crowd:
    """The users' streams, after `run`. `cpu_s` is the load's own CPU time, `late_s` its latest sending."""

    def __init__(self, port: int, requests: Sequence[bytes], starts: Sequence[float], timeout_s: float) -> None:
        """Take complete HTTP requests with `Connection: close` and their ascending start times.

        A user without a complete answer `timeout_s` after the last start has failed.
        """
        self.streams = [Stream() for _ in requests]
        self.cpu_s = self.late_s = 0.0
        self._address = ("127.0.0.1", port)
        self._requests = requests
        self._starts = starts
        self._timeout_s = timeout_s
        self._epoll = select.epoll()
        self._open: dict[int, tuple[socket.socket, Stream]] = {}
        self._unsent: dict[int, bytes] = {}

    def run(self, moments: Sequence[Moment] = ()) -> list[Stream]:
        """Begin all streams, and return when the last has ended. `moments`: other calls, and their times."""
        gc.collect()
        gc.disable()  # nothing here makes cycles
        used = time.process_time()
        try:
            self._run(deque(sorted(moments, key=lambda moment: moment[0])))
        finally:
            self.cpu_s = time.process_time() - used
            gc.enable()
            self._give_up("never answered")
            self._epoll.close()
        return self.streams

    def _run(self, moments: deque[Moment]) -> None:
        began_at = time.monotonic()
        to_come = deque(zip(self._starts, self._requests, self.streams, strict=True))
        last = began_at + self._starts[-1] + self._timeout_s
        while to_come or self._open:
            now = time.monotonic()
            if now > last:
                return
            while to_come and began_at + to_come[0][0] <= now:
                due, request, stream = to_come.popleft()
                self._connect(request, stream, began_at + due)
            while moments and began_at + moments[0][0] <= now:
                moments.popleft()[1]()
            wait = min([_LOOK_S, *(began_at + each[0][0] - now for each in (to_come, moments) if each)])
            for fd, _ in self._epoll.poll(max(0.0, wait), 512):
                if fd in self._unsent:
                    self._send(fd)
                else:
                    self._receive(fd)

    def _connect(self, request: bytes, stream: Stream, due: float) -> None:
        sock = socket.socket()
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream.sent = time.monotonic()
        self.late_s = max(self.late_s, stream.sent - due)
        sock.connect_ex(self._address)
        self._open[sock.fileno()] = (sock, stream)
        self._unsent[sock.fileno()] = request
        self._epoll.register(sock.fileno(), _OUT)

    def _send(self, fd: int) -> None:
        """Handle a connected or refused socket. The request is small enough for one send."""
        sock, stream = self._open[fd]
        try:
            sock.send(self._unsent.pop(fd))
        except OSError as error:
            stream.failed(error.strerror or type(error).__name__)
            self._close(fd)
        else:
            self._epoll.modify(fd, _IN)

    def _receive(self, fd: int) -> None:
        sock, stream = self._open[fd]
        try:
            data = sock.recv(16_384)
        except BlockingIOError:
            return
        except OSError as error:
            stream.failed(error.strerror or type(error).__name__)
            data = b""
        if data:
            stream.feed(data, time.monotonic())
        else:
            stream.ended()
            self._close(fd)

    def _give_up(self, why: str) -> None:
        for fd in list(self._open):
            self._open[fd][1].failed(why)
            self._close(fd)

    def _close(self, fd: int) -> None:
        sock, _ = self._open.pop(fd)
        self._unsent.pop(fd, None)
        self._epoll.unregister(fd)
        sock.close()
