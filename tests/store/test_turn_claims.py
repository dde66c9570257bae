"""One running turn per conversation; a repeated client_id begins no second turn."""

from __future__ import annotations

from collections import Counter

import pytest

from chat.errors import Conflict, NotFound

from .engines import counts
from .scenarios import RUN, at_once, begin, delete, finish


def test_of_twenty_that_begin_at_once_exactly_one_wins(store, conversation):
    outcomes = at_once(20, lambda number: begin(store, conversation, f"Question {number}"))
    won = [outcome for outcome in outcomes if not isinstance(outcome, Conflict)]
    assert len(won) == 1
    assert {outcome.code for outcome in outcomes if isinstance(outcome, Conflict)} == {"turn_running"}
    # The refused requests have written nothing: there are one question and one answer.
    question, answer = store.history.of_conversation(conversation.id)
    assert (question.text, question.id, answer.id) == (won[0].text, won[0].turn.user_message_id, won[0].turn.message_id)
    assert counts(store.engine)["turns"] == 1


def test_in_twenty_conversations_all_twenty_win(store, user):
    conversations = [store.conversations.create(user) for _ in range(20)]
    started = at_once(20, lambda number: begin(store, conversations[number]))
    assert [each.turn.conversation_id for each in started] == [conversation.id for conversation in conversations]


def test_the_claim_is_on_the_conversation_until_the_turn_ends(store, user, conversation):
    turn = begin(store, conversation).turn
    assert store.ownership.conversation(user, conversation.id).active_turn_id == turn.id
    with pytest.raises(Conflict):
        begin(store, conversation)
    finish(store, turn)
    assert store.ownership.conversation(user, conversation.id).active_turn_id is None
    assert begin(store, conversation).created


def test_a_second_answer_claims_as_well(store, user, conversation):
    first = begin(store, conversation).turn
    _, answer = store.ownership.message(user, first.message_id)
    with pytest.raises(Conflict):
        store.turns.begin_alternative(answer, RUN)
    finish(store, first)
    outcomes = at_once(10, lambda _: store.turns.begin_alternative(answer, RUN))
    assert Counter(type(outcome) for outcome in outcomes)[Conflict] == 9


def test_the_same_client_id_fifty_times_at_once_is_one_turn(store, conversation):
    started = at_once(50, lambda _: begin(store, conversation, "Once.", client_id="a"))
    assert len({each.turn.id for each in started}) == 1
    assert sum(each.created for each in started) == 1
    assert {(each.text, each.parent_id) for each in started} == {("Once.", None)}
    assert len(store.history.of_conversation(conversation.id)) == 2


def test_the_same_client_id_after_the_end_is_still_the_same_turn(store, conversation):
    first = begin(store, conversation, "Once.", client_id="a")
    finish(store, first.turn)
    again = begin(store, conversation, "Once.", client_id="a")
    assert (again.created, again.turn.id, again.turn.status) == (False, first.turn.id, "completed")


def test_the_same_client_id_with_another_text_is_a_conflict(store, conversation):
    finish(store, begin(store, conversation, "Once.", client_id="a").turn)
    with pytest.raises(Conflict) as refused:
        begin(store, conversation, "Twice.", client_id="a")
    assert refused.value.code == "client_id_reused"
    assert len(store.history.of_conversation(conversation.id)) == 2


def test_client_ids_of_two_conversations_do_not_meet(store, user, conversation):
    first = begin(store, conversation, "Here.", client_id="a")
    second = begin(store, store.conversations.create(user), "There.", client_id="a")
    assert second.created
    assert second.turn.id != first.turn.id


def test_without_a_client_id_the_same_text_is_asked_again(store, conversation):
    first = begin(store, conversation, "Again.")
    finish(store, first.turn)
    assert begin(store, conversation, "Again.").turn.id != first.turn.id


def test_no_turn_begins_in_a_deleted_conversation(store, conversation):
    delete(store, conversation)
    with pytest.raises(NotFound):
        begin(store, conversation)


def test_the_first_question_names_the_conversation_and_no_later_one(store, user, conversation):
    first = begin(store, conversation, "China?", title="China?")
    finish(store, first.turn)
    second = begin(store, conversation, "India?", title="India?")
    assert (first.new_title, second.new_title) == ("China?", "")
    assert store.ownership.conversation(user, conversation.id).title == "China?"
