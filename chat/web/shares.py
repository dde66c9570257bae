"""Shared links: made and revoked by the owner, read by anybody who has one. The page itself: `pages.py`."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue

from chat.errors import NotFound
from chat.store.records import Share
from chat.web import identity, json_body, json_views, pages
from chat.web.services import services

bp = Blueprint("shares", __name__, url_prefix="/api")


@bp.post("/conversations/<id:conversation_id>/share")
def share(conversation_id: int) -> ResponseReturnValue:
    store = services().store
    conversation = store.owned.conversation(identity.user_id(), conversation_id)
    made, fresh = store.shares.share(conversation, json_body.read(json_body.NewShare).leaf_id)
    return _link(made), 201 if fresh else 200


@bp.get("/conversations/<id:conversation_id>/share")
def show_share(conversation_id: int) -> dict[str, Any]:
    store = services().store
    found = store.shares.get(store.owned.conversation(identity.user_id(), conversation_id))
    if found is None:
        raise NotFound("This conversation is not shared.")
    return _link(found)


@bp.delete("/conversations/<id:conversation_id>/share")
def revoke(conversation_id: int) -> ResponseReturnValue:
    store = services().store
    store.shares.revoke(store.owned.conversation(identity.user_id(), conversation_id))
    return "", 204


@bp.get("/shared/<token>")
def show_shared(token: str) -> ResponseReturnValue:
    return json_views.shared(*services().store.shares.contents(token)), 200, pages.for_anybody()


def _link(found: Share) -> dict[str, Any]:
    return {"url": url_for("pages.shared", token=found.token), "created_at": json_views.time(found.created_at)}
