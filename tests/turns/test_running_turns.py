"""The registry's tickers: checkpoints and flushes while turns run; and the end of all turns."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time

import pytest

from chat.messages import TextDelta, ToolCall
from chat.store.records import COMPLETED, INTERRUPTED, RUNNING

from .worker import LONG_S, received, text_of


@pytest.fixture
def brisk(monkeypatch):
    """Write checkpoints twenty times a second."""
    monkeypatch.setattr("chat.turns.running_turns._CHECKPOINT_S", 0.05)


def until(condition):
    """Wait until the condition holds."""
    pause = threading.Event()
    deadline = time.monotonic() + LONG_S
    while not condition():
        assert time.monotonic() < deadline
        pause.wait(0.01)


def lease(store, turn):
    with contextlib.closing(sqlite3.connect(store.database.path)) as other:
        return other.execute("SELECT lease_until FROM turns WHERE id = ?", (turn.id,)).fetchone()[0]


def test_partial_text_is_in_the_database_while_the_turn_runs(brisk, make_worker, dictation, store, conversation):
    worker = make_worker()
    started = worker.ask(conversation)
    dictation.say(TextDelta("Half"))
    until(lambda: store.turns.answer(started.turn).text == "Half")
    assert store.turns.get(started.turn.id).status == RUNNING
    dictation.say(TextDelta(" and the rest"), ToolCall("c", "unheard_of", "{}"))
    until(lambda: store.turns.answer(started.turn).text == "Half and the rest")
    dictation.end()
    assert worker.ended(started).status == COMPLETED


def test_a_silent_turn_stays_alive(brisk, make_worker, dictation, store, conversation):
    worker = make_worker()
    started = worker.ask(conversation)
    renewed = lease(store, started.turn)
    until(lambda: lease(store, started.turn) > renewed)
    renewed = lease(store, started.turn)
    until(lambda: lease(store, started.turn) > renewed)
    dictation.end()
    worker.ended(started)


def test_a_checkpoint_that_breaks_in_the_middle_loses_nothing(brisk, make_worker, model, store, user, monkeypatch):
    """Check a failure after the first turn's delta was taken: the next checkpoint has both turns."""
    worker = make_worker()
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
    until(lambda: store.turns.answer(started[1].turn).text == "One ")
    original, broken = second.checkpoint_delta, []

    def failing_once():
        if not broken:
            broken.append(True)
            raise ValueError("half a character")
        return original()

    monkeypatch.setattr(second, "checkpoint_delta", failing_once)
    go_on.set()
    until(lambda: all(store.turns.answer(each.turn).text == "One two" for each in started))
    assert broken
    end.set()
    assert [worker.ended(each).status for each in started] == [COMPLETED] * 2


def test_the_ticker_flushes_the_last_delta(worker, dictation, conversation):
    """Check a second delta right after the first, followed by silence: it is sent without a third."""
    started = worker.ask(conversation)
    dictation.say(TextDelta("One "), TextDelta("two"))
    log = worker.running_turns.get(started.turn.id).log
    found = []
    while "".join(event.data.decode() for event in found).count("text") < 2:
        found += log.read(found[-1].number if found else 1, LONG_S)
    dictation.end()
    assert text_of(received(worker.follower.frames(started.turn.id, 0))) == "One two"
    worker.vacant()


class TestEndingAll:
    def test_all_are_cancelled_and_committed(self, worker, model, store, user):
        def hang(_messages, cancellation):
            ended = threading.Event()
            with cancellation.closing(ended.set):
                yield TextDelta("Half")
                ended.wait(LONG_S)
            cancellation.check()

        started = []
        for _ in range(5):
            model.will_run(hang)
            started.append(worker.ask(store.conversations.create(user)))
        until(lambda: all(len(running.log.read(0, 0)) == 2 for running in worker.running_turns.turns()))
        worker.running_turns.end_all("interrupted", LONG_S)
        assert worker.running_turns.turns() == []
        ended = [store.turns.get(each.turn.id) for each in started]
        assert {(turn.status, store.turns.answer(turn).text) for turn in ended} == {(INTERRUPTED, "Half")}

    def test_the_wait_for_an_unresponsive_turn_is_bounded(self, worker, model, store, conversation):
        release = threading.Event()

        def deaf(_messages, _cancellation):
            release.wait(LONG_S)
            yield TextDelta("At last.")

        model.will_run(deaf)
        started = worker.ask(conversation)
        worker.running_turns.end_all("interrupted", 0.05)
        assert [running.turn.id for running in worker.running_turns.turns()] == [started.turn.id]
        release.set()
        assert worker.ended(started).status == INTERRUPTED

    def test_there_may_be_none(self, worker):
        worker.running_turns.end_all("interrupted", LONG_S)
