"""Limits of one user: running turns and conversations."""

from __future__ import annotations

import pytest

from chat.errors import Conflict, LimitReached
from chat.runtime.clock import MACHINE_CLOCK
from chat.store.conversations import CONVERSATIONS_OF_USER
from chat.store.turn_begin import RUNNING_TURNS_OF_USER

from .engines import counts
from .scenarios import RUN, at_once, begin, finish


def test_of_many_that_begin_at_once_no_more_run_than_may(store, user):
    conversations = [store.conversations.create(user) for _ in range(RUNNING_TURNS_OF_USER + 10)]
    outcomes = at_once(len(conversations), lambda number: begin(store, conversations[number]))
    refused = [outcome for outcome in outcomes if isinstance(outcome, LimitReached)]
    assert [outcome.code for outcome in refused] == ["too_many_turns"] * 10
    assert counts(store.engine)["turns"] == RUNNING_TURNS_OF_USER


def test_a_turn_that_ends_makes_room_for_another_and_nobody_else_is_concerned(store, user):
    turns = [begin(store, store.conversations.create(user)).turn for _ in range(RUNNING_TURNS_OF_USER)]
    last = store.conversations.create(user)
    with pytest.raises(LimitReached):
        begin(store, last)
    other = store.sessions.create_anonymous().user_id
    assert begin(store, store.conversations.create(other)).created
    finish(store, turns[0])
    assert begin(store, last).created


def test_a_second_answer_counts_too(store, user):
    first = begin(store, store.conversations.create(user)).turn
    finish(store, first)
    for _ in range(RUNNING_TURNS_OF_USER):
        begin(store, store.conversations.create(user))
    _, answer = store.ownership.message(user, first.message_id)
    with pytest.raises(LimitReached):
        store.turns.begin_alternative(answer, RUN)


def test_what_was_sent_before_is_found_again_also_at_the_limit(store, user):
    conversation = store.conversations.create(user)
    sent = begin(store, conversation, "Once.", client_id="a")
    for _ in range(RUNNING_TURNS_OF_USER - 1):
        begin(store, store.conversations.create(user))
    again = begin(store, conversation, "Once.", client_id="a")
    assert (again.created, again.turn.id) == (False, sent.turn.id)


def test_conversations_come_to_an_end_with_a_sentence(store, user):
    rows = [(user, "", 0, MACHINE_CLOCK.now_ms(), MACHINE_CLOCK.now_ms())] * (CONVERSATIONS_OF_USER - 1)
    insert = "INSERT INTO conversations (user_id, title, pinned, created_at, updated_at) VALUES {rows}"
    store.engine.write_exclusive(lambda: store.engine.execute_rows(insert, rows))
    last = store.conversations.create(user)
    with pytest.raises(Conflict) as refused:
        store.conversations.create(user)
    assert refused.value.code == "too_many_conversations"
    store.conversations.delete(last)
    assert store.conversations.create(user)
