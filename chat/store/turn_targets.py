"""State of the conversations in which turns are to begin. Call these functions inside a write."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from chat.store import history
from chat.store.begin_requests import BeginRequest, StartedTurn
from chat.store.engines.contract import Engine
from chat.store.ownership import owned
from chat.store.rows import named
from chat.store.sessions import Owner

# A request is (position, conversation id, client_id, digest of a session's token).
COLUMNS = """
    asked.column1, conversations.id, user_id, head_id, title = '', active_turn_id IS NOT NULL, provisional,
    (SELECT instructions FROM users WHERE users.id = user_id),
    (SELECT COUNT(*) FROM conversations AS others
     WHERE others.user_id = conversations.user_id AND others.active_turn_id IS NOT NULL),
    (SELECT sessions.user_id FROM sessions WHERE token_digest = asked.column4),
    (SELECT turns.id FROM turns WHERE conversation_id = conversations.id AND client_id = asked.column3)
"""
SOURCE = "FROM (VALUES {rows}) AS asked JOIN conversations ON conversations.id = asked.column2"
# Locked, so that of two requests with one client_id the second sees the turn of the first, and their users, so that
# the running turns of each can be counted.
_CONVERSATIONS = "FROM conversations WHERE id = ANY(?)"
_USERS = "FROM users WHERE id IN (SELECT user_id FROM conversations WHERE id = ANY(?))"

SENT_BEFORE = f"""
    SELECT {", ".join(f"turns.{name}" for name in history.TURN_COLUMNS.split(", "))}, parent_id, text
    FROM turns JOIN messages ON messages.id = user_message_id WHERE turns.id = ANY(?)
"""  # noqa: S608 - our own columns


@dataclass(frozen=True, slots=True)
class Target:
    """The state of a conversation before its turn begins.

    `session_user` is the user of the request's session, and `sent_before` the turn with its client_id; None: no such.
    """

    id: int
    user_id: int
    head_id: int | None
    untitled: bool
    claimed: bool
    provisional: bool
    instructions: str | None
    running: int
    session_user: int | None
    sent_before: int | None


def lock_targets(engine: Engine, requests: Sequence[BeginRequest]) -> dict[int, Target]:
    """Lock the conversations of requests, and their users. Return them by the position of the request."""
    return _lock(
        engine,
        [
            (position, each.conversation_id, each.question.client_id, _digest(each.owner))
            for position, each in enumerate(requests)
        ],
    )


def lock_target(engine: Engine, conversation_id: int) -> Target | None:
    """Lock one conversation and its user. Return None if it is deleted."""
    return _lock(engine, [(0, conversation_id, None, None)]).get(0)


def _lock(engine: Engine, rows: Sequence[tuple[int, int, str | None, str | None]]) -> dict[int, Target]:
    conversations = engine.array({row[1] for row in rows})
    engine.lock(_USERS, (conversations,))
    engine.lock(_CONVERSATIONS, (conversations,))
    return {row[0]: Target(*row[1:]) for row in engine.select_for_rows(COLUMNS, SOURCE, rows)}


def _digest(owner: Owner) -> str | None:
    return None if isinstance(owner, int) else owner.digest


def owned_target(target: Target | None, owner: Owner) -> Target:
    """Return the target. Raises NotFound if it does not belong to the owner of the request."""
    session_user = None if target is None else target.session_user
    return owned(target, owner if isinstance(owner, int) else session_user)


def turns_sent_before(engine: Engine, targets: Iterable[Target]) -> dict[int, StartedTurn]:
    """Return the turns in `sent_before` of targets, by their ids."""
    turn_ids = [target.sent_before for target in targets if target.sent_before is not None]
    rows = named(engine.execute(SENT_BEFORE, (engine.array(turn_ids),))) if turn_ids else []
    return {row["id"]: StartedTurn(history.turn_from_row(row), False, row["parent_id"], row["text"]) for row in rows}
