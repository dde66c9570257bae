"""Chat completions of an OpenAI-compatible endpoint: request bodies in, response streams out.

The SDK knows addresses, keys and headers, and classifies refusals. It builds one request, because building takes more
CPU than sending (docs/performance.md has the figures). Each request is a copy of this one with its own body.
"""

from __future__ import annotations

import contextlib
import copy
import string
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any, cast
from urllib.parse import parse_qsl, quote, unquote, urlsplit, urlunsplit

import httpx2
import openai

from chat.llm.openai.transport.decompression import decoded
from chat.llm.openai.transport.transports import Transports, timeouts, transports_to
from chat.net.cancel_scope import current_scope

_DEFAULT_BASE_URL = "https://api.openai.com/v1"
_PATH = "/chat/completions"
# Local servers need no key, but the SDK requires one.
_NO_KEY = "none"
# The rest of a refusal's body is not read.
_MAX_REFUSAL_BYTES = 64 * 1024
_REFUSAL_WITHIN_S = 5.0
# A query also holds versions and names, which are not secret.
_SHORTEST_SECRET = 16


class Endpoint:
    """One endpoint and its connections. The constructor does not connect."""

    def __init__(
        self,
        api_key: str,
        base_url: str,
        timeout_s: float,
        transport: str,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Configure the endpoint. An empty string means "not set"; `transport` is "lean" or "standard"."""
        self._base_url, self._query = _without_query(base_url or _DEFAULT_BASE_URL)
        # A fraction of the limit on silence, so that three slow refusals also end within that limit.
        self._refusal_within_s = min(_REFUSAL_WITHIN_S, timeout_s / 4)
        self._transports = transports_to(self._base_url, transport, clock)
        proxy = self._transports.proxy
        self.proxy_variable = proxy.variable if proxy is not None else ""
        self.secrets = _secrets(api_key, self._base_url, self._query, proxy.password if proxy is not None else "")
        self._sdk = openai.OpenAI(
            api_key=api_key or _NO_KEY,
            base_url=self._base_url,
            timeout=timeouts(timeout_s),
            max_retries=0,
            # A compressed stream would arrive in large pieces.
            default_headers={"Accept-Encoding": "identity"},
            # The SDK only builds requests. With a given transport, its client does not read the environment.
            http_client=httpx2.Client(transport=self._transports.first),
        )

    def send(self, body: bytes) -> httpx2.SyncByteStream:
        """Send a request and return the response's body, to be read or closed, once its head has arrived.

        Raises httpx2.HTTPError for a failed exchange, and the SDK's error for a status other than 2xx.
        """
        # The client is bypassed: it would handle cookies and redirects, and wrap the body once more.
        response = self._transports.current.handle_request(self._request(body))
        stream = cast("httpx2.SyncByteStream", response.stream)
        if response.is_success:
            return decoded(stream, response.headers.raw)
        raise self._refusal(response.status_code, response.headers.raw, stream)

    def use_fallback(self) -> bool:
        """Use the transport that reads more kinds of responses, for a while. Return whether this is a change."""
        return self._transports.use_fallback()

    def _refusal(
        self, status: int, headers: list[tuple[bytes, bytes]], stream: httpx2.SyncByteStream
    ) -> openai.APIStatusError:
        """Return the SDK's error for a response. The body is read as far as it arrives in time."""
        body = bytearray()
        if (scope := current_scope()) is not None:
            scope.end_within(self._refusal_within_s)
        # A body that is late or unreadable adds nothing to the status.
        with contextlib.closing(stream), contextlib.suppress(httpx2.HTTPError):
            for piece in decoded(stream, headers):
                body += piece
                if len(body) > _MAX_REFUSAL_BYTES:
                    break
        kept_headers = [(name, value) for name, value in headers if name.lower() not in _OF_THE_BODY]
        response = httpx2.Response(status, headers=kept_headers, content=bytes(body[:_MAX_REFUSAL_BYTES]))
        response.request = self._sdk_request
        return self._sdk._make_status_error_from_response(response)

    def _request(self, body: bytes) -> httpx2.Request:
        sdk_request = self._sdk_request
        # With `content`, httpx2 would parse and rebuild the headers.
        request = httpx2.Request(
            "POST",
            sdk_request.url,
            headers=sdk_request.headers,
            stream=httpx2.ByteStream(body),
            extensions=sdk_request.extensions,
        )
        request.headers["Content-Length"] = str(len(body))
        return request

    def with_transport(self, transport: httpx2.BaseTransport) -> Endpoint:
        """Return a copy of this endpoint that uses `transport` instead of the network."""
        self._sdk_request  # noqa: B018 - cached here, so that the first real request finds it
        other = copy.copy(self)
        other._transports = Transports(transport)
        return other

    def close_unusable(self) -> None:
        """Close idle connections that no request would use."""
        self._transports.close_unusable()

    def close(self) -> None:
        """Close the idle connections."""
        self._transports.close()

    @cached_property
    def _sdk_request(self) -> httpx2.Request:
        """Return a request as the SDK builds it."""
        requests: list[httpx2.Request] = []

        def keep(request: httpx2.Request) -> httpx2.Response:
            requests.append(request)
            return httpx2.Response(200)

        with httpx2.Client(transport=httpx2.MockTransport(keep)) as client:
            self._sdk.with_options(http_client=client).post(
                _PATH,
                cast_to=httpx2.Response,
                content=b"{}",
                options={"headers": {"Content-Type": "application/json"}},
                stream=True,
                stream_cls=openai.Stream[Any],
            )
        (request,) = requests
        if self._query:
            # The SDK would append its path to the query.
            request.url = request.url.copy_with(query=quote(self._query, safe=string.punctuation).encode())
        return request


# Headers that describe the body as it was sent.
_OF_THE_BODY = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})


def _secrets(api_key: str, base_url: str, query: str, proxy_password: str) -> tuple[str, ...]:
    """Return the strings that no error and no log may show: the key, passwords, values of the address's query."""
    values = [value for _, value in parse_qsl(query) if len(value) >= _SHORTEST_SECRET]
    return tuple(filter(None, (api_key, unquote(urlsplit(base_url).password or ""), proxy_password, *values)))


def _without_query(base_url: str) -> tuple[str, str]:
    """Split an address into the part before the paths and the query."""
    parts = urlsplit(base_url)
    path = parts.path.rstrip("/").removesuffix(_PATH)
    return urlunsplit((parts.scheme, parts.netloc, path, "", "")), parts.query
