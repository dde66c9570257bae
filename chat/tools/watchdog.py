"""Limits on the total time and bytes of a request. Timeouts per read stop neither a dripping nor a flooding source.

A timer shuts down the connection's socket when the whole request has taken too long; a blocked read of the headers or
the body then returns with an error or end of file. A source that always has data would keep a gevent worker from
running that timer, so each read counts its bytes and yields to other threads. `http.py` raises the errors.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import threading
import time
from typing import Any

import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from chat.runtime.threads import yield_now

_SLICE_S = 0.004
# Bytes per read: processing them should take no longer than a slice.
_READ_BYTES = 4096

_current = threading.local()  # the watchdog of this thread's (or greenlet's) request


class Watchdog:
    """Context manager that limits this thread's connections through a WatchedAdapter.

    They are shut down after `seconds` (`expired`), and raise OSError once more than `max_bytes` have been received
    (`flooded`).
    """

    def __init__(self, seconds: float, max_bytes: int) -> None:
        self._deadline = time.monotonic() + seconds
        self._bytes_left = max_bytes
        self._worked_since = time.monotonic()
        self._timer = threading.Timer(max(0.0, seconds), self._expire)
        self._timer.daemon = True
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self.expired = False
        self.flooded = False

    def remaining_s(self) -> float:
        return max(0.0, self._deadline - time.monotonic())

    def __enter__(self) -> Watchdog:
        _current.watchdog = self
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        _current.watchdog = None
        self._timer.cancel()
        del self._timer  # breaks the reference cycle
        with self._lock:
            self._socket = None

    def watch(self, connection: socket.socket) -> None:
        """Set the connection to shut down; shut it down now if the time has already expired."""
        with self._lock:
            self._socket = connection
            if self.expired:
                _shut_down(connection)

    def breathe(self) -> None:
        """Yield to other threads if this one has worked for longer than a slice."""
        if time.monotonic() - self._worked_since > _SLICE_S:
            yield_now()
            self._worked_since = time.monotonic()

    def count(self, size: int) -> None:
        """Count received bytes. Raises OSError over the limit."""
        self._bytes_left -= size
        if self._bytes_left < 0:
            self.flooded = True
            raise OSError("The response exceeds the limit of bytes.")

    def _expire(self) -> None:
        with self._lock:
            self.expired = True
            if self._socket is not None:
                _shut_down(self._socket)


def _shut_down(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)


def _watch(connection: Any) -> None:
    watchdog = getattr(_current, "watchdog", None)
    if watchdog is not None and connection.sock is not None:
        watchdog.watch(connection.sock)


class _CountingReader(io.RawIOBase):
    """Raw reader of a connection that reports each read to `watchdog`."""

    def __init__(self, raw: Any, watchdog: Watchdog) -> None:
        self._raw = raw
        self._watchdog = watchdog

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._watchdog.breathe()
        size: int | None = self._raw.readinto(buffer)
        self._watchdog.count(size or 0)
        return size

    def close(self) -> None:
        self._raw.close()
        super().close()


class _CountedResponse(http.client.HTTPResponse):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        watchdog = getattr(_current, "watchdog", None)
        if watchdog is not None:
            self.fp: Any = io.BufferedReader(_CountingReader(self.fp.detach(), watchdog), _READ_BYTES)


class _WatchedHTTPConnection(HTTPConnection):
    response_class = _CountedResponse

    def getresponse(self) -> Any:
        _watch(self)
        return super().getresponse()


class _WatchedHTTPSConnection(HTTPSConnection):
    response_class = _CountedResponse

    def getresponse(self) -> Any:
        _watch(self)
        return super().getresponse()


class _HTTPPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _WatchedHTTPConnection


class _HTTPSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _WatchedHTTPSConnection


class WatchedAdapter(HTTPAdapter):
    """Adapter of requests whose connections register with the watchdog of their thread."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
