"""Examples of answers and bodies for the OpenAPI document. Their types are those of real ones."""

from __future__ import annotations

from typing import Any

from chat.turns import event_data
from chat.web.api import json_body, schemas
from config.version import VERSION

_AT = "2026-03-02T09:30:00.000Z"

ME = schemas.Me(
    user=schemas.User(id=3, name=None),
    instructions="Answer in short sentences.",
    welcome=schemas.Welcome(greeting="What would you like to know?", starters=["Show me China market data"]),
    mode="async",
    models=["gpt-5-mini"],
    default_model="gpt-5-mini",
    limits=schemas.Limits(message_chars=32_000, title_chars=200, instruction_chars=4_000, turn_seconds=600),
    features=schemas.Features(
        demo=False,
        search=True,
        share=True,
        temporary=True,
        archive=True,
        export_all=True,
        titles=True,
        export=["json", "md"],
    ),
    version=VERSION,
)
INSTRUCTIONS = schemas.Instructions(text="Answer in short sentences.")

_FIELDS: dict[str, Any] = {
    "id": 7,
    "title": "China market data",
    "created_at": _AT,
    "updated_at": _AT,
    "pinned": False,
    "running": False,
    "temporary": False,
    "archived": False,
}
CONVERSATION = schemas.Conversation(**_FIELDS)
CONVERSATIONS = schemas.Conversations(
    items=[
        schemas.ListedConversation(
            **_FIELDS,
            snippet=schemas.Snippet(text="Show me China market data", marks=[(8, 13)], message_id=21),
        )
    ],
    next_cursor=None,
)

_USAGE = event_data.UsageData(prompt_tokens=410, completion_tokens=96, total_tokens=506)
_TOOL_CALL = schemas.ToolCall(
    id="call_1",
    name="market_data",
    arguments='{"country": "China"}',
    label="Looking up China at the World Bank",
    text_offset=0,
    result=event_data.ToolResultData(
        id="call_1", name="market_data", ok=True, summary="5 indicators for China", duration_ms=820
    ),
)
_QUESTION = schemas.Message(
    id=21,
    parent_id=None,
    role="user",
    text="Show me China market data",
    status="completed",
    created_at=_AT,
)
_ANSWER = schemas.Message(
    id=22,
    parent_id=21,
    role="assistant",
    text="China's GDP grew by 5.0 % in 2024.",
    status="completed",
    created_at=_AT,
    turn_id=11,
    model="gpt-5-mini",
    usage=_USAGE,
    duration_ms=4_120,
    tool_calls=[_TOOL_CALL],
)
CONVERSATION_WITH_MESSAGES = schemas.ConversationWithMessages(
    **_FIELDS,
    head_id=22,
    shared=False,
    messages=[_QUESTION, _ANSWER],
)

STARTED_TURN = schemas.StartedTurn(turn_id=11, user_message_id=21, message_id=22, events_url="/api/turns/11/events")
EVENTS = {
    "turn": event_data.TurnData(
        turn_id=11,
        conversation_id=7,
        user_message_id=21,
        message_id=22,
        mode="async",
        worker="host:4711",
        model="gpt-5-mini",
    ),
    "delta": event_data.TextData("China's GDP grew by 5.0 % in 2024."),
    "done": event_data.DoneData(
        status="completed",
        usage=_USAGE,
        duration_ms=4_120,
        timings=event_data.TimingsData(queued=1, model_first=640, tools=820),
    ),
}
TURN = schemas.Turn(
    id=11,
    status="completed",
    text="China's GDP grew by 5.0 % in 2024.",
    conversation_id=7,
    user_message_id=21,
    message_id=22,
    mode="async",
    started_at=_AT,
    ended_at="2026-03-02T09:30:04.120Z",
    turn_id=11,
    model="gpt-5-mini",
    usage=_USAGE,
    duration_ms=4_120,
    tool_calls=[_TOOL_CALL],
)

FEEDBACK = schemas.Feedback(value=1, comment="Exactly what I needed.")
SHARE = schemas.Share(url="/s/0vXh3mZ1cD5sWq8y", created_at=_AT)
SHARED = schemas.SharedConversation(title="China market data", created_at=_AT, messages=[_QUESTION, _ANSWER])

COUNTS = schemas.DataCounts(conversations=12, messages=118, shares=1, instructions=True)
DELETED = schemas.DeletedData(deleted=COUNTS)
_EXPORTED = schemas.ExportedConversation(
    **_FIELDS,
    head_id=22,
    messages=[_QUESTION, _ANSWER],
)
EXPORT = schemas.Export(
    exported_by=f"Parley {VERSION}",
    exported_at="2026-03-02T10:00:00Z",
    instructions="Answer in short sentences.",
    conversations=[_EXPORTED],
)
CONVERSATION_FILE = schemas.ConversationFile(
    **_FIELDS,
    head_id=22,
    messages=[_QUESTION, _ANSWER],
    exported_by=f"Parley {VERSION}",
)
MARKDOWN = (
    "# China market data\n\n*2026-03-02*\n\n## You\n\nShow me China market data\n\n## Assistant\n\n"
    "China's GDP grew by 5.0 % in 2024.\n"
)

CREATE_CONVERSATION = {
    "empty": json_body.CreateConversation(),
    "temporary": json_body.CreateConversation("A trip", temporary=True),
}
UPDATE_CONVERSATION = {
    "rename": json_body.UpdateConversation(title="China"),
    "archive": json_body.UpdateConversation(archived=True),
}
UPDATE_INSTRUCTIONS = {"instructions": json_body.UpdateInstructions("Answer in short sentences.")}
BEGIN_TURN = {
    "question": json_body.BeginTurn("Show me China market data", client_id="4f2c9a"),
    "new beginning": json_body.BeginTurn("Show me India market data", parent_id=None),
}
REGENERATE_ANSWER = {
    "again": json_body.RegenerateAnswer(),
    "shorter": json_body.RegenerateAnswer(wish="shorter"),
}
CONTINUE_ANSWER = {"continue": json_body.ContinueAnswer()}
GIVE_FEEDBACK = {
    "good": json_body.GiveFeedback(1, "Exactly what I needed."),
    "remove": json_body.GiveFeedback(None),
}
CREATE_SHARE = {"newest branch": json_body.CreateShare(), "a branch": json_body.CreateShare(leaf_id=22)}
