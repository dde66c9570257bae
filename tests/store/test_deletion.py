"""A conversation goes with all that was said in it, never under a running turn, and its numbers go for good."""

from __future__ import annotations

import pytest

from chat.errors import Conflict, NotFound
from chat.messages import Answer, ToolCall, ToolCallRecord, ToolResult
from chat.store.turns import Progress

from .scenes import RUN, answered, begin, counts, finish

CALL = ToolCallRecord(ToolCall("c.0", "look_up", "{}"), "Looking", 0, 0, ToolResult("{}", "Found"))


def test_everything_said_goes_with_it_and_nothing_else(store, user, conversation):
    kept = store.conversations.create(user)
    answered(store, kept, "Q", "A")
    before = counts(store.database.path)
    gone = store.conversations.create(user)
    first = begin(store, gone)
    store.turns.finish(Progress(first.turn, Answer("A", tool_calls=(CALL,)), "[]"), "completed", None)
    answered(store, gone, "Q, put better", "A", parent_id=None)
    finish(store, store.turns.begin_again(store.owned.message(user, first.turn.message_id)[1], RUN).turn)
    store.conversations.delete(gone)
    after = counts(store.database.path)
    assert {name: after[name] for name in ("conversations", "messages", "tool_calls", "turns")} == {
        name: before[name] for name in ("conversations", "messages", "tool_calls", "turns")
    }
    assert [message.text for message in store.history.of_conversation(kept.id)] == ["Q", "A"]


def test_it_is_refused_while_a_turn_runs(store, user, conversation):
    turn = begin(store, conversation).turn
    with pytest.raises(Conflict):
        store.conversations.delete(conversation)
    finish(store, turn, "Whole.")
    assert store.owned.turn(user, turn.id)[1].status == "completed"
    store.conversations.delete(conversation)
    with pytest.raises(NotFound):
        store.owned.conversation(user, conversation.id)


def test_deleting_twice_is_deleting_once(store, conversation):
    store.conversations.delete(conversation)
    store.conversations.delete(conversation)


def test_numbers_are_not_given_out_again(store, user, conversation):
    old = answered(store, conversation, "Q", "A")
    store.conversations.delete(conversation)
    again = store.conversations.create(user)
    new = answered(store, again, "Q", "A")
    assert again.id > conversation.id
    assert new.id > old.id
    assert new.user_message_id > old.message_id


def test_what_is_deleted_is_not_found_by_its_turn(store, conversation):
    turn = answered(store, conversation, "Q", "A")
    store.conversations.delete(conversation)
    assert store.turns.get(turn.id) is None
    assert store.turns.ended(turn.id) is None
    assert store.history.of_conversation(conversation.id) == []
    assert store.history.path_to(turn.message_id, 10) == []
    with pytest.raises(NotFound):
        store.turns.answer(turn)


def test_renaming_what_is_deleted_changes_nothing(store, user, conversation):
    store.conversations.delete(conversation)
    store.conversations.change(conversation, title="Back", pinned=True)
    assert store.conversations.page(user, 10) == ([], None)
