"""Parts of the tests of the lean transport: responses, scripts and requests in the background."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import httpx2

from chat.net.cancel_scope import CancelScope, use_scope
from tests.servers.scripted_server import Exchange

OK = b"HTTP/1.1 200 OK\r\n"
LONG_S = 60.0
SOON_S = 30.0


def says(body: bytes, *headers: bytes) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *headers, b"", body])


def keeps(response: bytes) -> Callable[[Exchange], None]:
    """Return a script that answers each request with this response and keeps the connection open."""

    def script(exchange: Exchange) -> None:
        exchange.keep_alive = True
        exchange.send(response)

    return script


def far() -> CancelScope:
    return CancelScope(time.monotonic() + LONG_S)


class BackgroundRequest:
    """A request in a thread of its own, on a scope."""

    def __init__(self, client: httpx2.Client, url: str, scope: CancelScope) -> None:
        self.error: Exception | None = None
        self._arguments = (client, url, scope)
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def _send(self) -> None:
        client, url, scope = self._arguments
        try:
            with use_scope(scope):
                client.post(url, content=b"x" * (20_000_000 if url.endswith("long") else 1))
        except httpx2.HTTPError as error:
            self.error = error

    def has_ended(self, within_s: float = SOON_S) -> bool:
        self._thread.join(within_s)
        return not self._thread.is_alive()
