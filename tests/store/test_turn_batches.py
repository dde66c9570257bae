"""Turns that begin or end in one batch do not affect each other."""

from __future__ import annotations

import pytest

from chat.errors import Conflict, InvalidRequest, NotFound
from chat.messages import Answer, ToolCall, ToolCallRecord, ToolResult, Usage
from chat.store.begin_requests import BeginRequest
from chat.store.records import COMPLETED, FAILED, STOPPED, Progress, TurnError
from chat.store.turn_end import Ending
from chat.store.turns import Question, StartedTurn

from .engines import counts
from .scenarios import DIED, RUN, begin, checkpoint_delta, delete, finish


def begin_batch(store, *requests):
    """Begin turns, given as (user id, conversation id, question), in one transaction. Return the outcomes."""
    items = [BeginRequest(user, conversation_id, question, RUN) for user, conversation_id, question in requests]
    return store.engine.write(lambda: store.turns._begin(items))


def finish_batch(store, *endings):
    return store.engine.write(lambda: store.turns._finish([Ending(*each) for each in endings]))


@pytest.fixture
def conversation_ids(store, user):
    return [store.conversations.create(user).id for _ in range(4)]


@pytest.fixture
def crowd(store):
    """Return 90 pairs of user and conversation; a user has no more running turns than the limit allows."""
    users = [store.sessions.create_anonymous().user_id for _ in range(3)]
    return [(user, store.conversations.create(user).id) for user in users for _ in range(30)]


class TestBeginning:
    def test_many_at_once_have_what_each_would_have_alone(self, store, crowd):
        started = begin_batch(
            store,
            *[
                (user, conversation_id, Question(f"What of {conversation_id}?", title=f"Of {conversation_id}"))
                for user, conversation_id in crowd
            ],
        )
        assert all(each.created for each in started)
        for (user, conversation_id), each in zip(crowd, started, strict=True):
            conversation = store.ownership.conversation(user, conversation_id)
            question, answer = store.history.of_conversation(conversation_id)
            turn = each.turn
            assert (conversation.title, each.new_title) == (f"Of {conversation_id}", f"Of {conversation_id}")
            assert (conversation.active_turn_id, conversation.head_id) == (turn.id, answer.id)
            assert (question.text, question.role, question.parent_id) == (f"What of {conversation_id}?", "user", None)
            assert (answer.text, answer.role, answer.parent_id) == ("", "assistant", question.id)
            assert (turn.user_message_id, turn.message_id, turn.conversation_id) == (
                question.id,
                answer.id,
                conversation_id,
            )
            assert store.turns.get(turn.id) == turn

    def test_their_numbers_go_on_where_others_stopped(self, store, user, conversation, conversation_ids):
        before = begin(store, conversation).turn
        batch = [
            each.turn for each in begin_batch(store, *[(user, each, Question("Q")) for each in conversation_ids[:3]])
        ]
        finish(store, before)
        after = begin(store, conversation).turn
        turns = [before, *batch, after]
        assert [turn.id for turn in turns] == list(range(before.id, before.id + 5))
        messages = [number for turn in turns for number in (turn.user_message_id, turn.message_id)]
        assert sorted(set(messages)) == list(range(messages[0], messages[0] + 10))

    def test_a_number_is_not_given_out_again_after_a_deletion(self, store, user, conversation):
        turn = begin(store, conversation).turn
        finish(store, turn)
        delete(store, store.ownership.conversation(user, conversation.id))
        other = begin(store, store.conversations.create(user)).turn
        assert other.id > turn.id
        assert other.user_message_id > turn.message_id

    def test_refused_requests_leave_no_trace(self, store, user, stranger, conversation_ids):
        running = begin(store, store.ownership.conversation(user, conversation_ids[0])).turn
        before = counts(store.engine)
        outcomes = begin_batch(
            store,
            (user, conversation_ids[0], Question("Another?")),
            (stranger, conversation_ids[1], Question("Mine?")),
            (user, 10**9, Question("Where?")),
            (user, conversation_ids[2], Question("After what?", parent_id=running.user_message_id)),
            (user, conversation_ids[3], Question("Well?")),
        )
        assert [type(each) for each in outcomes] == [Conflict, NotFound, NotFound, InvalidRequest, StartedTurn]
        after = counts(store.engine)
        assert {name: after[name] - before[name] for name in ("turns", "messages")} == {"turns": 1, "messages": 2}
        assert store.ownership.conversation(user, conversation_ids[1]).active_turn_id is None

    def test_of_two_in_one_conversation_the_first_has_it(self, store, user, conversation_ids):
        first, second = begin_batch(
            store, (user, conversation_ids[0], Question("A")), (user, conversation_ids[0], Question("B"))
        )
        assert (first.created, first.text) == (True, "A")
        assert (type(second), second.code) == (Conflict, "turn_running")

    def test_the_same_client_id_twice_in_one_transaction_is_one_turn(self, store, user, conversation_ids):
        conversation_id = conversation_ids[0]
        first, again, other = begin_batch(
            store,
            (user, conversation_id, Question("Once", client_id="a", title="T")),
            (user, conversation_id, Question("Once", client_id="a", title="T")),
            (user, conversation_id, Question("Twice", client_id="a")),
        )
        assert (first.created, first.new_title) == (True, "T")
        assert (again.created, again.new_title, again.turn) == (False, "", first.turn)
        assert (type(other), other.code) == (Conflict, "client_id_reused")

    def test_a_stranger_learns_nothing_by_a_client_id(self, store, user, stranger, conversation_ids):
        begin_batch(store, (user, conversation_ids[0], Question("Secret", client_id="a")))
        (outcome,) = begin_batch(store, (stranger, conversation_ids[0], Question("Secret", client_id="a")))
        assert type(outcome) is NotFound

    def test_questions_and_titles_are_found_and_temporary_ones_are_not(self, store, user, conversation_ids):
        hidden = store.conversations.create(user, temporary=True).id
        begin_batch(
            store,
            (user, conversation_ids[0], Question("Where are whales?", title="Whales")),
            (user, hidden, Question("Where are whales?", title="Whales")),
        )
        hits, _ = store.search.find(user, "whales", 10)
        assert {each.conversation.id for each in hits} == {conversation_ids[0]}


