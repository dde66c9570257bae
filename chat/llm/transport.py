"""Choice of the transport for requests to an endpoint.

`lean` is made for many streams at once and keeps connections alive. `standard` is httpx2's own: it accepts responses
that violate HTTP in small ways, and opens a connection for each request. Both obey the `CancelScope` in effect and
raise the same exceptions. Requests through a proxy of the environment always use `standard`.
"""

from __future__ import annotations

import ssl

import httpx2

from chat.errors import ModelRejected
from chat.llm.httpx_transport import install_scoped_backend
from chat.llm.lean import LeanTransport
from chat.llm.proxies import Proxy, proxy_for

CONNECT_TIMEOUT_S = 5.0

# httpcore reads excess data after one response as the next response on the same connection, and cannot quarantine a
# connection (see `pool`). So no connection carries two requests.
_ONE_REQUEST_EACH = httpx2.Limits(max_connections=None, max_keepalive_connections=0)


def transport_to(url: str, name: str) -> httpx2.BaseTransport:
    """Return the transport for requests to `url`; `name` is "lean" or "standard". Does not connect.

    Proxies and certificates come from the environment. An error in the environment does not prevent a start; each
    request raises it.
    """
    proxy = proxy_for(url)
    if proxy is not None and proxy.problem:
        return _Unusable(proxy.problem)
    try:
        context = _context(needed=proxy is not None or url.startswith("https"))
    except (OSError, ssl.SSLError):
        return _Unusable("The certificates that SSL_CERT_FILE or SSL_CERT_DIR names cannot be read; correct it.")
    if proxy is not None or name == "standard":
        return _standard(context, proxy)
    return LeanTransport(context)


def _context(needed: bool) -> ssl.SSLContext:
    return httpx2.create_ssl_context() if needed else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def timeouts(read_timeout_s: float) -> httpx2.Timeout:
    """Return the time-outs of a request."""
    return httpx2.Timeout(read_timeout_s, connect=CONNECT_TIMEOUT_S)


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
