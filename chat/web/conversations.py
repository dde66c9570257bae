"""`/api/me` and `/api/conversations`: who I am, and what I have talked about."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request
from flask.typing import ResponseReturnValue

from chat.errors import InvalidRequest
from chat.web import body, identity, shapes
from chat.web.parts import parts
from chat.workers import mode
from config.version import VERSION

bp = Blueprint("conversations", __name__, url_prefix="/api")

_PAGE = 50
_LARGEST_PAGE = 200


@bp.get("/me")
def me() -> dict[str, Any]:
    settings = parts().settings
    return {
        "user": {"id": identity.user_id(), "name": None},
        "mode": mode.current().name,
        "models": list(settings.models),
        "default_model": settings.models[0],
        "limits": {
            "message_chars": body.MESSAGE_CHARS,
            "title_chars": body.TITLE_CHARS,
            "turn_seconds": settings.turn_timeout_s,
        },
        "features": {"demo": settings.demo},
        "version": VERSION,
    }


@bp.get("/conversations")
def list_conversations() -> dict[str, Any]:
    found, cursor = parts().store.conversations.page(
        identity.user_id(), _limit(request.args.get("limit", "")), request.args.get("cursor", "")
    )
    return {"items": [shapes.conversation(record) for record in found], "next_cursor": cursor}


@bp.post("/conversations")
def create_conversation() -> ResponseReturnValue:
    asked = body.read(body.NewConversation)
    made = parts().store.conversations.create(identity.user_id(), body.title(asked.title))
    return shapes.conversation(made), 201


@bp.get("/conversations/<id:conversation_id>")
def show_conversation(conversation_id: int) -> dict[str, Any]:
    store = parts().store
    record = store.owned.conversation(identity.user_id(), conversation_id)
    messages = store.history.of_conversation(record.id)
    return shapes.conversation(record) | {
        "head_id": record.head_id,
        "messages": [shapes.message(message) for message in messages],
    }


@bp.patch("/conversations/<id:conversation_id>")
def change_conversation(conversation_id: int) -> dict[str, Any]:
    store = parts().store
    record = store.owned.conversation(identity.user_id(), conversation_id)
    asked = body.read(body.ChangedConversation)
    title = None if asked.title is None else body.title(asked.title)
    store.conversations.change(record, title=title, pinned=asked.pinned)
    return shapes.conversation(store.owned.conversation(identity.user_id(), conversation_id))


@bp.delete("/conversations/<id:conversation_id>")
def delete_conversation(conversation_id: int) -> ResponseReturnValue:
    here = parts()
    record = here.store.owned.conversation(identity.user_id(), conversation_id)
    here.store.conversations.delete(record)
    # Other workers' copies, which nothing can ask for any more, go as memory is needed.
    here.memory.drop(record.id)
    return "", 204


def _limit(text: str) -> int:
    if not text:
        return _PAGE
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= _LARGEST_PAGE):
        raise InvalidRequest("invalid_value", f"limit takes a whole number from 1 to {_LARGEST_PAGE}.", "limit")
    return int(text)
