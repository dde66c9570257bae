"""Checkpoints of running turns, and their leases."""

from __future__ import annotations

import threading

import pytest

from chat.messages import TextDelta, ToolCall
from chat.store.records import COMPLETED, RUNNING
from scripts.kit.waiting import wait_until

from ..store.other_program import sql
from .worker import LONG_S


@pytest.fixture
def worker(make_worker):
    """Return a worker that writes checkpoints twenty times a second."""
    return make_worker(job_intervals={"checkpoint": 0.05})


@pytest.fixture
def lease(database_url):
    return lambda turn: sql(database_url, "SELECT lease_until FROM turns WHERE id = ?", turn.id)[0][0]


def test_partial_text_is_in_the_database_while_the_turn_runs(worker, dictation, store, conversation):
    started = worker.ask(conversation)
    dictation.say(TextDelta("Half"))
    wait_until(lambda: store.turns.answer(started.turn).text == "Half")
    assert store.turns.get(started.turn.id).status == RUNNING
    dictation.say(TextDelta(" and the rest"), ToolCall("c", "unheard_of", "{}"))
    wait_until(lambda: store.turns.answer(started.turn).text == "Half and the rest")
    dictation.end()
    assert worker.ended(started).status == COMPLETED


def test_a_silent_turn_stays_alive(worker, dictation, lease, conversation):
    started = worker.ask(conversation)
    renewed = lease(started.turn)
    wait_until(lambda: lease(started.turn) > renewed)
    renewed = lease(started.turn)
    wait_until(lambda: lease(started.turn) > renewed)
    dictation.end()
    worker.ended(started)


def test_a_checkpoint_that_breaks_in_the_middle_loses_nothing(worker, model, store, user, monkeypatch):
    """Check a failure after the first turn's delta was taken: the next checkpoint has both turns."""
    go_on, end = threading.Event(), threading.Event()

    def in_two_halves(_messages, _cancellation):
        yield TextDelta("One ")
        go_on.wait(LONG_S)
        yield TextDelta("two")
        end.wait(LONG_S)

    started = []
    for _ in range(2):
        model.will_run(in_two_halves)
        started.append(worker.ask(store.conversations.create(user)))
    second = worker.running_turns.get(started[1].turn.id)
    wait_until(lambda: store.turns.answer(started[1].turn).text == "One ")
    original, broken = second.checkpoint_delta, []

    def failing_once():
        if not broken:
            broken.append(True)
            raise ValueError("half a character")
        return original()

    monkeypatch.setattr(second, "checkpoint_delta", failing_once)
    go_on.set()
    wait_until(lambda: all(store.turns.answer(each.turn).text == "One two" for each in started))
    assert broken
    end.set()
    assert [worker.ended(each).status for each in started] == [COMPLETED] * 2
