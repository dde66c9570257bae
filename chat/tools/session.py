"""Session of `requests` for tools, whose requests go through `chat.net`.

So a request has what `requests` lacks: a deadline for the whole exchange, a bound on all bytes, and cancellation while
a socket is blocked. They are those of the `CancelScope` in effect (`chat.net.cancel_scope.use_scope`).
"""

from __future__ import annotations

import io
from collections.abc import Generator, Iterator, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from urllib3.response import HTTPResponse

from chat.net import errors
from chat.net.cancel_scope import current_scope, unlimited_scope
from chat.net.http_client import Body, HttpClient, Response
from chat.net.request import Origin, Timeouts, request_bytes

# The name tells a source's operator which program sends the requests. No compression: a small response could unpack
# into a huge one.
_HEADERS = {
    "User-Agent": "Parley (market data tools)",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
}


def http_session(client: HttpClient) -> requests.Session:
    """Return a session for many threads. It follows no redirects, stores no cookies, and connects without a proxy."""
    session = _Session()
    session.trust_env = False
    session.headers = CaseInsensitiveDict(_HEADERS)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    session.adapters.clear()
    for scheme in ("http://", "https://"):
        session.mount(scheme, _Adapter(client))
    return session


class _Session(requests.Session):
    """Session that ignores redirects: requests would read the whole body of a redirect even without following it."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002
        return None


class _Adapter(BaseAdapter):
    """Adapter of `requests` over an HttpClient. The cause of each ConnectionError or timeout is a NetError."""

    def __init__(self, client: HttpClient) -> None:
        super().__init__()
        self._client = client

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002 - the session reads the body then
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send `request`. Raises the exceptions of `requests`."""
        if verify is not True or cert or proxies:
            raise ValueError("the HTTP client decides about certificates, and uses no proxy")
        connect_s, receive_s = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        scope = current_scope() or unlimited_scope()
        try:
            origin, message = _message(request)
            received = self._client.send(
                origin, message, scope, Timeouts(connect_s, receive_s, receive_s), bodiless=request.method == "HEAD"
            )
        except errors.NetError as error:
            raise _translated(error) from error
        return _response(request, received)

    def close(self) -> None:
        """Do nothing: the client belongs to its creator."""


class _RawResponse(HTTPResponse):
    """urllib3's response, whose body raises the exceptions of `requests`."""

    def stream(self, amt: int | None = 2**16, decode_content: bool | None = None) -> Generator[bytes, None, None]:
        try:
            yield from super().stream(amt, decode_content)
        except errors.NetError as error:
            raise _translated(error) from error


class _Body(io.RawIOBase):
    """A response's body as a file."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._pieces: Iterator[bytes] = iter(body)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` with what has arrived and return how many bytes it is, 0 at the end. Raises NetError."""
        data = self._rest or next(self._pieces, b"")
        count = min(len(buffer), len(data))
        buffer[:count], self._rest = data[:count], data[count:]
        return count

    def close(self) -> None:
        self._body.close()
        super().close()


def _message(request: requests.PreparedRequest) -> tuple[Origin, bytes]:
    parts = urlsplit(request.url or "")
    scheme, host = parts.scheme, parts.hostname or ""
    body = request.body or b""
    content = body.encode() if isinstance(body, str) else body
    if not isinstance(content, bytes):
        raise TypeError("a request's body is text or bytes")
    headers = [("Host", parts.netloc.rpartition("@")[2]), *request.headers.items()]
    raw = [(_bytes(name), _bytes(value)) for name, value in headers]
    target = request_bytes(_bytes(request.method or "GET"), request.path_url.encode(), raw, content)
    return Origin(scheme, host, parts.port or (443 if scheme == "https" else 80)), target


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")


def _response(request: requests.PreparedRequest, received: Response) -> requests.Response:
    headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in received.headers]
    response = requests.Response()
    response.status_code = received.status
    response.headers = CaseInsensitiveDict(headers)
    response.raw = _RawResponse(
        _Body(received.body), dict(headers), received.status, preload_content=False, enforce_content_length=False
    )
    response.encoding = requests.utils.get_encoding_from_headers(response.headers)
    response.url = request.url or ""
    response.request = request
    return response


# The first match counts: specific before general.
_EXCEPTIONS: tuple[tuple[type[errors.NetError], type[requests.RequestException]], ...] = (
    (errors.UnsendableRequest, requests.exceptions.InvalidURL),
    (errors.ConnectTimedOut, requests.ConnectTimeout),
    (errors.SendTimedOut, requests.Timeout),
    (errors.ReceiveTimedOut, requests.ReadTimeout),
    (errors.NetError, requests.ConnectionError),
)


def _translated(error: errors.NetError) -> requests.RequestException:
    return next(ours for theirs, ours in _EXCEPTIONS if isinstance(error, theirs))(str(error))
