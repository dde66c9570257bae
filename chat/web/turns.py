"""Asking and following: turns begin here, and their events leave here as server-sent events."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from flask import Blueprint, Response, request, url_for
from flask.typing import ResponseReturnValue

from chat.errors import Conflict, InvalidRequest, NotFound
from chat.runtime.http.thread_slots import RequestKind
from chat.store.records import COMPLETED, RUNNING
from chat.store.turns import HeadOfConversation, Question, StartedTurn
from chat.web import identity, json_body, json_views
from chat.web.services import services

bp = Blueprint("turns", __name__, url_prefix="/api")

_TITLE_CHARS = 60
_CLIENT_ID_CHARS = 100
_EVENT_STREAM = "text/event-stream"
_EVENTS = re.compile(r"/api/turns/[0-9]+/events")


@bp.post("/conversations/<id:conversation_id>/turns")
def ask(conversation_id: int) -> ResponseReturnValue:
    current = services()
    asked = json_body.read(json_body.NewTurn)
    text = json_body.message_text(asked.text)
    question = Question(
        text,
        HeadOfConversation() if asked.parent_id is msgspec.UNSET else asked.parent_id,
        json_body.short(asked.client_id, "client_id", _CLIENT_ID_CHARS),
        _title_of(text),
    )
    if _takes_events():
        current.follower.check_room()
    try:
        # Who asks is found out in the transaction that begins the turn: one call to the database instead of two.
        return _begun(current.runner.begin(identity.owner(), conversation_id, question, _model(asked.model)))
    except NotFound:
        identity.user_id()  # a browser without a known cookie is given one here too
        raise


@bp.post("/messages/<id:message_id>/regenerate")
def ask_again(message_id: int) -> ResponseReturnValue:
    current = services()
    _, message = current.store.owned.message(identity.user_id(), message_id)
    asked = json_body.read(json_body.Again)
    if message.role != "assistant":
        raise InvalidRequest("not_an_answer", "Only an answer can be generated again.")
    return _begun(current.runner.regenerate(message, _model(asked.model), asked.wish or ""))


@bp.post("/messages/<id:message_id>/continue")
def go_on(message_id: int) -> ResponseReturnValue:
    current = services()
    _, message = current.store.owned.message(identity.user_id(), message_id)
    asked = json_body.read(json_body.GoOn)
    if message.role != "assistant" or message.turn is None:
        raise InvalidRequest("not_an_answer", "Only an answer can go on.")
    if message.turn.status == RUNNING:
        raise Conflict("turn_running", "An answer is still being written in this conversation.")
    if message.turn.status == COMPLETED:
        raise Conflict("answer_complete", "This answer is complete.")
    if not message.text.strip() and not message.tool_calls:
        raise Conflict("nothing_to_continue", "Nothing of this answer has come, so it can only be asked for again.")
    before = message.turn.model
    model = before if asked.model is None and before in current.settings.models else _model(asked.model)
    return _begun(current.runner.resume(message, model))


@bp.get("/turns/<id:turn_id>")
def show_turn(turn_id: int) -> dict[str, Any]:
    store = services().store
    _, turn = store.owned.turn(identity.user_id(), turn_id)
    return json_views.turn(turn, store.turns.answer(turn))


@bp.get("/turns/<id:turn_id>/events")
def follow(turn_id: int) -> ResponseReturnValue:
    _, turn = services().store.owned.turn(identity.user_id(), turn_id)
    return _stream(services().follower.frames_for_another(turn, _after(), _waits()))


@bp.post("/turns/<id:turn_id>/stop")
def stop(turn_id: int) -> dict[str, Any]:
    current = services()
    _, turn = current.store.owned.turn(identity.user_id(), turn_id)
    json_body.read(json_body.Nothing)
    stopped = current.stopper.stop(turn)
    return json_views.turn(stopped, current.store.turns.answer(stopped))


def _begun(begun: StartedTurn) -> ResponseReturnValue:
    turn = begun.turn
    if _takes_events():
        return _stream(services().follower.frames(turn.id, 0))
    return {
        "turn_id": turn.id,
        "user_message_id": turn.user_message_id,
        "message_id": turn.message_id,
        "events_url": url_for("turns.follow", turn_id=turn.id),
    }, 202


def request_kind(method: str, path: str, accepted: str) -> RequestKind:
    """How long a request may last, as far as its head tells."""
    if method == "POST" and _names_events(accepted):
        return RequestKind.TURN
    return RequestKind.FOLLOW if method == "GET" and _EVENTS.search(path) else RequestKind.SHORT


def _takes_events() -> bool:
    return _names_events(request.headers.get("Accept", ""))


def _names_events(accepted: str) -> bool:
    """Whether the caller names the media type, however little it likes it; `*/*` does not."""
    return any(each.partition(";")[0].strip() == _EVENT_STREAM for each in accepted.lower().split(","))


def _stream(frames: Iterator[bytes]) -> Response:
    # Without the last header nginx keeps an answer until it is whole.
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    # They are bytes as they are to go out: nothing is to be wrapped around them.
    return Response(frames, mimetype=_EVENT_STREAM, headers=headers, direct_passthrough=True)


def _after() -> int:
    """The number of the last event that the caller has: a browser's own header wins over the address."""
    text = request.headers.get("Last-Event-ID") or request.args.get("after", "") or "0"
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InvalidRequest("invalid_value", "after takes the number of an event.", "after")
    return int(text)


def _waits() -> bool:
    """Whether the answer lasts as long as the turn. A browser has few connections: it may ask for news instead."""
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


def _title_of(text: str) -> str:
    """A first title: the question's first words."""
    line = " ".join(text.split())
    if len(line) <= _TITLE_CHARS:
        return line
    return line[:_TITLE_CHARS].rsplit(" ", 1)[0].rstrip(",.;:") + "…"
