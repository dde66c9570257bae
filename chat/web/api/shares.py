"""Shared links: created and revoked by the owner, read by anyone. Their page is in `chat_page.py`."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, url_for

from chat.errors import NotFound
from chat.store import records
from chat.web import security_headers
from chat.web.api import examples, json_body, json_views
from chat.web.api.schemas import Share, SharedConversation
from chat.web.auth.principal import principal
from chat.web.openapi.operation import Answer, Body, Refusal, operation
from chat.web.openapi.refusals import NO_CONVERSATION, NO_MESSAGE, TURN_RUNNING
from chat.web.services import services

bp = Blueprint("shares", __name__, url_prefix="/api")

_NOT_SHARED = Refusal(404, "not_found", "This conversation is not shared.")


@bp.post("/conversations/<id:conversation_id>/share")
@operation(
    Answer(status=201, content=Share, example=examples.SHARE, description="The link is new."),
    Answer(content=Share, example=examples.SHARE, description="The link existed and shows the given branch now."),
    body=Body(shape=json_body.CreateShare, examples=examples.CREATE_SHARE),
    refusals=(
        NO_CONVERSATION,
        NO_MESSAGE,
        TURN_RUNNING,
        Refusal(409, "nothing_to_share", "This conversation has no messages yet."),
    ),
)
def share(conversation_id: int) -> tuple[Share, int]:
    """Create the link to a conversation, or move it to another branch."""
    store = services().store
    conversation = store.ownership.conversation(principal().user.id, conversation_id)
    record, created = store.shares.share(conversation, json_body.read(json_body.CreateShare).leaf_id)
    return _link(record), 201 if created else 200


@bp.get("/conversations/<id:conversation_id>/share")
@operation(Answer(content=Share, example=examples.SHARE), refusals=(NO_CONVERSATION, _NOT_SHARED))
def show_share(conversation_id: int) -> Share:
    """Return the link to a conversation."""
    store = services().store
    record = store.shares.get(store.ownership.conversation(principal().user.id, conversation_id))
    if record is None:
        raise NotFound("This conversation is not shared.")
    return _link(record)


@bp.delete("/conversations/<id:conversation_id>/share")
@operation(Answer(status=204), refusals=(NO_CONVERSATION,))
def revoke(conversation_id: int) -> None:
    """Revoke the link to a conversation."""
    store = services().store
    store.shares.revoke(store.ownership.conversation(principal().user.id, conversation_id))


@bp.get("/shared/<token>")
@operation(
    Answer(content=SharedConversation, example=examples.SHARED),
    refusals=(Refusal(404, "not_found", "There is no such shared conversation."),),
)
def show_shared(token: str) -> tuple[SharedConversation, int, Mapping[str, str]]:
    """Return a shared conversation to anyone who has its link."""
    shared = json_views.shared(*services().store.shares.contents(token))
    return shared, 200, security_headers.for_public_link()


def _link(record: records.Share) -> Share:
    return Share(url=url_for("pages.shared", token=record.token), created_at=json_views.time(record.created_at))
