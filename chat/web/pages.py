"""The chat page, and the headers that every answer carries."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Blueprint, Flask, Response, render_template, request, send_from_directory
from flask.typing import ResponseReturnValue

from chat.web import identity
from chat.web.parts import parts
from config.version import VERSION

bp = Blueprint("pages", __name__)

_STATIC = Path(__file__).parent / "static"
STATIC_AGE_S = 365 * 24 * 3600
_ICON_AGE_S = 24 * 3600

# Nothing runs, loads or connects but what this server itself serves.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def fingerprint() -> str:
    """A name for the page's files as they are now.

    It stands in their addresses, so that browsers may keep them for a year and still have new ones at once.
    """
    digest = hashlib.sha256()
    for path in sorted(each for each in _STATIC.rglob("*") if each.is_file()):
        digest.update(path.relative_to(_STATIC).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def init_app(app: Flask) -> None:
    app.after_request(_secure)


@bp.get("/")
def home() -> str:
    identity.user_id()
    return render_template("page.html", title="Parley", version=VERSION)


@bp.get("/c/<id:conversation_id>")
def conversation(conversation_id: int) -> str:  # noqa: ARG001 - the page reads its address itself
    return home()


@bp.get("/favicon.ico")
def favicon() -> Response:
    """Browsers ask for it where no page names another, such as for a file that is opened alone."""
    return send_from_directory(_STATIC, "favicon.ico", max_age=_ICON_AGE_S)


@bp.get("/s/<token>")
def shared(token: str) -> ResponseReturnValue:
    """A shared conversation, for anybody: no identity is asked for and no cookie handed out.

    A link that does not lead anywhere has the same page, which says so.
    """
    page = render_template("page.html", title="Parley", version=VERSION, shared=token)
    return page, 200 if parts().store.shares.exists(token) else 404, for_anybody()


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
