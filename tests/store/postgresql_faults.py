"""Fault injection for PostgreSQL: fail the Nth statement as a lock, a full disk or a lost connection would.

A stage between the engine and a real server, in PostgreSQL's own protocol. The server itself raises the errors, in the
statement's transaction, so neither side can tell the difference.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import IO

from .counted_faults import CountedFaults

# Codes of errors that the server raises.
LOCKED = "55P03"
FULL = "53100"
BROKEN = "58030"
RACE = "40001"
# Not an error, but the end of the connection.
LOST = "lost"

_RAISE = "DO $$BEGIN RAISE EXCEPTION USING ERRCODE = '{}', MESSAGE = 'injected'; END$$"
# Asked before a connection begins: whether it may be encrypted.
_ENCRYPTION = {(80877103).to_bytes(4), (80877104).to_bytes(4)}
_AUTHENTICATED = bytes(4)

# The type of a message, and all of its bytes.
Message = tuple[bytes, bytes]


class Faults(CountedFaults):
    """Fault injector for the server at `port`. A context manager.

    A statement is what goes to the server in one message. A fault at a commit is always a lost connection.
    """

    def __init__(self, port: int) -> None:
        super().__init__()
        self._target = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._ends: set[socket.socket] = set()
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Faults:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        _end(self._listener)
        self._threads[0].join()
        with self._lock:
            for end in self._ends:
                _end(end)
        for thread in self._threads[1:]:
            thread.join()

    def url(self, direct: str) -> str:
        """Return the address of a database of the server by way of this stage."""
        return direct.replace(f":{self._target[1]}/", f":{self.port}/")

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._target)
            with self._lock:
                self._ends |= {near, far}
                self._threads.append(threading.Thread(target=self._serve, args=(near, far)))
                self._threads[-1].start()

    def _serve(self, near: socket.socket, far: socket.socket) -> None:
        with near, far, near.makefile("rb") as client, far.makefile("rb") as server, contextlib.suppress(OSError):
            if _opened(near, far, client, server):
                while (message := _next_message(client)) and self._pass_on(message, near, far, server):
                    pass
        with self._lock:
            self._ends -= {near, far}

    def _pass_on(self, message: Message, near: socket.socket, far: socket.socket, server: IO[bytes]) -> bool:
        """Pass a statement on and its answer back, or fail it. Return whether the connection goes on."""
        kind, packet = message
        statement = packet[5:-1].decode() if kind == b"Q" else ""
        if self.fails("statement", statement):
            if self._says == LOST:
                return False
            begin = "BEGIN;" if statement.startswith("BEGIN") else ""
            packet = _query(begin + _RAISE.format(self._says))
        far.sendall(packet)
        answer = list(_answer(server))
        if statement == "COMMIT" and self.fails("commit", statement):
            return False
        rows = [place for place, (kind, _) in enumerate(answer) if kind == b"D"]
        if rows and self.fails("row", statement):
            near.sendall(b"".join(packet for _, packet in answer[: rows[0] + 1]))
            return False
        near.sendall(b"".join(packet for _, packet in answer))
        return bool(answer)


def _opened(near: socket.socket, far: socket.socket, client: IO[bytes], server: IO[bytes]) -> bool:
    """Pass on how a connection begins. Return whether it was admitted."""
    while True:
        size = client.read(4)
        body = client.read(int.from_bytes(size) - 4) if size else b""
        if not body:
            return False
        far.sendall(size + body)
        if body[:4] not in _ENCRYPTION:
            break
        near.sendall(server.read(1))
    while (message := _next_message(server)) is not None:
        kind, packet = message
        near.sendall(packet)
        if kind == b"Z":
            return True
        if kind == b"R" and packet[5:9] != _AUTHENTICATED and (password := _next_message(client)):
            far.sendall(password[1])
    return False


def _answer(server: IO[bytes]) -> Iterator[Message]:
    """Yield the messages of an answer."""
    kind = b""
    while kind != b"Z" and (message := _next_message(server)) is not None:
        kind, _ = message
        yield message


def _next_message(source: IO[bytes]) -> Message | None:
    head = source.read(5)
    if len(head) < 5:
        return None
    return head[:1], head + source.read(int.from_bytes(head[1:]) - 4)


def _query(statement: str) -> bytes:
    text = statement.encode() + b"\0"
    return b"Q" + (len(text) + 4).to_bytes(4) + text


def _end(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
