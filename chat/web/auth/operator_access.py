"""Access to operators' addresses: `/admin` and `/metrics`.

If ADMIN_TOKEN is set, the caller must send it as a bearer token. Otherwise the caller must be on the server's own
machine and use no proxy. A proxy on the same machine also has a loopback address, and anyone may come through it.
Most proxies add a header, so a request with any header that only proxies send is refused, and so is HTTP/1.0, nginx's
default version. A proxy may leave no sign at all: behind one, ADMIN_TOKEN is needed.
"""

from __future__ import annotations

import hmac
import re
from typing import Literal

from flask import Request

from chat.errors import Forbidden, Unauthorized
from chat.web import request_checks

# In the names of WSGI. Almost all X- headers are sent by proxies; others are listed, or matched by a part of the name.
_PROXY_HEADER = re.compile(
    r"HTTP_(X_(?!REQUESTED_WITH$|PROMETHEUS_)"
    r"|VIA$|FORWARDED|CF_|CDN_|CLOUDFRONT_|FASTLY_|AKAMAI_|INCAP_|FLY_|TAILSCALE_|FRONT_END_|TRUE_CLIENT|REMOTE_|SSL_|PROXY_"
    r"|.*(FORWARD|CLIENT_IP|CLIENT_CERT|REAL_IP|PROXY|CONNECTING_IP|ORIGINAL_(HOST|URI|URL|FOR)))"
)


def check(request: Request, token: str) -> Literal["token", "loopback"]:
    """Return how an operator came in. `token` is ADMIN_TOKEN. Raises Unauthorized or Forbidden for all others."""
    if token:
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(credentials.strip().encode(), token.encode()):
            return "token"
        raise Unauthorized("This needs the bearer token of ADMIN_TOKEN.")
    if not _is_direct_loopback(request):
        raise Forbidden(
            "Without ADMIN_TOKEN, this is answered only to callers on the server's own machine that use no proxy."
        )
    return "loopback"


def _is_direct_loopback(request: Request) -> bool:
    environ = request.environ
    if environ.get("SERVER_PROTOCOL") == "HTTP/1.0" or any(map(_PROXY_HEADER.match, environ)):
        return False
    host = request_checks.host_name(environ.get("HTTP_HOST", ""))
    if host is None or not request_checks.is_loopback_name(host):
        return False
    return request_checks.is_loopback_address(request.remote_addr or "")
