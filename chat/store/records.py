"""What the repositories give out: plain frozen values, times as milliseconds since 1970 UTC."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from chat.messages import Answer, Role, ToolCallRecord, Usage

# A turn's status: running, then one of completed, stopped, failed and interrupted.
RUNNING = "running"
COMPLETED = "completed"
STOPPED = "stopped"
FAILED = "failed"
INTERRUPTED = "interrupted"


def now_ms() -> int:
    return int(time.time() * 1000)


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
    """Why a turn did not complete, as its `error` event tells it.

    `reason` is the model's endpoint's own, a part of the message too; `retry_after_s` is how long it asked to wait.
    """

    code: str
    message: str
    retryable: bool
    reason: str = ""
    retry_after_s: int | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """`worker` is the home of a running turn, `host:pid`; `notices` are codes of `chat.messages.Notice`."""

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

    @property
    def duration_ms(self) -> int | None:
        return None if self.ended_at is None else max(0, self.ended_at - self.started_at)


@dataclass(frozen=True, slots=True)
class Run:
    """Where and with what a turn runs."""

    model: str
    mode: str
    worker: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a turn has come: its whole answer, and the marks of its events.

    `elapsed_ms` is how long it has run, by a clock that is never put forward or back.
    """

    turn: Turn
    answer: Answer
    event_offsets: str
    elapsed_ms: int = 0


@dataclass(frozen=True, slots=True)
class CheckpointDelta:
    """What has come of a turn since its last checkpoint, `marks` with it; `first` is how many of these came before.

    `tool_calls` are those that began or ended, by their position.
    """

    turn: Turn
    first: int
    text: str
    reasoning: str
    event_offsets: str
    tool_calls: Mapping[int, ToolCallRecord]


@dataclass(frozen=True, slots=True)
class Message:
    """`turn` and `tool_calls` belong to answers."""

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
    """A stretch of the branch that ends at `leaf_id`, oldest message first.

    `siblings` has, for each message's id, the ids of all that stand in its place, itself among them, in the
    order in which they were made; `feedback` what was thought of some answers, 1 or -1. `more` is whether
    the branch goes on before the first message.
    """

    leaf_id: int | None
    messages: list[Message]
    siblings: dict[int, list[int]]
    feedback: dict[int, int]
    more: bool


@dataclass(frozen=True, slots=True)
class Share:
    """A link that is out. `created_at` is when what it shows was last renewed."""

    token: str
    created_at: int


@dataclass(frozen=True, slots=True)
class Snippet:
    """Plain text around a hit. `marks` are begin and end of each word, in characters of `text`."""

    text: str
    marks: list[tuple[int, int]]
    message_id: int | None  # None: it is the title


@dataclass(frozen=True, slots=True)
class SearchHit:
    conversation: Conversation
    snippet: Snippet
