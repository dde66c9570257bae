"""Deletion of conversations: complete, in batches, and never during a running turn."""

from __future__ import annotations

import re

import pytest

from chat.errors import Conflict, NotFound
from chat.messages import Answer, ToolCall, ToolCallRecord, ToolResult
from chat.store.turns import Progress

from .engines import counts
from .scenarios import RUN, begin, completed_turn, delete, finish, long_branch, remove_all

CALL = ToolCallRecord(ToolCall("c.0", "look_up", "{}"), "Looking", 0, 0, ToolResult("{}", "Found"))


def test_all_rows_of_the_conversation_are_removed_and_no_others(store, user, conversation):
    remaining = store.conversations.create(user)
    completed_turn(store, remaining, "Q", "A")
    before = counts(store.engine)
    deleted = store.conversations.create(user)
    first = begin(store, deleted)
    store.turns.finish(Progress(first.turn, Answer("A", tool_calls=(CALL,)), "[]"), "completed", None)
    completed_turn(store, deleted, "Q, put better", "A", parent_id=None)
    finish(store, store.turns.begin_alternative(store.ownership.message(user, first.turn.message_id)[1], RUN).turn)
    delete(store, deleted)
    after = counts(store.engine)
    assert {name: after[name] for name in ("conversations", "messages", "tool_calls", "turns")} == {
        name: before[name] for name in ("conversations", "messages", "tool_calls", "turns")
    }
    assert [message.text for message in store.history.of_conversation(remaining.id)] == ["Q", "A"]


def test_it_is_refused_while_a_turn_runs(store, user, conversation):
    turn = begin(store, conversation).turn
    with pytest.raises(Conflict):
        delete(store, conversation)
    finish(store, turn, "Whole.")
    assert store.ownership.turn(user, turn.id)[1].status == "completed"
    delete(store, conversation)
    with pytest.raises(NotFound):
        store.ownership.conversation(user, conversation.id)


def test_deleting_twice_is_deleting_once(store, conversation):
    delete(store, conversation)
    delete(store, conversation)


def test_numbers_are_not_given_out_again(store, user, conversation):
    old = completed_turn(store, conversation, "Q", "A")
    delete(store, conversation)
    again = store.conversations.create(user)
    new = completed_turn(store, again, "Q", "A")
    assert again.id > conversation.id
    assert new.id > old.id
    assert new.user_message_id > old.message_id


def test_what_is_deleted_is_not_found_by_its_turn(store, conversation):
    turn = completed_turn(store, conversation, "Q", "A")
    delete(store, conversation)
    assert store.turns.get(turn.id) is None
    assert store.turns.with_answer(turn.id) is None
    assert store.history.of_conversation(conversation.id) == []
    assert store.history.path_to(turn.message_id, 10) == []
    with pytest.raises(NotFound):
        store.turns.answer(turn)


def test_renaming_what_is_deleted_changes_nothing(store, user, conversation):
    delete(store, conversation)
    store.conversations.change(conversation, title="Back", pinned=True)
    assert store.conversations.page(user, 10) == ([], None)


@pytest.mark.parametrize("turns", [1, 499, 500, 501, 2_000])
def test_a_long_one_goes_as_a_short_one_does(store, user, conversation, turns):
    before = counts(store.engine)
    deleted = store.conversations.create(user, "A long one")
    long_branch(store, deleted, turns)
    delete(store, deleted)
    store.index.index_user(user)
    after = counts(store.engine)
    # Without the indexes' own tables.
    assert {name: count for name, count in after.items() if not re.search("_search_|sequence", name)} == {
        name: count for name, count in before.items() if not re.search("_search_|sequence", name)
    }


@pytest.fixture
def hidden(store, user):
    """Return a deleted conversation with a turn, feedback and a share, of which no row is removed yet."""
    conversation = store.conversations.create(user, "A hidden pangolin")
    turn = completed_turn(store, conversation, "Why a pangolin?", "Because of a pangolin.")
    store.feedback.give(store.ownership.message(user, turn.message_id)[1], 1, "Good.")
    share, _ = store.shares.share(conversation)
    message = store.ownership.message(user, turn.message_id)[1]
    store.index.index_user(user)
    store.removal.request_budget_s = 0
    store.conversations.delete(conversation)
    assert counts(store.engine)["messages"] == 2
    return conversation, turn, message, share


class TestFromTheMomentItIsDeleted:
    def test_its_owner_does_not_find_it(self, store, user, hidden):
        conversation, turn, message, _ = hidden
        for look in (
            lambda: store.ownership.conversation(user, conversation.id),
            lambda: store.ownership.message(user, message.id),
            lambda: store.ownership.turn(user, turn.id),
        ):
            with pytest.raises(NotFound):
                look()
        assert store.conversations.page(user, 10) == ([], None)
        assert store.conversations.page(user, 10, which="pinned") == ([], None)

    def test_search_does_not_find_it(self, store, user, stranger, hidden):
        for person in (user, stranger):
            assert store.search.find(person, "pangolin", 10, "") == ([], None)

    def test_its_shared_link_is_not_found(self, store, hidden):
        assert not store.shares.exists(hidden[3].token)
        with pytest.raises(NotFound):
            store.shares.contents(hidden[3].token)

    def test_nothing_can_be_done_in_it_with_what_was_loaded_before(self, store, user, hidden):
        conversation, _, message, _ = hidden
        for act in (
            lambda: begin(store, conversation),
            lambda: store.turns.begin_alternative(message, RUN),
            lambda: store.shares.share(conversation),
        ):
            with pytest.raises(NotFound):
                act()

    def test_a_new_process_removes_it(self, store, open_store, hidden):
        remove_all(open_store())
        left = counts(store.engine)
        assert [left[name] for name in ("messages", "turns", "feedback", "shares", "message_search")] == [0] * 5


class TestBatches:
    @pytest.fixture(autouse=True)
    def smallest(self, store):
        """End each batch after one message, and remove nothing in the request."""
        store.removal.request_budget_s = store.removal.batch_s = 0

    def test_a_batch_is_short_for_a_conversation_of_any_length(self, store, conversation):
        long_branch(store, conversation, 20)
        store.conversations.delete(conversation)
        (left,) = store.removal.pending(10)
        for messages in range(39, 19, -1):
            left = store.removal.remove_batch(left)
            assert counts(store.engine)["messages"] == messages
        assert store.removal.pending(10) == [left]

    def test_two_workers_take_turns(self, store, conversation):
        long_branch(store, conversation, 5)
        store.conversations.delete(conversation)
        (seen,) = store.removal.pending(10)
        assert store.removal.remove_batch(seen) is not None
        before = counts(store.engine)
        assert store.removal.remove_batch(seen) is None
        assert counts(store.engine) == before
        remove_all(store)
        assert counts(store.engine)["messages"] == 0
