"""One connection to a server: a blocking socket, with or without TLS, that obeys the scope of its request.

Handles bytes, not HTTP. TLS works on memory buffers instead of the socket. So one `recv` takes all available data,
however many TLS records it holds, and an interruption works the same with and without TLS.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time

from chat.net.cancel_scope import CancelScope
from chat.net.errors import ReceiveFailed, ReceiveTimedOut, SendFailed, SendTimedOut, TooMuchData
from chat.runtime import mode

READ_BYTES = 64 * 1024
_CLOSED = "the connection is closed"


class Connection:
    """Connection for one request at a time. Another thread may only call `interrupt`.

    A request calls `bind` with its scope first. Errors are those of `chat.net.errors`, except for those of `connect`
    and `start_tls`: these are OSErrors, which `chat.net.connect` translates. Call `close` after any error.
    """

    def __init__(self) -> None:
        self._sock: socket.socket | None = None
        self._tls: _Tls | None = None
        self._scope: CancelScope | None = None
        # A native lock: nothing yields while it is held.
        self._lock = mode.native_lock()
        self._timeout_s: float | None = None
        self.has_unsolicited_data = False

    def bind(self, scope: CancelScope) -> None:
        with self._lock:
            self._scope = scope
        scope.attach(self)

    def unbind(self) -> None:
        """Detach the request's scope: the request is over, and its scope must not affect the next one."""
        with self._lock:
            self._scope = None

    def interrupt(self, scope: CancelScope) -> None:
        """End the blocking calls of `scope`, if it is still this connection's scope."""
        with self._lock:
            if self._scope is scope and self._sock is not None:
                with contextlib.suppress(OSError):
                    self._sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with self._lock:
            self._scope = None
            sock, self._sock = self._sock, None
        if sock is not None:
            sock.close()

    def connect(self, family: int, address: tuple[object, ...], timeout_s: float) -> None:
        """Connect the socket; `interrupt` works from the start. Raises OSError."""
        sock = socket.socket(family, socket.SOCK_STREAM)
        with self._lock:
            failed, self._sock = self._sock, sock
        if failed is not None:
            failed.close()
        self._timeout_s = None
        self._wait_at_most(self._allowed_s(timeout_s))
        sock.connect(address)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start_tls(self, context: ssl.SSLContext, hostname: str, timeout_s: float) -> None:
        """Perform the TLS handshake.

        `timeout_s` bounds all of it, however slowly the bytes arrive. Raises OSError, of which ssl.SSLError is a
        subclass.
        """
        tls = _Tls(context, hostname)
        until = time.monotonic() + timeout_s
        done = False
        while not done:
            try:
                done = tls.handshake()
            finally:  # after a failed handshake, this is the alert that tells the other side
                if pending_output := tls.pending_output():
                    self._wait_at_most(self._allowed_s(until - time.monotonic()))
                    self._socket.sendall(pending_output)
            if not done:
                self._wait_at_most(self._allowed_s(until - time.monotonic()))
                tls.received(self._socket.recv(READ_BYTES))
        self._tls = tls

    def send(self, data: bytes, timeout_s: float | None) -> None:
        """Send all of `data`. Raises SendTimedOut and SendFailed."""
        try:
            self._wait_at_most(self._allowed_s(timeout_s))
            self._socket.sendall(data if self._tls is None else self._tls.encrypted(data))
        except TimeoutError as error:
            raise SendTimedOut("the request could not be sent in time") from error
        except OSError as error:
            raise SendFailed("the connection broke while the request was sent") from error

    def receive(self, timeout_s: float | None) -> bytes:
        """Wait for data and return it; b"" at the end. Raises ReceiveTimedOut, ReceiveFailed or TooMuchData."""
        try:
            while True:
                scope = self._scope
                if scope is None:
                    raise TimeoutError("the time for this request is over")
                data = scope.receive(timeout_s, self._receive_within, TimeoutError)
                if scope.exceeds_byte_limit(len(data)):
                    raise TooMuchData("more bytes arrived than may arrive")
                if self._tls is None or not data:
                    return data
                plain = self._tls.decrypted(data)
                if plain or self._tls.ended:
                    return plain
        except TimeoutError as error:
            raise ReceiveTimedOut("nothing arrived in time") from error
        except OSError as error:
            raise ReceiveFailed("the connection broke") from error

    def _receive_within(self, seconds: float) -> bytes:
        sock = self._sock
        if sock is None:
            raise OSError(_CLOSED)
        if seconds != self._timeout_s:
            sock.settimeout(seconds)
            self._timeout_s = seconds
        return sock.recv(READ_BYTES)

    def is_reusable(self) -> bool:
        """Return whether an idle connection is still open and has received no unsolicited data."""
        try:
            self._wait_at_most(0.0)
            data = self._socket.recv(READ_BYTES)
            if self._tls is None:
                self.has_unsolicited_data = bool(data)
                return False
            # A TLS server may send session tickets at any time.
            self.has_unsolicited_data = bool(data) and bool(self._tls.decrypted(data))
            return bool(data) and not self.has_unsolicited_data and not self._tls.ended
        except BlockingIOError:
            return True
        except OSError:
            return False

    @property
    def _socket(self) -> socket.socket:
        sock = self._sock
        if sock is None:
            raise OSError(_CLOSED)
        return sock

    def _allowed_s(self, timeout_s: float | None) -> float:
        scope = self._scope
        allowed_s = 0.0 if scope is None else scope.wait_timeout_s(timeout_s)
        if allowed_s is None or allowed_s <= 0:
            raise TimeoutError("the time for this request is over")
        return allowed_s

    def _wait_at_most(self, timeout_s: float) -> None:
        if timeout_s != self._timeout_s:
            self._socket.settimeout(timeout_s)
            self._timeout_s = timeout_s


class _Tls:
    """State of a TLS connection, separate from its socket: bytes in, bytes out."""

    def __init__(self, context: ssl.SSLContext, hostname: str) -> None:
        self.ended = False
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_hostname=hostname)

    def handshake(self) -> bool:
        """Continue the handshake. Return whether it is complete. Raises ssl.SSLError."""
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def received(self, data: bytes) -> None:
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def pending_output(self) -> bytes:
        return self._outgoing.read()

    def encrypted(self, data: bytes) -> bytes:
        self._object.write(data)
        return self._outgoing.read()

    def decrypted(self, data: bytes) -> bytes:
        """Return the plain data of all whole records; set `ended` if the other side closed the TLS connection."""
        self._incoming.write(data)
        plain: list[bytes] = []
        try:
            while piece := self._object.read(READ_BYTES):
                plain.append(piece)
            self.ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.ended = True
        return plain[0] if len(plain) == 1 else b"".join(plain)
