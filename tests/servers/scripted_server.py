"""A real HTTP server on loopback whose every byte a test decides."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

# Of localhost, with its key, signed by itself.
CERTIFICATE = Path(__file__).with_name("localhost.pem")
SSE_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
STREAM_UNTIL_CLOSED = SSE_HEAD + b"Connection: close\r\n\r\n"


class Exchange:
    """One request on one connection, as a script sees it."""

    def __init__(self, sock: socket.socket, connection: int, head: bytes, body: bytes) -> None:
        self._sock = sock
        self.connection = connection
        self.head = head
        self.body = body
        self.keep_alive = False

    @property
    def json(self) -> dict:
        return json.loads(self.body)

    def send(self, data: bytes) -> None:
        """Send, and ignore that the client may have left."""
        with contextlib.suppress(OSError):
            self._sock.sendall(data)

    def send_chunked(self, pieces: Iterable[bytes]) -> None:
        """Send a complete answer with one chunk per piece. The connection can be used again."""
        self.send(SSE_HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        for piece in pieces:
            self.send(b"%x\r\n%s\r\n" % (len(piece), piece))
        self.send(b"0\r\n\r\n")
        self.keep_alive = True

    def end(self) -> None:
        """End the sending direction. The client sees the end and may close its own side later."""
        socket.socket.shutdown(self._sock, socket.SHUT_WR)  # not a TLS socket's, which would end the reading too

    def reset(self) -> None:
        """Close so that the other side sees "connection reset by peer"."""
        self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._sock.close()

    def client_left(self, timeout_s: float = 10.0) -> bool:
        """Wait until the client closes its end."""
        self._sock.settimeout(timeout_s)
        try:
            return self._sock.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True


class ScriptedServer:
    """Server that runs `script(exchange)` for each request. `exchanges` holds all so far, in order."""

    def __init__(self, script: Callable[[Exchange], None], tls: ssl.SSLContext | None = None) -> None:
        self._script = script
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self.exchanges: list[Exchange] = []
        self._threads[0].start()

    @property
    def url(self) -> str:
        scheme = "https" if self._tls else "http"
        return f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}/v1"

    def close(self) -> None:
        for sock in (self._listener, *self._sockets):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)  # not a TLS socket's, which breaks a read
            sock.close()
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive(), "a script did not end"

    def _accept(self) -> None:
        for connection in range(1_000):
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._sockets.append(sock)
            thread = threading.Thread(target=self._serve, args=(sock, connection), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, sock: socket.socket, connection: int) -> None:
        with contextlib.suppress(OSError):
            if self._tls:
                sock = self._tls.wrap_socket(sock, server_side=True)
                self._sockets.append(sock)
            with sock, sock.makefile("rb") as reader:
                while request := _read_request(reader):
                    exchange = Exchange(sock, connection, *request)
                    self.exchanges.append(exchange)
                    self._script(exchange)
                    if not exchange.keep_alive:
                        return


def _read_request(reader) -> tuple[bytes, bytes] | None:
    lines = []
    while (line := reader.readline()) not in (b"\r\n", b""):
        lines.append(line)
    if not lines:
        return None
    lengths = [int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:")]
    return b"".join(lines), reader.read(lengths[0] if lengths else 0)


def event(**chunk: object) -> bytes:
    """Return one SSE event of a chat completion."""
    return b"data: " + json.dumps(chunk).encode() + b"\n\n"


def says(text: str) -> bytes:
    return event(choices=[{"index": 0, "delta": {"content": text}, "finish_reason": None}])


def finishes(reason: str = "stop") -> bytes:
    return event(choices=[{"index": 0, "delta": {}, "finish_reason": reason}])


def counts(prompt: int, completion: int) -> bytes:
    return event(choices=[], usage={"prompt_tokens": prompt, "completion_tokens": completion})


DONE = b"data: [DONE]\n\n"


def answer(*words: str) -> list[bytes]:
    """Return the pieces of a complete, ordinary answer."""
    role = event(choices=[{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": None}])
    return [role, *map(says, words), finishes(), counts(7, len(words)), DONE]
