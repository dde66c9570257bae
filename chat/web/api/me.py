"""`/api/me`: the caller, the caller's instructions, and the features of this server."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from chat.runtime import mode
from chat.web.api import json_body
from chat.web.auth.principal import principal
from chat.web.services import services
from config.version import VERSION

bp = Blueprint("me", __name__, url_prefix="/api")


@bp.get("/me")
def show() -> dict[str, Any]:
    """Return the caller, the limits and the features of this server."""
    current = services()
    settings, user = current.settings, principal().user
    return {
        "user": {"id": user.id if user.exists else None, "name": None},
        "instructions": current.store.instructions.get(user.id),
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
    """Return the caller's instructions."""
    return {"text": services().store.instructions.get(principal().user.id)}


@bp.put("/me/instructions")
def update_instructions() -> dict[str, Any]:
    """Replace the caller's instructions."""
    text = json_body.instructions(json_body.read(json_body.UpdateInstructions).text)
    services().store.instructions.change(principal().user.save(), text)
    return {"text": text}
