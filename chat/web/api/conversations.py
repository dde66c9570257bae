"""`/api/conversations`: the caller's conversations."""

from __future__ import annotations

from typing import Any, Literal

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from chat.store.branches import BranchPosition
from chat.web.api import json_body, json_views, query
from chat.web.auth.principal import principal
from chat.web.services import services

bp = Blueprint("conversations", __name__, url_prefix="/api")

# With any of these parameters a conversation is returned a page at a time.
_PAGE_PARAMETERS = frozenset({"limit", "leaf", "through", "before"})


@bp.get("/conversations")
def list_conversations() -> dict[str, Any]:
    """Return a page of the caller's conversations, or of search results where `q` is given."""
    store, user_id = services().store, principal().user.id
    if text := query.search_text():
        hits, cursor = store.search.find(user_id, text, query.limit(), query.text("cursor"))
        return {"items": [json_views.search_hit(hit) for hit in hits], "next_cursor": cursor}
    records, cursor = store.conversations.page(user_id, query.limit(), query.text("cursor"), _list_name())
    return {"items": [json_views.conversation(record) for record in records], "next_cursor": cursor}


def _list_name() -> Literal["", "pinned", "archived"]:
    if query.flag("archived"):
        return "archived"
    return "pinned" if query.flag("pinned") else ""


@bp.post("/conversations")
def create_conversation() -> ResponseReturnValue:
    """Create an empty conversation."""
    fields = json_body.read(json_body.CreateConversation)
    title = json_body.title(fields.title)
    record = services().store.conversations.create(principal().user.save(), title, temporary=fields.temporary)
    return json_views.conversation(record), 201


@bp.get("/conversations/<id:conversation_id>")
def show_conversation(conversation_id: int) -> dict[str, Any]:
    """Return a conversation with all messages, or with a page of one branch."""
    store = services().store
    record = store.ownership.conversation(principal().user.id, conversation_id)
    view = json_views.conversation_details(record, shared=store.shares.get(record) is not None)
    if _PAGE_PARAMETERS.isdisjoint(request.args):
        messages = store.history.of_conversation(record.id)
        return view | {"messages": [json_views.message(message) for message in messages]}
    position = BranchPosition(query.row_id("leaf"), query.row_id("through"), query.row_id("before"))
    return view | json_views.branch(store.branches.page(record, position, query.limit()))


@bp.patch("/conversations/<id:conversation_id>")
def update_conversation(conversation_id: int) -> dict[str, Any]:
    """Change the title, the pin or the archive flag of a conversation."""
    store = services().store
    record = store.ownership.conversation(principal().user.id, conversation_id)
    fields = json_body.read(json_body.UpdateConversation)
    title = None if fields.title is None else json_body.title(fields.title)
    store.conversations.change(record, title=title, pinned=fields.pinned, archived=fields.archived)
    return json_views.conversation(store.ownership.conversation(principal().user.id, conversation_id))


@bp.delete("/conversations/<id:conversation_id>")
def delete_conversation(conversation_id: int) -> ResponseReturnValue:
    """Delete a conversation with everything in it."""
    current = services()
    record = current.store.ownership.conversation(principal().user.id, conversation_id)
    current.store.conversations.delete(record)
    # Other workers' cached copies, which no request can reach any more, are evicted when memory is needed.
    current.memory.drop(record.id)
    return "", 204
