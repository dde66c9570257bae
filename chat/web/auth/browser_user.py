"""The user of a browser, by its cookie. In AUTH_MODE=open every browser has a private identity.

The browser holds a random token in a cookie that scripts cannot read. Its first request gets the token; its first write
creates the user. So simultaneous first requests have the same identity, and a browser that only reads stores nothing.

The sessions in the database map tokens to users, whatever the cookie's name. Earlier versions named the cookie
`parley_session`, and the name changes with SECRET_KEY; a token with a session stays valid and moves to the new name.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass

from flask import Request, Response

from chat.errors import StoreUnavailable
from chat.runtime.clock import Clock
from chat.store.sessions import UNSAVED_USER, Identity, Owner, Sessions, unverified_session
from chat.web.auth.tokens import Tokens

_COOKIE_AGE_S = 365 * 24 * 3600
# A session that was not used for this long gets a new time of use, and its cookie a new expiry.
_RENEW_AFTER_MS = 12 * 3600 * 1000

# Browsers accept both prefixes over https only, and the first only for the whole host that sets the cookie.
_HOST_PREFIX, _SECURE_PREFIX = "__Host-", "__Secure-"
_ANY_COOKIE = re.compile(r"(?:__Host-|__Secure-)?parley_[a-z0-9]{1,32}")
_MAX_COOKIES = 8
_TOKEN_CHARS = 200


@dataclass(slots=True)
class _Session:
    """The result of the look-up. `cookie_due`: the response must set the cookie, new or with a new expiry."""

    token: str
    identity: Identity | None
    cookie_due: bool


class BrowserUser:
    """The user of a request by its cookie. The database is read once, at the first use."""

    __slots__ = ("_clock", "_current", "_request", "_sessions", "_tokens")

    def __init__(self, request: Request, tokens: Tokens, sessions: Sessions, clock: Clock) -> None:
        self._clock = clock
        self._request = request
        self._tokens = tokens
        self._sessions = sessions
        self._current: _Session | None = None

    @property
    def id(self) -> int:
        """Return the user, or UNSAVED_USER, which owns nothing, for a browser that has not written yet."""
        identity = self._session().identity
        return UNSAVED_USER if identity is None else identity.user_id

    @property
    def exists(self) -> bool:
        """Return whether the browser has a user already."""
        return self._session().identity is not None

    @property
    def owner(self) -> Owner:
        """Return the user, or the unverified session if the user has not been looked up yet."""
        if self._current is not None:
            return self.id
        tokens = self._own_tokens()
        return unverified_session(tokens[0]) if len(tokens) == 1 else self.id

    def look_up(self) -> None:
        """Look up the user now, so that a browser without a cookie gets one with this response."""
        self._session()

    def save(self) -> int:
        """Return the user for a write. Creates the user if the browser has none."""
        session = self._session()
        if session.identity is None:
            session.identity = self._sessions.create(session.token)
            # Another response may have given the browser another token meanwhile.
            session.cookie_due = True
        return session.identity.user_id

    def set_cookie(self, response: Response) -> None:
        """Set the cookie in the response where it is due."""
        request, session = self._request, self._current
        if session is None or not session.cookie_due:
            return
        response.set_cookie(
            self._cookie_name(),
            session.token,
            max_age=_COOKIE_AGE_S,
            # With BASE_PATH other addresses on the same host must not get the cookie.
            path=request.script_root or "/",
            httponly=True,
            samesite="Lax",
            secure=request.is_secure,
        )
        # A cache between server and browser would give one user's identity to another.
        response.headers.setdefault("Cache-Control", "no-store")

    def _session(self) -> _Session:
        if self._current is None:
            self._current = self._find()
        return self._current

    def _find(self) -> _Session:
        own = self._own_tokens()
        signed = next(filter(self._tokens.is_signed, own), None)
        # A signed token without a user is not replaced by another cookie's token, which another site may have set.
        candidates = own if signed else [*own, *self._other_tokens()]
        identity = self._sessions.find(*candidates) if candidates else None
        current = self._request.cookies.getlist(self._cookie_name())
        if identity is None:
            token = signed or self._tokens.new()
            return _Session(token, None, token not in current)
        renewed = False
        if self._clock.now_ms() - identity.used_at > _RENEW_AFTER_MS:
            with contextlib.suppress(StoreUnavailable):  # the next request tries again
                renewed = self._sessions.touch(identity)
        return _Session(identity.token, identity, renewed or identity.token not in current)

    def _own_tokens(self) -> list[str]:
        """Return the tokens in this server's cookie: several if another path or domain has set one of this name."""
        cookies, name = self._request.cookies, self._cookie_name()
        values = cookies.getlist(name)
        if name != self._tokens.cookie:
            values += cookies.getlist(self._tokens.cookie)
        return [each for each in values if 0 < len(each) <= _TOKEN_CHARS][:_MAX_COOKIES]

    def _other_tokens(self) -> list[str]:
        """Return the tokens in cookies of other Parley servers on this host, or of earlier names of this one."""
        values = (value for name, value in self._request.cookies.items(multi=True) if _ANY_COOKIE.fullmatch(name))
        return [each for each in values if 0 < len(each) <= _TOKEN_CHARS][:_MAX_COOKIES]

    def _cookie_name(self) -> str:
        if not self._request.is_secure:
            return self._tokens.cookie
        return (_SECURE_PREFIX if self._request.script_root else _HOST_PREFIX) + self._tokens.cookie
