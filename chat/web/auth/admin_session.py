"""The session of an operator in a browser: a signed cookie that is valid for an hour.

It is signed with the server's secret key and names ADMIN_TOKEN by a digest, so it ends when either changes. Signing out
ends it in every worker of every server, wherever its cookie was copied to: the database has the sessions that ended.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets

from flask import Request, Response

from chat.errors import StoreUnavailable
from chat.runtime.clock import Clock
from chat.store.ended_admin_sessions import EndedAdminSessions
from chat.web.auth.tokens import Tokens

AGE_S = 3600
_MAX_COOKIES = 4
_CHARS = 200


class AdminSessions:
    """Issuer of such sessions. `admin_token` is ADMIN_TOKEN; without one there are none."""

    def __init__(self, tokens: Tokens, admin_token: str, clock: Clock, ended: EndedAdminSessions) -> None:
        self._tokens = tokens
        self._admin_token = admin_token
        self._clock = clock
        self._ended = ended
        self._known_ended: frozenset[str] = frozenset()

    def begin(self, request: Request, response: Response) -> None:
        """Set the cookie of a new session."""
        text = f"{self._clock.now_ms() // 1000 + AGE_S}.{secrets.token_urlsafe(12)}"
        self._set(request, response, f"{text}.{self._signature(text)}", AGE_S)

    def end(self, request: Request, response: Response) -> None:
        """End the session and remove the cookie. Raises StoreUnavailable; then it goes on."""
        for value in self._signed(request):
            self._ended.add(_digest(value), _expires_at_s(value) * 1000)
        self._set(request, response, "", 0)

    def is_valid(self, request: Request) -> bool:
        """Return whether the request comes from a browser with a session."""
        return any(not self._has_ended(value) for value in self._signed(request))

    def _signed(self, request: Request) -> list[str]:
        """Return the cookies of sessions that have not expired."""
        if not self._admin_token:
            return []
        return [*filter(self._is_signed, request.cookies.getlist(self._cookie_name(request))[:_MAX_COOKIES])]

    def _is_signed(self, value: str) -> bool:
        text, _, signature = value.rpartition(".")
        if len(value) > _CHARS or not secrets.compare_digest(signature.encode(), self._signature(text).encode()):
            return False
        return _expires_at_s(value) > self._clock.now_ms() // 1000

    def _has_ended(self, value: str) -> bool:
        # Operators need this when something is wrong: without the database, the sessions that were read earlier decide.
        with contextlib.suppress(StoreUnavailable):
            self._known_ended = self._ended.digests()
        return _digest(value) in self._known_ended

    def _signature(self, text: str) -> str:
        token = hashlib.sha256(self._admin_token.encode()).hexdigest()
        return self._tokens.signature("admin session", f"{text} {token}")

    def _set(self, request: Request, response: Response, value: str, age_s: int) -> None:
        response.set_cookie(
            self._cookie_name(request),
            value,
            max_age=age_s,
            path=request.script_root or "/",
            httponly=True,
            samesite="Strict",
            secure=request.is_secure,
        )

    def _cookie_name(self, request: Request) -> str:
        """Return the name: browsers accept these prefixes over https only, the first for the whole host only."""
        prefix = ("__Secure-" if request.script_root else "__Host-") if request.is_secure else ""
        return f"{prefix}admin_{self._tokens.cookie}"


def _expires_at_s(value: str) -> int:
    return int(value.partition(".")[0])


def _digest(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()
