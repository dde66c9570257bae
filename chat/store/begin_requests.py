"""Requests to begin turns, and their results."""

from __future__ import annotations

from dataclasses import dataclass, field

from chat.store.records import Run, Turn
from chat.store.sessions import Owner


@dataclass(frozen=True, slots=True)
class HeadOfConversation:
    """The parent of a question that follows the conversation's current head."""


@dataclass(frozen=True, slots=True)
class Question:
    """A user's message to be answered. A `parent_id` of None begins another branch at the root."""

    text: str
    parent_id: int | HeadOfConversation | None = field(default_factory=HeadOfConversation)
    client_id: str | None = None
    title: str = ""  # the conversation's title, if it has none yet


@dataclass(frozen=True, slots=True)
class StartedTurn:
    """A turn that has begun, or the earlier turn if its `client_id` was sent before (`created` is then False).

    `text` is the question and `parent_id` the message it follows. `new_title` is the title set by this turn, or "".
    `provisional` is whether a model may replace the title. `instructions` are the user's own. `user_id` is the user
    who asked; 0 for an earlier turn.
    """

    turn: Turn
    created: bool
    parent_id: int | None
    text: str
    new_title: str = ""
    provisional: bool = False
    instructions: str = ""
    user_id: int = 0


@dataclass(frozen=True, slots=True)
class BeginRequest:
    """A request to begin a turn. The transaction checks that `owner` owns the conversation."""

    owner: Owner
    conversation_id: int
    question: Question
    run: Run
