"""`/api/me` and `/api/conversations`: who I am, and what I have talked about."""

from __future__ import annotations

from typing import Any, Literal

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from chat.runtime import mode
from chat.store.branches import BranchPosition
from chat.web import identity, json_body, json_views, query
from chat.web.services import services
from config.version import VERSION

bp = Blueprint("conversations", __name__, url_prefix="/api")

# Asked with any of these, a conversation comes a page at a time.
_PAGED = frozenset({"limit", "leaf", "through", "before"})


@bp.get("/me")
def me() -> dict[str, Any]:
    current = services()
    settings, user_id = current.settings, identity.user_id()
    return {
        "user": {"id": user_id if identity.known() else None, "name": None},
        "instructions": current.store.instructions.get(user_id),
        "welcome": {"greeting": settings.greeting, "starters": list(settings.starters)},
        "mode": mode.current().name,
        "models": list(settings.models),
        "default_model": settings.models[0],
        "limits": {
            "message_chars": json_body.MESSAGE_CHARS,
            "title_chars": json_body.TITLE_CHARS,
            "instruction_chars": json_body.INSTRUCTION_CHARS,
            "turn_seconds": settings.turn_timeout_s,
        },
        "features": {
            "demo": settings.demo,
            "search": True,
            "share": True,
            "temporary": True,
            "archive": True,
            "export_all": True,
            "titles": not settings.demo and settings.title_model != "none",
            "export": ["json", "md"],
        },
        "version": VERSION,
    }


@bp.get("/me/instructions")
def show_instructions() -> dict[str, Any]:
    return {"text": services().store.instructions.get(identity.user_id())}


@bp.put("/me/instructions")
def change_instructions() -> dict[str, Any]:
    text = json_body.instructions(json_body.read(json_body.OwnInstructions).text)
    services().store.instructions.change(identity.make_user_id(), text)
    return {"text": text}


@bp.get("/conversations")
def list_conversations() -> dict[str, Any]:
    if words := query.words():
        hits, cursor = services().store.search.find(identity.user_id(), words, query.limit(), query.text("cursor"))
        return {"items": [json_views.found(hit) for hit in hits], "next_cursor": cursor}
    found, cursor = services().store.conversations.page(
        identity.user_id(), query.limit(), query.text("cursor"), _which_page()
    )
    return {"items": [json_views.conversation(record) for record in found], "next_cursor": cursor}


def _which_page() -> Literal["", "pinned", "archived"]:
    if query.flag("archived"):
        return "archived"
    return "pinned" if query.flag("pinned") else ""


@bp.post("/conversations")
def create_conversation() -> ResponseReturnValue:
    asked = json_body.read(json_body.NewConversation)
    title = json_body.title(asked.title)
    made = services().store.conversations.create(identity.make_user_id(), title, temporary=asked.temporary)
    return json_views.conversation(made), 201


@bp.get("/conversations/<id:conversation_id>")
def show_conversation(conversation_id: int) -> dict[str, Any]:
    store = services().store
    record = store.owned.conversation(identity.user_id(), conversation_id)
    shown = json_views.opened(record, shared=store.shares.get(record) is not None)
    if _PAGED.isdisjoint(request.args):
        messages = store.history.of_conversation(record.id)
        return shown | {"messages": [json_views.message(message) for message in messages]}
    place = BranchPosition(query.row_id("leaf"), query.row_id("through"), query.row_id("before"))
    return shown | json_views.branch(store.branches.page(record, place, query.limit()))


@bp.patch("/conversations/<id:conversation_id>")
def change_conversation(conversation_id: int) -> dict[str, Any]:
    store = services().store
    record = store.owned.conversation(identity.user_id(), conversation_id)
    asked = json_body.read(json_body.ChangedConversation)
    title = None if asked.title is None else json_body.title(asked.title)
    store.conversations.change(record, title=title, pinned=asked.pinned, archived=asked.archived)
    return json_views.conversation(store.owned.conversation(identity.user_id(), conversation_id))


@bp.delete("/conversations/<id:conversation_id>")
def delete_conversation(conversation_id: int) -> ResponseReturnValue:
    current = services()
    record = current.store.owned.conversation(identity.user_id(), conversation_id)
    current.store.conversations.delete(record)
    # Other workers' copies, which nothing can ask for any more, go as memory is needed.
    current.memory.drop(record.id)
    return "", 204
