"""Types of the API's answers. The OpenAPI document is made from them. A field that is UNSET is absent from the JSON."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from chat.store.records import COMPLETED, FAILED, INTERRUPTED, RUNNING, STOPPED
from chat.turns.event_data import ErrorData, ToolCallData, ToolResultData, UsageData

Time = Annotated[str, Meta(description="ISO 8601, UTC", extra_json_schema={"format": "date-time"})]
Mode = Annotated[str, Meta(extra_json_schema={"enum": ["async", "sync"]})]
Status = Annotated[str, Meta(extra_json_schema={"enum": [RUNNING, COMPLETED, STOPPED, FAILED, INTERRUPTED]})]
Role = Annotated[str, Meta(extra_json_schema={"enum": ["user", "assistant"]})]
FeedbackValue = Annotated[int, Meta(extra_json_schema={"enum": [1, -1]})]


class User(Struct, frozen=True, kw_only=True):
    """The caller. `id` is null until the browser has written something."""

    id: int | None
    name: str | None


class Welcome(Struct, frozen=True, kw_only=True):
    """Texts of an empty chat: the greeting, and questions to begin with."""

    greeting: str
    starters: list[str]


class Limits(Struct, frozen=True, kw_only=True):
    """The longest texts in characters, and the longest turn in seconds."""

    message_chars: int
    title_chars: int
    instruction_chars: int
    turn_seconds: float


class Features(Struct, frozen=True, kw_only=True):
    """Features of this server. `demo`: answers are canned, because no model is configured."""

    demo: bool
    search: bool
    share: bool
    temporary: bool
    archive: bool
    export_all: bool
    titles: bool
    export: list[str]


class Me(Struct, frozen=True, kw_only=True):
    """The caller, and what this server is and offers."""

    user: User
    instructions: str
    welcome: Welcome
    mode: Mode
    models: list[str]
    default_model: str
    limits: Limits
    features: Features
    version: str


class Instructions(Struct, frozen=True, kw_only=True):
    """The user's instructions for every answer; "" if there are none."""

    text: str


class Conversation(Struct, frozen=True, kw_only=True):
    """A conversation. `running`: an answer is being written in it."""

    id: int
    title: str
    created_at: Time
    updated_at: Time
    pinned: bool
    running: bool
    temporary: bool
    archived: bool


class Snippet(Struct, frozen=True, kw_only=True):
    """Plain text around a search hit. `marks` are begin and end of each hit in code points.

    `message_id` is null for a hit in the title.
    """

    text: str
    marks: list[tuple[int, int]]
    message_id: int | None


class ListedConversation(Conversation, frozen=True, kw_only=True):
    """A conversation in a list. Search results have a `snippet`."""

    snippet: Snippet | UnsetType = UNSET


class Conversations(Struct, frozen=True, kw_only=True):
    """A page of conversations. `next_cursor` is the `cursor` of the next page; null on the last one."""

    items: list[ListedConversation]
    next_cursor: str | None


class ToolCall(ToolCallData, frozen=True, kw_only=True):
    """A tool call of an answer, at `text_offset` characters of its text. `result` is absent while the tool runs."""

    text_offset: int
    result: ToolResultData | UnsetType = UNSET


class Message(Struct, frozen=True, kw_only=True):
    """A question or an answer.

    Answers have `turn_id`, `model` and `tool_calls`; after their end also `usage` and `duration_ms`. Pages of a branch
    have `siblings`, the ids of all versions of a message, and for answers `feedback`.
    """

    id: int
    parent_id: int | None
    role: Role
    text: str
    status: Status
    created_at: Time
    turn_id: int | UnsetType = UNSET
    model: str | UnsetType = UNSET
    error: ErrorData | UnsetType = UNSET
    usage: UsageData | UnsetType = UNSET
    duration_ms: int | UnsetType | None = UNSET
    notices: list[str] | UnsetType = UNSET
    tool_calls: list[ToolCall] | UnsetType = UNSET
    reasoning: str | UnsetType = UNSET
    siblings: list[int] | UnsetType = UNSET
    feedback: FeedbackValue | UnsetType | None = UNSET


class ConversationWithMessages(Conversation, frozen=True, kw_only=True):
    """A conversation with all messages, or with a page of one branch.

    `head_id` is the end of the newest branch. A page has `leaf_id`, the end of its branch, and `previous`, the value of
    `before` for the next older page (null on the oldest one).
    """

    head_id: int | None
    shared: bool
    leaf_id: int | UnsetType | None = UNSET
    messages: list[Message]
    previous: int | UnsetType | None = UNSET


class StartedTurn(Struct, frozen=True, kw_only=True):
    """A turn that has begun. Follow it at `events_url`."""

    turn_id: int
    user_message_id: int
    message_id: int
    events_url: str


class Turn(Struct, frozen=True, kw_only=True):
    """A turn with its answer so far. `usage` and `duration_ms` come with its end."""

    id: int
    status: Status
    text: str
    conversation_id: int
    user_message_id: int
    message_id: int
    mode: Mode
    started_at: Time
    ended_at: Time | None
    turn_id: int
    model: str
    error: ErrorData | UnsetType = UNSET
    usage: UsageData | UnsetType = UNSET
    duration_ms: int | UnsetType | None = UNSET
    notices: list[str] | UnsetType = UNSET
    tool_calls: list[ToolCall]
    reasoning: str | UnsetType = UNSET


class Feedback(Struct, frozen=True, kw_only=True):
    """The caller's feedback on an answer."""

    value: FeedbackValue | None
    comment: str | None


class Share(Struct, frozen=True, kw_only=True):
    """A link with which anyone can read a conversation. `created_at`: the time when its content was last updated."""

    url: str
    created_at: Time


class SharedConversation(Struct, frozen=True, kw_only=True):
    """A shared conversation: the branch as it was when it was shared."""

    title: str
    created_at: Time
    messages: list[Message]


class DataCounts(Struct, frozen=True, kw_only=True):
    """Numbers of the caller's objects. `instructions`: whether there are any."""

    conversations: int
    messages: int
    shares: int
    instructions: bool


class DeletedData(Struct, frozen=True, kw_only=True):
    """Numbers of the objects that were deleted."""

    deleted: DataCounts


class ExportedConversation(Conversation, frozen=True, kw_only=True):
    """A conversation in an export, with the messages of all branches."""

    head_id: int | None
    messages: list[Message]


class ConversationFile(ExportedConversation, frozen=True, kw_only=True):
    """An exported file of one conversation."""

    exported_by: str


class AboutExport(Struct, frozen=True, kw_only=True):
    """The head of an export of all data."""

    exported_by: str
    exported_at: Time
    instructions: str


class Export(AboutExport, frozen=True, kw_only=True):
    """An exported file of many conversations."""

    conversations: list[ExportedConversation]
