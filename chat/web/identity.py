"""Who is asking. In AUTH_MODE=open every browser gets a private identity of its own, at its first request.

The identity is a row in the database; the browser holds a random token in a cookie that scripts cannot read.
Also here: requests that change something must come from our own pages, or from no page at all.
"""

from __future__ import annotations

from flask import Flask, Response, g, request

from chat.errors import Forbidden
from chat.store.sessions import Identity, Owner, holder
from chat.web.parts import parts

COOKIE = "parley_session"
_COOKIE_AGE_S = 365 * 24 * 3600
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def init_app(app: Flask) -> None:
    app.before_request(_refuse_other_sites)
    app.after_request(_hand_out_cookie)


def user_id() -> int:
    """The caller's user. One without a known cookie becomes a new user here and now."""
    if "identity" not in g:
        sessions = parts().store.sessions
        token = request.cookies.get(COOKIE, "")
        g.identity = (sessions.find(token) if token else None) or sessions.create_anonymous()
    identity: Identity = g.identity
    return identity.user_id


def owner() -> Owner:
    """The caller, by his session where it has not been looked up. One without a cookie becomes a new user."""
    token = request.cookies.get(COOKIE, "")
    return user_id() if "identity" in g or not token else holder(token)


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
    identity: Identity | None = g.get("identity")
    if identity is not None and identity.token:
        # With BASE_PATH for its own addresses only: others on the same host are no concern of the cookie's.
        response.set_cookie(
            COOKIE,
            identity.token,
            max_age=_COOKIE_AGE_S,
            path=request.script_root or "/",
            httponly=True,
            samesite="Lax",
            secure=request.is_secure,
        )
        # A cache between here and the browser would hand one person's identity to the next.
        response.headers.setdefault("Cache-Control", "no-store")
    return response
