"""The chat page, and the headers that every answer carries."""

from __future__ import annotations

from flask import Blueprint, Flask, Response, render_template, request

from chat.web import identity
from config.version import VERSION

bp = Blueprint("pages", __name__)

# Nothing runs, loads or connects but what this server itself serves.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def init_app(app: Flask) -> None:
    app.after_request(_secure)


@bp.get("/")
def home() -> str:
    identity.user_id()
    return render_template("page.html", title="Parley", version=VERSION)


@bp.get("/c/<id:conversation_id>")
def conversation(conversation_id: int) -> str:  # noqa: ARG001 - the page reads its address itself
    return home()


def _secure(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _POLICY)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if request.path.startswith("/api") or request.path.startswith("/admin"):
        response.headers.setdefault("Cache-Control", "no-store")
    return response
