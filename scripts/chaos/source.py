"""A slow source of market data that returns nothing: a tool call lasts long enough for a fault to happen during it."""

from __future__ import annotations

import socketserver
import threading

_HOLD_S = 1.0
_ANSWER = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        try:
            self.request.recv(65_536)
            self.server.ending.wait(_HOLD_S)  # type: ignore[attr-defined]
            self.request.sendall(_ANSWER)
        except OSError:  # the client was killed
            return


class SlowSource(socketserver.ThreadingTCPServer):
    """Listens on a free port at `url`. A context manager."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.ending = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True)

    def __enter__(self) -> SlowSource:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        self.shutdown()
        self.server_close()
        self._thread.join()
