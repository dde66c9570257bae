"""Feedback on answers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from chat.errors import InvalidRequest
from chat.web.api import json_body
from chat.web.auth.principal import principal
from chat.web.services import services

bp = Blueprint("feedback", __name__, url_prefix="/api")


@bp.put("/messages/<id:message_id>/feedback")
def give(message_id: int) -> dict[str, Any]:
    """Store or remove the caller's feedback on an answer."""
    store = services().store
    _, message = store.ownership.message(principal().user.id, message_id)
    fields = json_body.read(json_body.GiveFeedback)
    if message.role != "assistant":
        raise InvalidRequest("not_an_answer", "Only an answer can be given feedback.")
    comment = None if fields.value is None else json_body.comment(fields.comment)
    store.feedback.give(message, fields.value, comment)
    return {"value": fields.value, "comment": comment}
