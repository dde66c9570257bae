"""Turns whose worker has died are ended by whoever lives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chat.messages import ToolCall, ToolCallRecord
from chat.store.records import INTERRUPTED, RUNNING
from chat.store.turns import LEASE_MS, Question
from chat.turns.recovery import Recovery

from ..store.scenes import RUN, at_once, begin, piece, write_lock
from .test_home import until
from .worker import heard, names


@pytest.fixture
def died(monkeypatch):
    """Lets a turn's lease run out that nobody renews."""

    def pass_time(turn):
        monkeypatch.setattr("chat.store.turns.now_ms", lambda: turn.started_at + 2 * LEASE_MS)

    return pass_time


@pytest.fixture
def dead(store, conversation, died):
    """A turn that nobody runs, its lease just over."""
    turn = begin(store, conversation).turn
    store.turns.checkpoint([piece(turn, "Half")], [turn.id])
    died(turn)
    return turn


def test_a_dead_turn_is_interrupted_and_its_text_kept(store, dead):
    recovery = Recovery(store, lambda _: False)
    assert recovery.sweep() == [dead.id]
    assert recovery.sweep() == []
    ended, answer, _ = store.turns.ended(dead.id)
    assert (ended.status, ended.error.code, ended.error.retryable) == (INTERRUPTED, "turn_interrupted", True)
    assert answer.text == "Half"


def test_a_call_that_was_under_way_has_no_result_and_the_model_is_told_so(worker, model, store, conversation, died):
    turn = begin(store, conversation).turn
    call = ToolCallRecord(ToolCall("c.0", "look_up", "{}"), "Looking", 0, 4)
    store.turns.checkpoint([piece(turn, "Half", marks='[4,"call 0"]', tool_calls={0: call})], [turn.id])
    died(turn)
    assert worker.recovery.sweep() == [turn.id]
    assert names(heard(worker.follower.frames(turn.id, 0))) == ["turn", "delta", "tool_call", "error", "done"]
    worker.answered(conversation, "Again?")
    _, question, said, result, again = model.seen[-1]
    assert [message.text for message in (question, said, again)] == ["Why?", "Half", "Again?"]
    assert (said.tool_calls, result.tool_call_id) == ((call.call,), "c.0")
    assert "interrupted" in result.text


def test_a_living_turn_is_left_alone(store, conversation):
    turn = begin(store, conversation).turn
    assert Recovery(store, lambda _: False).sweep() == []
    assert store.turns.get(turn.id).status == RUNNING


def test_it_looks_by_itself(store, dead, monkeypatch):
    monkeypatch.setattr("chat.turns.recovery._SWEEP_S", 0.02)
    recovery = Recovery(store, lambda _: False)
    recovery.start()
    until(lambda: store.turns.get(dead.id).status == INTERRUPTED)
    recovery.stop()


def test_a_locked_database_puts_it_off(store, dead, monkeypatch):
    monkeypatch.setattr("chat.store.database._PATIENCE_S", 0.05)
    recovery = Recovery(store, lambda _: False)
    with write_lock(store.database.path):
        assert recovery.sweep() == []
    assert recovery.sweep() == [dead.id]


def test_all_workers_may_look_at_once(store, dead):
    found = at_once(8, lambda _: Recovery(store, lambda _: False).sweep())
    assert sorted(found) == [[]] * 7 + [[dead.id]]


def test_the_conversation_goes_on_and_followers_hear_the_end(worker, store, conversation, dead):
    worker.recovery.sweep()
    events = heard(worker.follower.frames(dead.id, 0))
    assert names(events) == ["turn", "delta", "error", "done"]
    assert worker.answered(conversation, "Again?").status == "completed"


def test_a_worker_that_is_known_to_have_ended_is_not_waited_for(store, user):
    """Its leases would run for some seconds more."""
    lost, living = (
        store.turns.begin(user, store.conversations.create(user).id, Question("Why?"), replace(RUN, worker=name)).turn
        for name in ("here:1", "here:2")
    )
    recovery = Recovery(store, lambda worker: worker == "here:1")
    assert recovery.sweep() == [lost.id]
    assert store.turns.get(lost.id).status == INTERRUPTED
    assert store.turns.get(living.id).status == RUNNING
