"""Turns: begin, regenerate, continue, stop, and follow as server-sent events."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from flask import Blueprint, Response, request, url_for

from chat.errors import Conflict, InvalidRequest, NotFound
from chat.runtime.http.thread_slots import RequestKind
from chat.store.records import COMPLETED, RUNNING
from chat.store.turns import HeadOfConversation, Question, StartedTurn
from chat.web.api import examples, json_body, json_views, schemas, turn_answers
from chat.web.auth.principal import principal
from chat.web.openapi.operation import (
    EVENT_STREAM,
    Answer,
    Body,
    Refusal,
    json_response,
    operation,
)
from chat.web.openapi.refusals import NO_CONVERSATION, NO_MESSAGE, NO_TURN
from chat.web.services import services

bp = Blueprint("turns", __name__, url_prefix="/api")

_TITLE_CHARS = 60
_EVENTS_PATH = re.compile(r"/api/turns/[0-9]+/events")


@bp.post("/conversations/<id:conversation_id>/turns")
@operation(
    turn_answers.STREAM,
    turn_answers.STARTED,
    body=Body(shape=json_body.BeginTurn, examples=examples.BEGIN_TURN),
    refusals=(
        NO_CONVERSATION,
        *turn_answers.OF_BEGINNINGS,
        Refusal(409, "client_id_reused", "This client_id was used for another message."),
        Refusal(413, "message_too_long", "The message has 32001 characters; it may have 32000.", "text"),
        Refusal(422, "empty_message", "The message is empty.", "text"),
        Refusal(422, "invalid_parent", "parent_id names no answer of this conversation.", "parent_id"),
    ),
)
def begin(conversation_id: int) -> Response:
    """Begin a turn with a new message of the caller."""
    current = services()
    fields = json_body.read(json_body.BeginTurn)
    text = json_body.message_text(fields.text)
    question = Question(
        text,
        HeadOfConversation() if fields.parent_id is msgspec.UNSET else fields.parent_id,
        json_body.short_text(fields.client_id, "client_id", json_body.CLIENT_ID_CHARS),
        _first_title(text),
    )
    if _accepts_events():
        current.follower.check_room()
    user = principal().user
    try:
        # The user is looked up in the transaction that begins the turn: one call to the database instead of two.
        return _started(current.runner.begin(user.owner, conversation_id, question, _model(fields.model)))
    except NotFound:
        user.look_up()  # sets the cookie of a browser without one
        raise


@bp.post("/messages/<id:message_id>/regenerate")
@operation(
    turn_answers.STREAM,
    turn_answers.STARTED,
    body=Body(shape=json_body.RegenerateAnswer, examples=examples.REGENERATE_ANSWER),
    refusals=(
        NO_MESSAGE,
        *turn_answers.OF_BEGINNINGS,
        Refusal(422, "not_an_answer", "Only an answer can be generated again."),
    ),
)
def regenerate(message_id: int) -> Response:
    """Begin a turn that answers the same question again."""
    current = services()
    _, message = current.store.ownership.message(principal().user.id, message_id)
    fields = json_body.read(json_body.RegenerateAnswer)
    if message.role != "assistant":
        raise InvalidRequest("not_an_answer", "Only an answer can be generated again.")
    return _started(current.runner.regenerate(message, _model(fields.model), fields.wish or ""))


@bp.post("/messages/<id:message_id>/continue")
@operation(
    turn_answers.STREAM,
    turn_answers.STARTED,
    body=Body(shape=json_body.ContinueAnswer, examples=examples.CONTINUE_ANSWER),
    refusals=(
        NO_MESSAGE,
        *turn_answers.OF_BEGINNINGS,
        Refusal(409, "answer_complete", "This answer is complete."),
        Refusal(409, "nothing_to_continue", "This answer has no text, so it can only be generated again."),
        Refusal(422, "not_an_answer", "Only an answer can be continued."),
    ),
)
def continue_answer(message_id: int) -> Response:
    """Begin a turn that continues an incomplete answer."""
    current = services()
    _, message = current.store.ownership.message(principal().user.id, message_id)
    fields = json_body.read(json_body.ContinueAnswer)
    if message.role != "assistant" or message.turn is None:
        raise InvalidRequest("not_an_answer", "Only an answer can be continued.")
    if message.turn.status == RUNNING:
        raise Conflict("turn_running", "An answer is still being written in this conversation.")
    if message.turn.status == COMPLETED:
        raise Conflict("answer_complete", "This answer is complete.")
    if not message.text.strip() and not message.tool_calls:
        raise Conflict("nothing_to_continue", "This answer has no text, so it can only be generated again.")
    previous = message.turn.model
    model = previous if fields.model is None and previous in current.settings.models else _model(fields.model)
    return _started(current.runner.resume(message, model))


@bp.get("/turns/<id:turn_id>")
@operation(Answer(content=schemas.Turn, example=examples.TURN), refusals=(NO_TURN,))
def show_turn(turn_id: int) -> schemas.Turn:
    """Return a turn with its answer so far."""
    store = services().store
    _, turn = store.ownership.turn(principal().user.id, turn_id)
    return json_views.turn(turn, store.turns.answer(turn))


@bp.get("/turns/<id:turn_id>/events")
@operation(
    turn_answers.STREAM,
    parameters=turn_answers.OF_FOLLOWERS,
    refusals=(
        NO_TURN,
        Refusal(429, "too_many_followers", "This turn has 64 followers already."),
    ),
)
def follow(turn_id: int) -> Response:
    """Stream a turn's events, from the one after the caller's last event.

    Each event has its number as `id`. A comment is sent at least every 5 s. An `error` without a number is not an event
    of the turn: the server cannot read the turn any more.
    """
    _, turn = services().store.ownership.turn(principal().user.id, turn_id)
    return _stream(services().follower.frames_for_another(turn, _after(), _waits()))


@bp.post("/turns/<id:turn_id>/stop")
@operation(
    Answer(content=schemas.Turn, example=examples.TURN),
    body=Body(shape=json_body.Empty, examples={"nothing": json_body.Empty()}),
    refusals=(NO_TURN,),
)
def stop(turn_id: int) -> schemas.Turn:
    """Stop a turn and return it.

    A turn that has ended does not change.
    """
    current = services()
    _, turn = current.store.ownership.turn(principal().user.id, turn_id)
    json_body.read(json_body.Empty)
    stopped = current.stopper.stop(turn)
    return json_views.turn(stopped, current.store.turns.answer(stopped))


def _started(started: StartedTurn) -> Response:
    turn = started.turn
    if _accepts_events():
        return _stream(services().follower.frames(turn, 0))
    return json_response(
        schemas.StartedTurn(
            turn_id=turn.id,
            user_message_id=turn.user_message_id,
            message_id=turn.message_id,
            events_url=url_for("turns.follow", turn_id=turn.id),
        ),
        202,
    )


def request_kind(method: str, path: str, accepted: str) -> RequestKind:
    """Return the kind of a request, by its method, path and Accept header."""
    if method == "POST" and _lists_events(accepted):
        return RequestKind.TURN
    return RequestKind.FOLLOW if method == "GET" and _EVENTS_PATH.search(path) else RequestKind.SHORT


def _accepts_events() -> bool:
    return _lists_events(request.headers.get("Accept", ""))


def _lists_events(accepted: str) -> bool:
    """Return whether an Accept header lists the media type, with any quality; `*/*` does not count."""
    return any(each.partition(";")[0].strip() == EVENT_STREAM for each in accepted.lower().split(","))


def _stream(frames: Iterator[bytes]) -> Response:
    # Without the last header nginx buffers the whole response.
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    # The frames are final bytes: werkzeug need not wrap the iterator.
    return Response(frames, mimetype=EVENT_STREAM, headers=headers, direct_passthrough=True)


def _after() -> int:
    """Return the number of the caller's last event: from Last-Event-ID, or else from the address."""
    text = request.headers.get("Last-Event-ID") or request.args.get("after", "") or "0"
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidRequest("invalid_value", "after takes the number of an event.", "after")
    return int(text)


def _waits() -> bool:
    """Return whether the response lasts as long as the turn.

    A browser has few connections, so it may poll with `wait=0` instead.
    """
    text = request.args.get("wait", "1")
    if text not in ("0", "1"):
        raise InvalidRequest("invalid_value", "wait takes 0 or 1.", "wait")
    return text == "1"


def _model(name: str | None) -> str:
    offered = services().settings.models
    if name is None:
        return offered[0]
    if name not in offered:
        raise InvalidRequest("unknown_model", f"model takes one of: {', '.join(offered)}.", "model")
    return name


def _first_title(text: str) -> str:
    """Return the first title of a conversation: the question's first words."""
    line = " ".join(text.split())
    if len(line) <= _TITLE_CHARS:
        return line
    return line[:_TITLE_CHARS].rsplit(" ", 1)[0].rstrip(",.;:") + "…"
