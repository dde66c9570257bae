"""Choice of the transport for requests to an endpoint.

`lean` is made for many streams at once and keeps connections alive. `standard` is httpx2's own: it accepts responses
that violate HTTP in small ways, and opens a connection for each request. Both obey the `CancelScope` in effect and
raise the same exceptions. Requests through a proxy of the environment always use `standard`.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from functools import cached_property

import httpx2

from chat.errors import ModelRejected
from chat.llm.openai.transport.httpx_transport import install_scoped_backend
from chat.llm.openai.transport.lean import LeanTransport
from chat.llm.openai.transport.proxies import Proxy, proxy_for

CONNECT_TIMEOUT_S = 5.0
_FALLBACK_S = 3600.0

# httpcore reads excess data after one response as the next response on the same connection, and cannot quarantine a
# connection (see `pool`). So no connection carries two requests.
_ONE_REQUEST_EACH = httpx2.Limits(max_connections=None, max_keepalive_connections=0)


class Transports:
    """The transport for requests to one endpoint. Does not connect before the first request.

    An endpoint may violate HTTP in a way that `lean` cannot read. Then `standard` takes over for an hour.
    """

    def __init__(
        self,
        first: httpx2.BaseTransport,
        fallback: Callable[[], httpx2.BaseTransport] | None = None,
        clock: Callable[[], float] = time.monotonic,
        close_unusable: Callable[[], None] = lambda: None,
        proxy: Proxy | None = None,
    ) -> None:
        """Set the transport to use, and a function that makes its replacement, if there is one.

        `close_unusable` closes those of its idle connections that no request would use. `proxy` is the one that the
        transport uses.
        """
        self.first = first
        self.proxy = proxy
        self.close_unusable = close_unusable
        self._make_fallback = fallback
        self._clock = clock
        self._fallback_until = 0.0

    @property
    def current(self) -> httpx2.BaseTransport:
        """Return the transport for the next request."""
        return self.first if self._clock() >= self._fallback_until else self._fallback

    def use_fallback(self) -> bool:
        """Switch to the fallback for a while. Return whether this is a change."""
        if self._make_fallback is None or self._clock() < self._fallback_until:
            return False
        self._fallback_until = self._clock() + _FALLBACK_S
        return True

    def close(self) -> None:
        """Close the idle connections."""
        self.first.close()
        if "_fallback" in self.__dict__:
            self._fallback.close()

    @cached_property
    def _fallback(self) -> httpx2.BaseTransport:
        return self._make_fallback() if self._make_fallback is not None else self.first


def transports_to(url: str, name: str, clock: Callable[[], float] = time.monotonic) -> Transports:
    """Return the transports for requests to `url`; `name` is "lean" or "standard".

    Proxies and certificates come from the environment. An error in the environment does not prevent a start; each
    request raises it.
    """
    proxy = proxy_for(url)
    if proxy is not None and proxy.problem:
        return Transports(_Unusable(proxy.problem))
    try:
        context = _context(needed=proxy is not None or url.startswith("https"))
    except (OSError, ssl.SSLError):
        return Transports(
            _Unusable("The certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be read; correct it.")
        )
    if proxy is not None or name == "standard":
        return Transports(_standard(context, proxy), proxy=proxy)
    lean = LeanTransport(context, clock=clock)
    return Transports(lean, lambda: _standard(context, None), clock, lean.close_unusable)


def _context(needed: bool) -> ssl.SSLContext:
    return httpx2.create_ssl_context() if needed else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def timeouts(read_timeout_s: float) -> httpx2.Timeout:
    """Return the time-outs of a request; to connect takes no longer than an answer may be silent."""
    return httpx2.Timeout(read_timeout_s, connect=min(CONNECT_TIMEOUT_S, read_timeout_s))


def _standard(context: ssl.SSLContext, proxy: Proxy | None) -> httpx2.BaseTransport:
    try:
        transport = httpx2.HTTPTransport(
            verify=context, limits=_ONE_REQUEST_EACH, proxy=None if proxy is None else proxy.url
        )
    except (ValueError, httpx2.InvalidURL, ImportError):
        variable = "" if proxy is None else proxy.variable
        return _Unusable(f"The environment variable {variable} holds no address of a proxy; correct it.")
    install_scoped_backend(transport)
    return transport


class _Unusable(httpx2.BaseTransport):
    """A transport that refuses every request with a sentence about what to correct."""

    def __init__(self, sentence: str) -> None:
        self._sentence = sentence

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:  # noqa: ARG002 - all are refused
        """Raise ModelRejected."""
        raise ModelRejected(self._sentence)
