"""Transport for many streamed answers at once, beneath the SDK's HTTP client: `chat.net` with httpx2's interface.

httpx2's own transport costs a stream most of its CPU (docs/performance.md has the figures): h11 parses in Python, each
chunk passes through one generator per layer, and httpcore's pool walks through all of its connections at each request.
Proxies are left to the standard transport.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator

import httpx2

from chat.net import errors
from chat.net.cancel_scope import current_scope, unlimited_scope
from chat.net.http_client import Body, HttpClient
from chat.net.pool import MAX_IDLE_CONNECTIONS
from chat.net.read_batching import ReadBatching
from chat.net.request import Origin, Timeouts, request_bytes


class LeanTransport(httpx2.BaseTransport):
    """HTTP transport that obeys the `CancelScope` in effect. Raises httpx2's exceptions, as its own transport does.

    No request is sent twice; the caller decides (`OpenAIModel.stream`).
    """

    def __init__(
        self,
        context: ssl.SSLContext,
        batching: ReadBatching | None = None,
        clock: Callable[[], float] = time.monotonic,
        max_idle_connections: int = MAX_IDLE_CONNECTIONS,
    ) -> None:
        self._client = HttpClient(context, batching, clock, max_idle_connections)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        origin = _origin(request.url)
        scope = current_scope() or unlimited_scope()
        try:
            message = _message(request)
            response = self._client.send(origin, message, scope, _timeouts(request), bodiless=request.method == "HEAD")
        except errors.NetError as error:
            raise _translated(error) from error
        return httpx2.Response(
            response.status,
            headers=response.headers,
            stream=_Body(response.body),
            extensions={"http_version": b"HTTP/1.1"},
        )

    def close_unusable(self) -> None:
        """Close idle connections that no request would use."""
        self._client.close_unusable()

    def close(self) -> None:
        self._client.close()


class _Body(httpx2.SyncByteStream):
    """A response's body, with httpx2's exceptions."""

    def __init__(self, body: Body) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._body
        except errors.NetError as error:
            raise _translated(error) from error

    def close(self) -> None:
        self._body.close()


# The first match counts: specific before general.
_EXCEPTIONS: tuple[tuple[type[errors.NetError], type[httpx2.TransportError]], ...] = (
    (errors.UnsendableRequest, httpx2.LocalProtocolError),
    (errors.ConnectTimedOut, httpx2.ConnectTimeout),
    (errors.ConnectFailed, httpx2.ConnectError),
    (errors.SendTimedOut, httpx2.WriteTimeout),
    (errors.SendFailed, httpx2.WriteError),
    (errors.ReceiveTimedOut, httpx2.ReadTimeout),
    (errors.ReceiveFailed, httpx2.ReadError),
    (errors.InvalidResponse, httpx2.RemoteProtocolError),
)


def _translated(error: errors.NetError) -> httpx2.TransportError:
    kind = next(theirs for ours, theirs in _EXCEPTIONS if isinstance(error, ours))
    return kind(str(error))


def _timeouts(request: httpx2.Request) -> Timeouts:
    timeouts: dict[str, float | None] = request.extensions.get("timeout", {})
    return Timeouts(timeouts.get("connect"), timeouts.get("write"), timeouts.get("read"))


def _origin(url: httpx2.URL) -> Origin:
    if url.scheme not in ("http", "https"):
        raise httpx2.UnsupportedProtocol("an endpoint's address begins with http:// or https://")
    return Origin(url.scheme, url.raw_host.decode("ascii"), url.port or (443 if url.scheme == "https" else 80))


def _message(request: httpx2.Request) -> bytes:
    """Return the request's bytes. Raises UnsendableRequest."""
    if "transfer-encoding" in request.headers:
        raise errors.UnsendableRequest("the request states no length")
    method = request.method.encode("ascii", "replace")
    return request_bytes(method, request.url.raw_path, request.headers.raw, request.read())
