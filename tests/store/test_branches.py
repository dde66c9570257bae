"""Edited questions and second answers are siblings; a path goes through one of them."""

from __future__ import annotations

import pytest

from chat.errors import InvalidRequest, NotFound

from .scenarios import RUN, begin, completed_turn, delete, finish


def texts(messages):
    return [message.text for message in messages]


def test_questions_follow_each_other_by_default(store, user, conversation):
    first = completed_turn(store, conversation, "Q1", "A1")
    second = completed_turn(store, conversation, "Q2", "A2")
    assert texts(store.history.path_to(second.message_id, 10)) == ["Q1", "A1", "Q2", "A2"]
    assert store.ownership.message(user, second.user_message_id)[1].parent_id == first.message_id


def test_an_edited_question_keeps_the_first(store, user, conversation):
    first = completed_turn(store, conversation, "Q1", "A1")
    second = completed_turn(store, conversation, "Q2", "A2")
    edited = completed_turn(store, conversation, "Q2, put better", "A2'", parent_id=first.message_id)
    assert texts(store.history.path_to(edited.message_id, 10)) == ["Q1", "A1", "Q2, put better", "A2'"]
    assert texts(store.history.path_to(second.message_id, 10)) == ["Q1", "A1", "Q2", "A2"]
    assert len(store.history.of_conversation(conversation.id)) == 6
    assert store.ownership.conversation(user, conversation.id).head_id == edited.message_id


def test_an_edited_first_question_is_a_second_root(store, conversation):
    completed_turn(store, conversation, "Q1", "A1")
    edited = completed_turn(store, conversation, "Q1, put better", "A1'", parent_id=None)
    assert texts(store.history.path_to(edited.message_id, 10)) == ["Q1, put better", "A1'"]
    assert texts(store.history.of_conversation(conversation.id)) == ["Q1", "A1", "Q1, put better", "A1'"]


def test_a_second_answer_keeps_the_first(store, user, conversation):
    completed_turn(store, conversation, "Q1", "A1")
    first = completed_turn(store, conversation, "Q2", "A2")
    _, answer = store.ownership.message(user, first.message_id)
    started = store.turns.begin_alternative(answer, RUN)
    finish(store, started.turn, "A2, another")
    assert (started.text, started.turn.user_message_id) == ("Q2", first.user_message_id)
    assert texts(store.history.path_to(started.turn.message_id, 10)) == ["Q1", "A1", "Q2", "A2, another"]
    assert texts(store.history.path_to(first.message_id, 10)) == ["Q1", "A1", "Q2", "A2"]


def test_a_path_holds_its_last_messages(store, conversation):
    for number in range(4):
        last = completed_turn(store, conversation, f"Q{number}", f"A{number}")
    assert texts(store.history.path_to(last.message_id, 3)) == ["A2", "Q3", "A3"]
    assert store.history.path_to(10_000, 3) == []


def test_a_long_conversation_is_read_back_whole(store, conversation):
    """The conversation has more answers than one lookup of turns returns."""
    first = completed_turn(store, conversation, "Q0", "A0")
    copies = range(1, 600)

    def copy():
        for number in copies:
            store.engine.execute(COPY_MESSAGE, (f"Q{number}", first.user_message_id))
            store.engine.execute(COPY_MESSAGE, (f"A{number}", first.message_id))
            store.engine.execute(COPY_TURN, (first.id,))

    store.engine.write_exclusive(copy)
    read = store.history.of_conversation(conversation.id)
    assert texts(read) == [text for number in range(600) for text in (f"Q{number}", f"A{number}")]
    assert all((message.turn is not None) == (message.role == "assistant") for message in read)
    assert store.history.path_to(read[-1].id, 2000) == read


# Each statement adds its row below the newest message.
COPY_MESSAGE = """
    INSERT INTO messages (conversation_id, parent_id, role, text, reasoning, created_at)
    SELECT conversation_id, (SELECT max(id) FROM messages), role, ?, reasoning, created_at FROM messages WHERE id = ?
"""
COPY_TURN = """
    INSERT INTO turns (conversation_id, user_message_id, message_id, status, model, mode, worker, marks,
                       prompt_tokens, completion_tokens, started_at, ended_at, lease_until)
    SELECT conversation_id, user_message_id, (SELECT max(id) FROM messages), status, model, mode, worker, marks,
           prompt_tokens, completion_tokens, started_at, ended_at, lease_until FROM turns WHERE id = ?
"""


class TestParents:
    def refused(self, store, conversation, parent_id):
        with pytest.raises(InvalidRequest) as refusal:
            begin(store, conversation, "Q", parent_id=parent_id)
        assert refusal.value.field == "parent_id"
        assert store.history.of_conversation(conversation.id) == []

    def test_an_answer_of_another_conversation(self, store, user, conversation):
        elsewhere = completed_turn(store, store.conversations.create(user), "Q", "A")
        self.refused(store, conversation, elsewhere.message_id)

    @pytest.mark.parametrize("parent_id", [0, -1, 10_000, 2**63 - 1, 2**63, -(2**70)])
    def test_a_number_that_is_no_message(self, store, conversation, parent_id):
        self.refused(store, conversation, parent_id)

    def test_a_question_is_no_parent(self, store, conversation):
        turn = completed_turn(store, conversation, "Q", "A")
        with pytest.raises(InvalidRequest):
            begin(store, conversation, "Q", parent_id=turn.user_message_id)

    def test_a_refusal_does_not_claim(self, store, conversation):
        self.refused(store, conversation, 10_000)
        assert begin(store, conversation).created


def test_a_second_answer_to_a_deleted_one(store, user, conversation):
    turn = completed_turn(store, conversation, "Q", "A")
    _, answer = store.ownership.message(user, turn.message_id)
    delete(store, conversation)
    with pytest.raises(NotFound):
        store.turns.begin_alternative(answer, RUN)
