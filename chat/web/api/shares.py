"""Shared links: created and revoked by the owner, read by anybody. Their page is in `chat_page.py`."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from chat.errors import NotFound
from chat.store.records import Share
from chat.web import security_headers
from chat.web.api import json_body, json_views
from chat.web.auth.principal import principal
from chat.web.services import services

bp = Blueprint("shares", __name__, url_prefix="/api")


@bp.post("/conversations/<id:conversation_id>/share")
def share(conversation_id: int) -> ResponseReturnValue:
    """Create the link to a conversation, or move it to another branch."""
    store = services().store
    conversation = store.ownership.conversation(principal().user.id, conversation_id)
    record, created = store.shares.share(conversation, json_body.read(json_body.CreateShare).leaf_id)
    return _link(record), 201 if created else 200


@bp.get("/conversations/<id:conversation_id>/share")
def show_share(conversation_id: int) -> dict[str, Any]:
    """Return the link to a conversation. Raises NotFound if there is none."""
    store = services().store
    record = store.shares.get(store.ownership.conversation(principal().user.id, conversation_id))
    if record is None:
        raise NotFound("This conversation is not shared.")
    return _link(record)


@bp.delete("/conversations/<id:conversation_id>/share")
def revoke(conversation_id: int) -> ResponseReturnValue:
    """Revoke the link to a conversation."""
    store = services().store
    store.shares.revoke(store.ownership.conversation(principal().user.id, conversation_id))
    return "", 204


@bp.get("/shared/<token>")
def show_shared(token: str) -> ResponseReturnValue:
    """Return the shared conversation, without a check of identity."""
    return json_views.shared(*services().store.shares.contents(token)), 200, security_headers.for_public_link()


def _link(record: Share) -> dict[str, Any]:
    return {"url": url_for("pages.shared", token=record.token), "created_at": json_views.time(record.created_at)}
