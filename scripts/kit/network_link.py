"""A network link between a client and a server, which a test can cut, mend and make slow."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

_LOOK_S = 0.02


class NetworkLink:
    """Forwards connections to `port` on this machine. A context manager; its own address is `url`.

    Each piece of data from a client is held for `delay_s` seconds, which may change at any time.
    """

    def __init__(self, port: int, delay_s: float = 0.0) -> None:
        self.delay_s = delay_s
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._up = True
        self._ends: list[socket.socket] = []
        self._lock = threading.Lock()

    def __enter__(self) -> NetworkLink:
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        _close(self._listener)  # to close it alone would not wake the thread
        self._thread.join()
        self.delay_s = 0.0
        self.cut()

    def cut(self) -> None:
        """Break every connection and refuse new ones until `mend`."""
        with self._lock:
            self._up = False
            for end in self._ends:
                _close(end)
            self._ends.clear()

    def mend(self) -> None:
        with self._lock:
            self._up = True

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                far = self._connected() if self._up else None
                if far is None:
                    _close(near)
                    continue
                self._ends += [near, far]
            for source, sink, slow in ((near, far, True), (far, near, False)):
                threading.Thread(target=self._carry, args=(source, sink, slow), daemon=True).start()

    def _connected(self) -> socket.socket | None:
        """Return a connection to the server, None if it does not listen."""
        with contextlib.suppress(OSError):
            return socket.create_connection(self._target)
        return None

    def _carry(self, source: socket.socket, sink: socket.socket, slow: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                since = time.monotonic()
                while slow and time.monotonic() < since + self.delay_s:
                    time.sleep(_LOOK_S)
                sink.sendall(data)
        _close(source)
        _close(sink)


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
