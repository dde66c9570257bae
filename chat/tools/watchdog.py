"""An end for requests that drip, and for those that flood: neither ever meets a time limit per read.

A timer shuts the connection's socket down when the whole question has taken too long, and whoever reads from
it, in headers or body, wakes with an error or an end of file. A source that always has something to read would keep
a gevent worker from ever coming to that timer: each read of the connection counts its bytes, and lets others go on.
What follows from either is said in `http.py`.
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

from chat.runtime.threads import breathe

_SLICE_S = 0.004
# How much is read at once: what is done with it should take no longer than a slice.
_READ_BYTES = 4096

_current = threading.local()  # the watchdog of the question this thread (or greenlet) is asking


class Watchdog:
    """Within the block, this thread's connections through a WatchedAdapter are shut down after `seconds`, and end
    with an OSError once they have brought more than `most_bytes`: `expired` and `flooded` tell which.
    """

    def __init__(self, seconds: float, most_bytes: int) -> None:
        self._deadline = time.monotonic() + seconds
        self._bytes_left = most_bytes
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
        del self._timer  # it knows this object
        with self._lock:
            self._socket = None

    def watch(self, connection: socket.socket) -> None:
        """From now on this is the connection to shut down; at once, if it is too late already."""
        with self._lock:
            self._socket = connection
            if self.expired:
                _shut_down(connection)

    def breathe(self) -> None:
        """Let others go on, if this thread has worked on what came for long enough."""
        if time.monotonic() - self._worked_since > _SLICE_S:
            breathe()
            self._worked_since = time.monotonic()

    def count(self, size: int) -> None:
        """So much has come. Raises OSError where that is too much."""
        self._bytes_left -= size
        if self._bytes_left < 0:
            self.flooded = True
            raise OSError("More has come than may.")

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


class _Counted(io.RawIOBase):
    """The bytes of a connection, read under the eyes of `watchdog`."""

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
            self.fp: Any = io.BufferedReader(_Counted(self.fp.detach(), watchdog), _READ_BYTES)


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
    """requests' own adapter, its connections known to the watchdog of the thread that uses them."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HTTPPool, "https": _HTTPSPool}
