"""A network link between a browser and a server, which a test can cut and mend."""

from __future__ import annotations

import contextlib
import socket
import threading


class NetworkLink:
    """Forwards connections to `port` on this machine. A context manager; its own address is `url`."""

    def __init__(self, port: int) -> None:
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
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
                if not self._up:
                    _close(near)
                    continue
                far = socket.create_connection(self._target)
                self._ends += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=_carry, args=(source, sink), daemon=True).start()


def _carry(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    _close(source)
    _close(sink)


def _close(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
