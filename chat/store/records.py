"""Plain frozen values that the repositories return. Times are milliseconds since 1970, UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chat.messages import Answer, Role, ToolCallRecord, Usage

# Status of a turn: running, then one of completed, stopped, failed and interrupted.
RUNNING = "running"
COMPLETED = "completed"
STOPPED = "stopped"
FAILED = "failed"
INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Conversation:
    id: int
    user_id: int
    title: str
    pinned: bool
    created_at: int
    updated_at: int
    head_id: int | None
    active_turn_id: int | None
    temporary: bool = False
    archived: bool = False


@dataclass(frozen=True, slots=True)
class TurnError:
    """The reason why a turn did not complete, sent in its `error` event.

    `reason` is the text of the model's endpoint, which the message includes. `retry_after_s` is the wait in seconds
    that the endpoint requested.
    """

    code: str
    message: str
    retryable: bool
    reason: str = ""
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class Timings:
    """The phases of a turn in ms: until the agent began, from then to the model's first piece, and in tools.

    `model_first` is None if the model sent nothing.
    """

    queued: int
    model_first: int | None
    tools: int


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn. `worker` (`host:pid`) runs or ran it; `notices` are codes of `chat.messages.Notice`."""

    id: int
    conversation_id: int
    user_message_id: int
    message_id: int
    status: str
    model: str
    mode: str
    worker: str
    event_offsets: str
    error: TurnError | None
    usage: Usage
    started_at: int
    ended_at: int | None
    notices: tuple[str, ...] = ()
    timings: Timings | None = None

    @property
    def duration_ms(self) -> int | None:
        return None if self.ended_at is None else max(0, self.ended_at - self.started_at)


@dataclass(frozen=True, slots=True)
class Run:
    """Model, mode and worker of a turn."""

    model: str
    mode: str
    worker: str


@dataclass(frozen=True, slots=True)
class Progress:
    """The present state of a running turn: its whole answer and its event offsets.

    `elapsed_ms` is its run time by the monotonic clock.
    """

    turn: Turn
    answer: Answer
    event_offsets: str
    elapsed_ms: int = 0
    timings: Timings | None = None


@dataclass(frozen=True, slots=True)
class CheckpointDelta:
    """The part of an answer that is new since the last checkpoint, with its event offsets.

    `first` is the number of event offsets before it. `tool_calls` began or ended since then, by position.
    """

    turn: Turn
    first: int
    text: str
    reasoning: str
    event_offsets: str
    tool_calls: Mapping[int, ToolCallRecord]


@dataclass(frozen=True, slots=True)
class Message:
    """A question or an answer. Only answers have `turn` and `tool_calls`."""

    id: int
    conversation_id: int
    parent_id: int | None
    role: Role
    text: str
    reasoning: str
    created_at: int
    tool_calls: tuple[ToolCallRecord, ...] = ()
    turn: Turn | None = None


@dataclass(frozen=True, slots=True)
class BranchPage:
    """A page of the branch that ends at `leaf_id`, oldest message first.

    `siblings` has, for each message id, the ids of its alternatives and itself in order of creation. `feedback` is 1
    or -1 by answer id. `more` is whether there are messages before the first one.
    """

    leaf_id: int | None
    messages: list[Message]
    siblings: dict[int, list[int]]
    feedback: dict[int, int]
    more: bool


@dataclass(frozen=True, slots=True)
class Share:
    """A shared link. `created_at` is the time when its content was last updated."""

    token: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Snippet:
    """Plain text around a search hit. `marks` are begin and end of each matching word, in characters of `text`."""

    text: str
    marks: list[tuple[int, int]]
    message_id: int | None  # None for a title


@dataclass(frozen=True, slots=True)
class SearchHit:
    conversation: Conversation
    snippet: Snippet
