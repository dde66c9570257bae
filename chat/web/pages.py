"""The chat page, and security headers of every response."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, current_app, render_template, request, send_from_directory
from flask.typing import ResponseReturnValue

from chat.web import identity
from chat.web.page_files.files import STATIC, STYLES
from chat.web.page_files.serving import page_files
from chat.web.services import services
from config.version import VERSION

bp = Blueprint("pages", __name__)

_ICON_AGE_S = 24 * 3600

# The page may run, load and connect only to resources of this server.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def init_app(app: Flask) -> None:
    """Add the security headers to every response."""
    app.after_request(_add_security_headers)


@bp.get("/")
def home() -> str:
    """Return the chat page, and give a new browser its cookie."""
    identity.user_id()
    return _page()


@bp.get("/c/<id:conversation_id>")
def conversation(conversation_id: int) -> str:  # noqa: ARG001 - the page reads its own address
    """Return the chat page for the address of a conversation."""
    return home()


@bp.get("/favicon.ico")
def favicon() -> Response:
    """Return the icon that browsers request where no page names one, such as beside a plain file."""
    return send_from_directory(STATIC, "favicon.ico", max_age=_ICON_AGE_S)


@bp.get("/s/<token>")
def shared(token: str) -> ResponseReturnValue:
    """Return the page of a shared conversation, without identity or cookie.

    An unknown link gets the same page with status 404; the page reports it.
    """
    return _page(shared=token), 200 if services().store.shares.exists(token) else 404, public_headers()


def _page(**about: str) -> str:
    linked = page_files(current_app).linked
    return render_template("page.html", title="Parley", version=VERSION, linked=linked, styles=STYLES, **about)


def public_headers() -> dict[str, str]:
    """Return headers that keep a shared link out of Referer headers, search engines and caches."""
    return {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex", "Cache-Control": "no-store"}


def _add_security_headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if request.path.startswith("/api") or request.path.startswith("/admin"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response
