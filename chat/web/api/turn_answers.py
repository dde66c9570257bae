"""Declared answers, refusals and parameters that the operations on turns share."""

from __future__ import annotations

import msgspec

from chat.turns import event_data
from chat.web.api import examples, schemas
from chat.web.openapi.operation import Answer, EventStream, Parameter, Refusal
from chat.web.openapi.refusals import TURN_RUNNING

_EVENTS: dict[str, type[msgspec.Struct]] = {
    "turn": event_data.TurnData,
    "delta": event_data.TextData,
    "reasoning": event_data.TextData,
    "tool_call": event_data.ToolCallData,
    "tool_progress": event_data.ToolProgressData,
    "tool_result": event_data.ToolResultData,
    "title": event_data.TitleData,
    "error": event_data.ErrorData,
    "done": event_data.DoneData,
}
# The number of an event; 0, like nothing, is before the first one.
_EVENT_NUMBER = {"type": "string", "pattern": "^[0-9]{0,9}$"}
STREAM = EventStream(
    description="The turn's events as server-sent events, to a request that accepts `text/event-stream`.",
    events=_EVENTS,
    examples=examples.EVENTS,
)
STARTED = Answer(
    status=202, content=schemas.StartedTurn, example=examples.STARTED_TURN, description="The turn, to follow elsewhere."
)
OF_BEGINNINGS = (
    Refusal(307, "restarting", "This worker is about to end; send the request again."),
    TURN_RUNNING,
    Refusal(422, "unknown_model", "model takes one of: gpt-5-mini.", "model"),
    Refusal(429, "too_many_turns", "32 answers are being written for you already; wait until one of them has ended."),
)
OF_FOLLOWERS = (
    Parameter(
        name="Last-Event-ID",
        location="header",
        schema=_EVENT_NUMBER,
        description="Number of the last event that was received; before `after`",
    ),
    Parameter(name="after", schema=_EVENT_NUMBER, description="Number of the last event that was received"),
    Parameter(
        name="wait",
        schema={"type": "string", "enum": ["0", "1"], "default": "1"},
        description="0: only the events that exist now. 1: until the turn's end",
    ),
)
