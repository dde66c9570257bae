"""Stand-ins for server versions that are too old to install. They only report their version."""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from socketserver import StreamRequestHandler, ThreadingTCPServer


class _OldRedis(StreamRequestHandler):
    """Redis 5, which answers every command."""

    def handle(self) -> None:
        while head := self.rfile.readline():
            words = [self.rfile.read(int(self.rfile.readline()[1:]) + 2)[:-2] for _ in range(int(head[1:]))]
            if words[0].upper() == b"INFO":
                text = b"# Server\r\nredis_version:5.0.14\r\nredis_mode:standalone\r\n"
                self.wfile.write(b"$%d\r\n%b\r\n" % (len(text), text))
            else:
                self.wfile.write(b"+PONG\r\n" if words[0].upper() == b"PING" else b"+OK\r\n")


class _OldPostgresql(StreamRequestHandler):
    """PostgreSQL 13, which accepts every user and receives no statement."""

    def handle(self) -> None:
        while (asked := self._startup()) in (80877103, 80877104):  # for TLS, for GSSAPI
            self.wfile.write(b"N")
        self.wfile.write(_message(b"R", struct.pack("!i", 0)))
        for name, value in ((b"server_version", b"13.4"), (b"client_encoding", b"UTF8")):
            self.wfile.write(_message(b"S", b"%b\0%b\0" % (name, value)))
        self.wfile.write(_message(b"K", bytes(8)) + _message(b"Z", b"I"))
        assert asked
        self.rfile.read()

    def _startup(self) -> int:
        (length,) = struct.unpack("!i", self.rfile.read(4))
        code: int
        (code,) = struct.unpack("!i", self.rfile.read(length - 4)[:4])
        return code


def _message(kind: bytes, content: bytes) -> bytes:
    return kind + struct.pack("!i", len(content) + 4) + content


@contextmanager
def _serving(handler: type[StreamRequestHandler]) -> Iterator[int]:
    """Serve on a free port of this machine, and yield the port."""
    with ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def old_redis() -> AbstractContextManager[int]:
    return _serving(_OldRedis)


def old_postgresql() -> AbstractContextManager[int]:
    return _serving(_OldPostgresql)
