"""Who is asking. In AUTH_MODE=open every browser has a private identity of its own.

The browser holds a random token in a cookie that scripts cannot read. It gets one at its first look, and becomes a
user in the database when it first writes something: so requests that come at the same time have the same identity,
and who only looks leaves nothing behind.

The sessions in the database say which cookie is whose, whatever its name. The cookie was `parley_session` once, and
its name changes with SECRET_KEY; a token that has a session is then kept and goes on under the name of now.

Also here: requests that change something must come from our own pages, or from no page at all.
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
# A session that was not used for so long is noted as used, and its cookie given a new age.
_RENEW_AFTER_MS = 12 * 3600 * 1000
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

# Browsers take a cookie of the first name only over https, for all of the host that sets it and no other; of the second
# only over https.
_WHOLE_HOST, _BELOW_PATH = "__Host-", "__Secure-"
_ANY_COOKIE = re.compile(r"(?:__Host-|__Secure-)?parley_[a-z0-9]{1,32}")
_COOKIES_TRIED = 8
_TOKEN_CHARS = 200


@dataclass(slots=True)
class _Caller:
    """The browser that asks. `cookie_due`: it is to be given its token, or a new age for it."""

    token: str
    identity: Identity | None
    cookie_due: bool


def init_app(app: Flask) -> None:
    app.before_request(_refuse_other_sites)
    app.after_request(_hand_out_cookie)


def user_id() -> int:
    """The caller's user. For a browser that has not written anything yet, one who has nothing."""
    identity = _caller().identity
    return UNSAVED_USER if identity is None else identity.user_id


def known() -> bool:
    """Return whether the caller is a user already."""
    return _caller().identity is not None


def make_user_id() -> int:
    """The caller's user, for what is about to be written. A browser without one becomes a user here and now."""
    caller = _caller()
    if caller.identity is None:
        caller.identity = services().store.sessions.create(caller.token)
        # Another answer may have given the browser another token meanwhile.
        caller.cookie_due = True
    return caller.identity.user_id


def owner() -> Owner:
    """The caller, by the session where it has not been looked up."""
    if "caller" in g:
        return user_id()
    own = _own_tokens()
    return unverified_session(own[0]) if len(own) == 1 else user_id()


def _caller() -> _Caller:
    if "caller" not in g:
        g.caller = _look_up()
    caller: _Caller = g.caller
    return caller


def _look_up() -> _Caller:
    tokens, sessions = services().tokens, services().store.sessions
    own = _own_tokens()
    signed = next(filter(tokens.is_signed, own), None)
    # A signed token that is no user yet is not given up for another cookie, which another site may have set.
    tried = own if signed else [*own, *_other_tokens()]
    identity = sessions.find(*tried) if tried else None
    held = request.cookies.getlist(_cookie_name())
    if identity is None:
        token = signed or tokens.new()
        return _Caller(token, None, token not in held)
    renewed = False
    if now_ms() - identity.used_at > _RENEW_AFTER_MS:
        with contextlib.suppress(StoreUnavailable):  # it is tried again by the next request
            renewed = sessions.touch(identity)
    return _Caller(identity.token, identity, renewed or identity.token not in held)


def _own_tokens() -> list[str]:
    """What comes in the cookie of this server: more than one value where another path or domain has set it too."""
    names = (_cookie_name(), services().tokens.cookie)
    found = (each for name in dict.fromkeys(names) for each in request.cookies.getlist(name))
    return [each for each in found if 0 < len(each) <= _TOKEN_CHARS][:_COOKIES_TRIED]


def _other_tokens() -> list[str]:
    """What comes in cookies of other Parley servers on this host, or of this one under an earlier name."""
    found = (value for name, value in request.cookies.items(multi=True) if _ANY_COOKIE.fullmatch(name))
    return [each for each in found if 0 < len(each) <= _TOKEN_CHARS][:_COOKIES_TRIED]


def _cookie_name() -> str:
    if not request.is_secure:
        return services().tokens.cookie
    return (_BELOW_PATH if request.script_root else _WHOLE_HOST) + services().tokens.cookie


def _refuse_other_sites() -> None:
    """Cross-site request forgery. Browsers say where a request comes from; programs say nothing and hold no cookie."""
    if request.method in _SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site == "same-origin":
        return
    if site not in (None, "none") or (origin is not None and not _is_ours(origin)):
        raise Forbidden("This request came from another site.")


def _is_ours(origin: str) -> bool:
    """Whether an Origin is this server's: scheme, name and port. "null" is a page that hides where it is from."""
    return origin == f"{request.scheme}://{request.host}".lower()


def _hand_out_cookie(response: Response) -> Response:
    caller: _Caller | None = g.get("caller")
    if caller is not None and caller.cookie_due:
        response.set_cookie(
            _cookie_name(),
            caller.token,
            max_age=_COOKIE_AGE_S,
            # With BASE_PATH for its own addresses only: others on the same host are no concern of the cookie's.
            path=request.script_root or "/",
            httponly=True,
            samesite="Lax",
            secure=request.is_secure,
        )
        # A cache between here and the browser would hand one person's identity to the next.
        response.headers.setdefault("Cache-Control", "no-store")
    return response
