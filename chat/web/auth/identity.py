"""The caller's identity. In AUTH_MODE=open every browser has a private identity.

The browser holds a random token in a cookie that scripts cannot read. Its first request gets the token; its first write
creates the user. So simultaneous first requests have the same identity, and a browser that only reads stores nothing.

The sessions in the database map tokens to users, whatever the cookie's name. Earlier versions named the cookie
`parley_session`, and the name changes with SECRET_KEY; a token with a session stays valid and moves to the new name.

This module also refuses cross-site requests that change something.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass

from flask import Flask, Response, g, request

from chat.errors import Forbidden, StoreUnavailable
from chat.store.records import now_ms
from chat.store.sessions import UNSAVED_USER, Identity, Owner, unverified_session
from chat.web.services import services

_COOKIE_AGE_S = 365 * 24 * 3600
# A session that was not used for this long gets a new time of use, and its cookie a new expiry.
_RENEW_AFTER_MS = 12 * 3600 * 1000
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

# Browsers accept both prefixes over https only, and the first only for the whole host that sets the cookie.
_HOST_PREFIX, _SECURE_PREFIX = "__Host-", "__Secure-"
_ANY_COOKIE = re.compile(r"(?:__Host-|__Secure-)?parley_[a-z0-9]{1,32}")
_MAX_COOKIES = 8
_TOKEN_CHARS = 200


@dataclass(slots=True)
class _Caller:
    """The browser that sent the request. `cookie_due`: the response must set its cookie, new or with a new expiry."""

    token: str
    identity: Identity | None
    cookie_due: bool


def init_app(app: Flask) -> None:
    """Refuse cross-site requests, and set the cookie where it is due."""
    app.before_request(_refuse_cross_site)
    app.after_request(_set_cookie)


def user_id() -> int:
    """Return the caller's user, or UNSAVED_USER, which owns nothing, for a browser that has not written yet."""
    identity = _caller().identity
    return UNSAVED_USER if identity is None else identity.user_id


def has_user() -> bool:
    """Return whether the caller is a user already."""
    return _caller().identity is not None


def ensure_user_id() -> int:
    """Return the caller's user for a write. Creates the user if the browser has none."""
    caller = _caller()
    if caller.identity is None:
        caller.identity = services().store.sessions.create(caller.token)
        # Another response may have given the browser another token meanwhile.
        caller.cookie_due = True
    return caller.identity.user_id


def owner() -> Owner:
    """Return the caller's user, or the unverified session if the user has not been looked up yet."""
    if "caller" in g:
        return user_id()
    tokens = _own_tokens()
    return unverified_session(tokens[0]) if len(tokens) == 1 else user_id()


def _caller() -> _Caller:
    if "caller" not in g:
        g.caller = _look_up()
    caller: _Caller = g.caller
    return caller


def _look_up() -> _Caller:
    tokens, sessions = services().tokens, services().store.sessions
    own = _own_tokens()
    signed = next(filter(tokens.is_signed, own), None)
    # A signed token without a user is not replaced by another cookie's token, which another site may have set.
    candidates = own if signed else [*own, *_other_tokens()]
    identity = sessions.find(*candidates) if candidates else None
    current = request.cookies.getlist(_cookie_name())
    if identity is None:
        token = signed or tokens.new()
        return _Caller(token, None, token not in current)
    renewed = False
    if now_ms() - identity.used_at > _RENEW_AFTER_MS:
        with contextlib.suppress(StoreUnavailable):  # the next request tries again
            renewed = sessions.touch(identity)
    return _Caller(identity.token, identity, renewed or identity.token not in current)


def _own_tokens() -> list[str]:
    """Return the tokens in this server's cookie: several if another path or domain has set a cookie of this name."""
    names = (_cookie_name(), services().tokens.cookie)
    values = (each for name in dict.fromkeys(names) for each in request.cookies.getlist(name))
    return [each for each in values if 0 < len(each) <= _TOKEN_CHARS][:_MAX_COOKIES]


def _other_tokens() -> list[str]:
    """Return the tokens in cookies of other Parley servers on this host, or of earlier names of this one."""
    values = (value for name, value in request.cookies.items(multi=True) if _ANY_COOKIE.fullmatch(name))
    return [each for each in values if 0 < len(each) <= _TOKEN_CHARS][:_MAX_COOKIES]


def _cookie_name() -> str:
    if not request.is_secure:
        return services().tokens.cookie
    return (_SECURE_PREFIX if request.script_root else _HOST_PREFIX) + services().tokens.cookie


def _refuse_cross_site() -> None:
    """Raise Forbidden for a request from another site's page (CSRF).

    Browsers send the origin of a request; other programs send none and hold no cookie.
    """
    if request.method in _SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site == "same-origin":
        return
    if site not in (None, "none") or (origin is not None and not _is_own_origin(origin)):
        raise Forbidden("This request came from another site.")


def _is_own_origin(origin: str) -> bool:
    """Return whether an Origin has this server's scheme, name and port. "null" is sent by pages that hide theirs."""
    return origin == f"{request.scheme}://{request.host}".lower()


def _set_cookie(response: Response) -> Response:
    caller: _Caller | None = g.get("caller")
    if caller is not None and caller.cookie_due:
        response.set_cookie(
            _cookie_name(),
            caller.token,
            max_age=_COOKIE_AGE_S,
            # With BASE_PATH other addresses on the same host must not get the cookie.
            path=request.script_root or "/",
            httponly=True,
            samesite="Lax",
            secure=request.is_secure,
        )
        # A cache between server and browser would give one user's identity to another.
        response.headers.setdefault("Cache-Control", "no-store")
    return response
