"""Who may see what is for operators: `/admin` and `/metrics`.

With ADMIN_TOKEN, its bearer. Without it, a program or browser on the server's own machine that came straight current. A
proxy on the same machine also comes from a loopback address, and with it everybody who comes through it. Most proxies
add a header; so a request with any header that a direct caller has no use for is refused, and one in HTTP/1.0, which
nginx speaks where it is not told otherwise. A proxy may leave no sign at all: behind one, ADMIN_TOKEN is needed.
"""

from __future__ import annotations

import hmac
import re

from flask import request
from flask.typing import ResponseReturnValue

from chat.errors import Forbidden
from chat.web import request_checks
from chat.web.errors import problem
from chat.web.services import services

# As WSGI names them. X- headers are proxies' own with few exceptions; the others are named or recognised by a part.
_FORWARDING = re.compile(
    r"HTTP_(X_(?!REQUESTED_WITH$|PROMETHEUS_)"
    r"|VIA$|FORWARDED|CF_|CDN_|CLOUDFRONT_|FASTLY_|AKAMAI_|INCAP_|FLY_|TAILSCALE_|FRONT_END_|TRUE_CLIENT|REMOTE_|SSL_|PROXY_"
    r"|.*(FORWARD|CLIENT_IP|CLIENT_CERT|REAL_IP|PROXY|CONNECTING_IP|ORIGINAL_(HOST|URI|URL|FOR)))"
)


def require_operator() -> ResponseReturnValue | None:
    """Refuse a request that is not an operator's. For `before_request`; raises Forbidden."""
    token = services().settings.admin_token
    if token:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode()):
            return None
        return (*problem(401, "unauthorized", "This needs the bearer token of ADMIN_TOKEN."), {
            "WWW-Authenticate": "Bearer"
        })  # fmt: skip
    if not _direct_from_this_machine():
        raise Forbidden(
            "Without ADMIN_TOKEN, this is answered only to callers on the server's own machine that use no proxy."
        )
    return None


def _direct_from_this_machine() -> bool:
    environ = request.environ
    if environ.get("SERVER_PROTOCOL") == "HTTP/1.0" or any(map(_FORWARDING.match, environ)):
        return False
    host = request_checks.name_of(environ.get("HTTP_HOST", ""))
    if host is None or not request_checks.is_loopback_name(host):
        return False
    return request_checks.is_loopback_address(request.remote_addr or "")
