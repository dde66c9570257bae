"""The chat page, and the headers that every answer carries."""

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

# Nothing runs, loads or connects but what this server itself serves.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def init_app(app: Flask) -> None:
    app.after_request(_secure)


@bp.get("/")
def home() -> str:
    identity.user_id()
    return _page()


@bp.get("/c/<id:conversation_id>")
def conversation(conversation_id: int) -> str:  # noqa: ARG001 - the page reads its address itself
    return home()


@bp.get("/favicon.ico")
def favicon() -> Response:
    """Browsers ask for it where no page names another, such as for a file that is opened alone."""
    return send_from_directory(STATIC, "favicon.ico", max_age=_ICON_AGE_S)


@bp.get("/s/<token>")
def shared(token: str) -> ResponseReturnValue:
    """A shared conversation, for anybody: no identity is asked for and no cookie handed out.

    A link that does not lead anywhere has the same page, which says so.
    """
    return _page(shared=token), 200 if services().store.shares.exists(token) else 404, for_anybody()


def _page(**about: str) -> str:
    linked = page_files(current_app).linked
    return render_template("page.html", title="Parley", version=VERSION, linked=linked, styles=STYLES, **about)


def for_anybody() -> dict[str, str]:
    """Headers of what a link shows: the link goes into no Referer, no search engine and no cache."""
    return {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex", "Cache-Control": "no-store"}


def _secure(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if request.path.startswith("/api") or request.path.startswith("/admin"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response