class TestEnding:
    def test_many_at_once_end_as_each_would_alone(self, store, crowd):
        started = [each.turn for each in begin_batch(store, *[(*each, Question("Q")) for each in crowd])]
        failure = TurnError("model_timeout", "Silent.", True)
        ends = [(COMPLETED, None), (STOPPED, None), (FAILED, failure)] * 30
        record = ToolCallRecord(
            ToolCall("c", "tool", '{"a": 1}'), "Tool", 0, 2, ToolResult("content", "short", {"rows": [1]}, True), 7
        )
        progress = [
            Progress(turn, Answer(f"Answer \x00 {turn.id}", "Why", (record,) * (turn.id % 3), Usage(turn.id, 5)), "[1]")
            for turn in started
        ]
        ended = finish_batch(store, *[(each, *end) for each, end in zip(progress, ends, strict=True)])
        for (user, _), each, turn, (status, error) in zip(crowd, progress, ended, ends, strict=True):
            assert (turn.status, turn.error, turn.usage, turn.event_offsets) == (
                status,
                error,
                each.answer.usage,
                "[1]",
            )
            assert store.turns.with_answer(turn.id)[:2] == (
                turn,
                Answer(each.answer.text, "Why", each.answer.tool_calls),
            )
            assert store.ownership.conversation(user, turn.conversation_id).active_turn_id is None

    def test_what_is_over_or_gone_is_left_as_it_is(self, store, user, conversation_ids):
        over, deleted, runs = (
            each.turn for each in begin_batch(store, *[(user, each, Question("Q")) for each in conversation_ids[:3]])
        )
        finish(store, over, "First.")
        finish(store, deleted)
        delete(store, store.ownership.conversation(user, deleted.conversation_id))
        ends = [(Progress(turn, Answer("Last."), "[5]"), COMPLETED, None) for turn in (over, deleted, runs)]
        nothing, nowhere, ended = finish_batch(store, *ends)
        assert (nothing, nowhere, ended.id) == (None, None, runs.id)
        assert store.turns.answer(over).text == "First."

    def test_a_turn_ends_once_also_in_one_transaction(self, store, conversation):
        turn = begin(store, conversation).turn
        first, second = finish_batch(
            store,
            (Progress(turn, Answer("One."), "[4]"), COMPLETED, None),
            (Progress(turn, Answer("Two."), "[4]"), FAILED, DIED),
        )
        assert (first.status, second) == (COMPLETED, None)
        assert store.turns.answer(turn).text == "One."

    def test_a_checkpoint_of_many_keeps_only_what_runs(self, store, crowd):
        turns = [each.turn for each in begin_batch(store, *[(*each, Question("Q")) for each in crowd])]
        finish(store, turns[0], "Whole.")
        store.turns.checkpoint(
            [checkpoint_delta(turn, f"Half of {turn.id}") for turn in turns], [turn.id for turn in turns]
        )
        assert store.turns.answer(turns[0]).text == "Whole."
        assert [store.turns.answer(turn).text for turn in turns[1:]] == [f"Half of {turn.id}" for turn in turns[1:]]
