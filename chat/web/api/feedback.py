"""Feedback on answers."""

from __future__ import annotations

from flask import Blueprint

from chat.errors import InvalidRequest
from chat.web.api import examples, json_body
from chat.web.api.schemas import Feedback
from chat.web.auth.principal import principal
from chat.web.openapi.operation import Answer, Body, Refusal, operation
from chat.web.openapi.refusals import NO_MESSAGE
from chat.web.services import services

bp = Blueprint("feedback", __name__, url_prefix="/api")


@bp.put("/messages/<id:message_id>/feedback")
@operation(
    Answer(content=Feedback, example=examples.FEEDBACK),
    body=Body(shape=json_body.GiveFeedback, examples=examples.GIVE_FEEDBACK),
    refusals=(NO_MESSAGE, Refusal(422, "not_an_answer", "Only an answer can be given feedback.")),
)
def give(message_id: int) -> Feedback:
    """Store or remove the caller's feedback on an answer."""
    store = services().store
    _, message = store.ownership.message(principal().user.id, message_id)
    fields = json_body.read(json_body.GiveFeedback)
    if message.role != "assistant":
        raise InvalidRequest("not_an_answer", "Only an answer can be given feedback.")
    comment = None if fields.value is None else json_body.comment(fields.comment)
    store.feedback.give(message, fields.value, comment)
    return Feedback(value=fields.value, comment=comment)
