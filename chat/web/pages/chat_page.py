"""The chat page."""

from __future__ import annotations

from flask import Blueprint, Response, current_app, render_template, send_from_directory
from flask.typing import ResponseReturnValue

from chat.web import security_headers
from chat.web.auth.principal import principal
from chat.web.pages.page_files.files import STATIC, STYLES
from chat.web.pages.page_files.serving import page_files
from chat.web.services import services
from config.version import VERSION

bp = Blueprint("pages", __name__)

_ICON_AGE_S = 24 * 3600


@bp.get("/")
def home() -> str:
    """Return the chat page, and give a new browser its cookie."""
    principal().user.look_up()
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
    status = 200 if services().store.shares.exists(token) else 404
    return _page(shared=token), status, security_headers.for_public_link()


def _page(**about: str) -> str:
    linked = page_files(current_app).linked
    return render_template("page.html", title="Parley", version=VERSION, linked=linked, styles=STYLES, **about)
