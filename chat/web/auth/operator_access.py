"""Access to operators' addresses: `/admin` and `/metrics`.

If ADMIN_TOKEN is set, the caller must send it as a bearer token, or sign in with it at `/admin` and send the session's
cookie. Otherwise the caller must be on the server's own machine and use no proxy. A proxy on the same machine also has
a loopback address, and anyone may come through it. Most proxies add a header, so a request with any header that only
proxies send is refused, and so is HTTP/1.0, nginx's default version. A proxy may leave no sign at all: behind one,
ADMIN_TOKEN is needed.
"""

from __future__ import annotations

import hmac
import re
from typing import Literal

from flask import Request

from chat.errors import Forbidden, LimitReached, Unauthorized
from chat.runtime.clock import Clock
from chat.store.ended_admin_sessions import EndedAdminSessions
from chat.web import request_checks
from chat.web.auth.admin_session import AdminSessions
from chat.web.auth.guess_limit import GuessLimit
from chat.web.auth.tokens import Tokens

# In the names of WSGI. Almost all X- headers are sent by proxies; others are listed, or matched by a part of the name.
_PROXY_HEADER = re.compile(
    r"HTTP_(X_(?!REQUESTED_WITH$|PROMETHEUS_)"
    r"|VIA$|FORWARDED|CF_|CDN_|CLOUDFRONT_|FASTLY_|AKAMAI_|INCAP_|FLY_|TAILSCALE_|FRONT_END_|TRUE_CLIENT|REMOTE_|SSL_|PROXY_"
    r"|.*(FORWARD|CLIENT_IP|CLIENT_CERT|REAL_IP|PROXY|CONNECTING_IP|ORIGINAL_(HOST|URI|URL|FOR)))"
)


_NEEDS_TOKEN = "This needs the bearer token of ADMIN_TOKEN; a browser signs in with it at /admin."  # noqa: S105
_NEEDS_LOOPBACK = (
    "Without ADMIN_TOKEN, this is answered only to callers on the server's own machine that use no proxy; its operator"
    " can set ADMIN_TOKEN in .env."
)
_GUESSES_PER_MINUTE = 10
_BEARER_GUESSES_PER_MINUTE = 100


class OperatorAccess:
    """One per worker. `token` is ADMIN_TOKEN."""

    def __init__(self, token: str, tokens: Tokens, clock: Clock, ended: EndedAdminSessions) -> None:
        self._token = token
        self._sign_in_limit = GuessLimit(_GUESSES_PER_MINUTE, clock)
        self._bearer_limit = GuessLimit(_BEARER_GUESSES_PER_MINUTE, clock)
        self.sessions = AdminSessions(tokens, token, clock, ended)

    def check(self, request: Request) -> Literal["token", "session", "loopback"]:
        """Return how an operator came in. Raises Unauthorized, Forbidden or LimitReached for all others."""
        if not self._token:
            if not _is_direct_loopback(request):
                raise Forbidden(_NEEDS_LOOPBACK)
            return "loopback"
        scheme, _, credentials = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            if self._is_token(credentials.strip()):
                return "token"
            # The right token is always let in: nobody can lock out a monitoring program by guessing.
            self._count(self._bearer_limit)
        elif self.sessions.is_valid(request):
            return "session"
        raise Unauthorized(_NEEDS_TOKEN)

    def sign_in(self, token: str) -> None:
        """Check a token that a person has typed. Raises Unauthorized, Forbidden or LimitReached."""
        if not self._token:
            raise Forbidden(_NEEDS_LOOPBACK)
        if wait_s := self._sign_in_limit.wait_s():
            raise _too_many(wait_s)
        if not self._is_token(token):
            self._count(self._sign_in_limit)
            raise Unauthorized("This is not the token of ADMIN_TOKEN.")

    def _count(self, limit: GuessLimit) -> None:
        if wait_s := limit.wait_s():
            raise _too_many(wait_s)
        limit.add_wrong()

    def _is_token(self, credentials: str) -> bool:
        password, token = credentials.encode("utf-8", "surrogatepass"), self._token.encode()
        return hmac.compare_digest(password, token)


def _too_many(wait_s: int) -> LimitReached:
    return LimitReached("too_many_guesses", "Too many wrong tokens; try again in a minute.", wait_s)


def _is_direct_loopback(request: Request) -> bool:
    environ = request.environ
    if environ.get("SERVER_PROTOCOL") == "HTTP/1.0" or any(map(_PROXY_HEADER.match, environ)):
        return False
    host = request_checks.host_name(environ.get("HTTP_HOST", ""))
    if host is None or not request_checks.is_loopback_name(host):
        return False
    return request_checks.is_loopback_address(request.remote_addr or "")
