"""The principal of a request: who makes it, in which role, and by which credentials. Found once and kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from flask import Flask, Response, g, request

from chat.web.auth.browser_user import BrowserUser
from chat.web.auth.cross_site import refuse_cross_site
from chat.web.services import services

Role = Literal["user", "operator"]
Via = Literal["cookie", "token", "session", "loopback"]


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of a request. `user` asks the database only when its id is needed."""

    role: Role
    via: Via
    user: BrowserUser


def init_app(app: Flask) -> None:
    """Refuse cross-site requests, and set the cookie where it is due."""
    app.before_request(refuse_cross_site)
    app.after_request(_set_cookie)


def principal() -> Principal:
    """Return the principal of this request. Without other credentials it is a user, by the browser's cookie."""
    principal: Principal | None = g.get("principal")
    if principal is None:
        principal = g.principal = Principal("user", "cookie", _user())
    return principal


def require_operator() -> None:
    """Make the caller this request's principal, as an operator; for `before_request`.

    Raises Unauthorized, Forbidden or LimitReached.
    """
    g.principal = Principal("operator", services().operator_access.check(request), _user())


def _user() -> BrowserUser:
    current = services()
    return BrowserUser(request._get_current_object(), current.tokens, current.store.sessions, current.clock)  # type: ignore[attr-defined]


def _set_cookie(response: Response) -> Response:
    principal: Principal | None = g.get("principal")
    if principal is not None and principal.via == "cookie":
        principal.user.set_cookie(response)
    return response
