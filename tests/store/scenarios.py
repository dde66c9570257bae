"""Steps of a conversation as one-line calls, and concurrent calls from many threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from chat.errors import ParleyError
from chat.messages import Answer
from chat.store import Store
from chat.store.records import COMPLETED, Conversation, Turn, TurnError
from chat.store.removal import HiddenConversation
from chat.store.turns import CheckpointDelta, Progress, Question, Run, StartedTurn

RUN = Run("a-model", "sync", "here:1")
DIED = TurnError("turn_interrupted", "The server stopped.", True)


def begin(store: Store, conversation: Conversation, text: str = "Why?", **question: Any) -> StartedTurn:
    return store.turns.begin(conversation.user_id, conversation.id, Question(text, **question), RUN)


def finish(store: Store, turn: Turn, text: str = "Because.", status: str = COMPLETED) -> Turn | None:
    return store.turns.finish(Progress(turn, Answer(text), f"[{len(text)}]"), status, None)


def checkpoint_delta(
    turn: Turn, text: str = "", first: int = 0, event_offsets: str = "", **more: Any
) -> CheckpointDelta:
    """Return a checkpoint delta of one event, unless `event_offsets` is given."""
    fields = {"reasoning": "", "tool_calls": {}} | more
    return CheckpointDelta(turn, first, text, event_offsets=event_offsets or f"[{len(text)}]", **fields)


def completed_turn(store: Store, conversation: Conversation, question: str, answer: str, **more: Any) -> Turn:
    """Run a whole turn and return its final state."""
    ended = finish(store, begin(store, conversation, question, **more).turn, answer)
    assert ended is not None
    return ended


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Call `work` in `count` threads at the same moment. Return the results, or the ParleyErrors raised, in order."""
    ready = threading.Barrier(count)

    def run(number: int) -> Any:
        ready.wait()
        try:
            return work(number)
        except ParleyError as error:
            return error

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


def delete(store: Store, conversation: Conversation) -> None:
    """Delete a conversation and remove all its rows."""
    store.conversations.delete(conversation)
    remove_all(store)


def remove_all(store: Store) -> None:
    """Remove all hidden conversations, as a worker does."""
    while pending := store.removal.pending(10):
        for conversation in pending:
            left: HiddenConversation | None = conversation
            while left is not None:
                left = store.removal.remove_batch(left)


_AT_ONCE = 200  # turns of one write, whose time is limited


def long_branch(store: Store, conversation: Conversation, turns: int) -> int:
    """Write a branch of ended turns with their index entries. Return the id of the last answer."""
    last = None
    for begun in range(0, turns, _AT_ONCE):
        last = _longer_branch(store, conversation, min(_AT_ONCE, turns - begun), last)
    assert last is not None
    return last


def _longer_branch(store: Store, conversation: Conversation, turns: int, last: int | None) -> int:
    engine = store.engine

    def work() -> int:
        ids = list(engine.allocate_ids({"messages": 2 * turns})["messages"])
        messages = [
            (message, conversation.id, parent, "assistant" if position % 2 else "user", f"said {position + 1}", "", 0)
            for position, (message, parent) in enumerate(zip(ids, [last, *ids[:-1]], strict=True))
        ]
        engine.execute_rows(
            "INSERT INTO messages (id, conversation_id, parent_id, role, text, reasoning, created_at) VALUES {rows}",
            messages,
        )
        engine.execute_rows(
            "INSERT INTO turns (conversation_id, user_message_id, message_id, status, model, mode, worker, marks, "
            "prompt_tokens, completion_tokens, started_at, lease_until) VALUES {rows}",
            [
                (conversation.id, question, answer, "completed", "m", "sync", "h:1", "[]", 0, 0, 0, 0)
                for question, answer in zip(ids[::2], ids[1::2], strict=True)
            ],
        )
        engine.full_text.put("message", [(each[0], conversation.user_id, each[4]) for each in messages])
        engine.execute("UPDATE conversations SET head_id = ? WHERE id = ?", (ids[-1], conversation.id))
        return ids[-1]

    return engine.write_exclusive(work)


def search(store: Store, user: int, query: str, limit: int = 50) -> list[int]:
    """Return the conversations on the first page of a search."""
    return [hit.conversation.id for hit in store.search.find(user, query, limit)[0]]
