"""An unavailable database while turns run: they continue, are saved later, and no request hangs."""

from __future__ import annotations

import threading
import time

import pytest

from chat.errors import StoreFailed, StoreTimeout
from chat.messages import TextDelta
from chat.store.records import COMPLETED, FAILED, RUNNING, TurnError
from scripts.kit.waiting import wait_until
from tests.fake_clock import HastyClock

from ..store.engines import counts, write_lock
from ..store.scenarios import delete
from .worker import LONG_S, received, text_of


@pytest.fixture(autouse=True)
def impatient(store, conversation):
    """Shorten the wait for a lock, after the conversation has been written: that may take longer on a busy machine."""
    store.engine.lock_timeout_s = 0.1


@pytest.fixture
def put_off(caplog):
    """Wait until the log reports a postponed write."""

    def wait(what, times=1):
        pause = threading.Event()
        for _ in range(1_000):
            messages = [record.getMessage() for record in caplog.records]
            if sum("postponed" in message and what in message for message in messages) >= times:
                return
            pause.wait(0.01)
        raise AssertionError(f"nothing about {what!r} was postponed")

    return wait


def test_an_end_waits_for_the_database(worker, dictation, store, conversation, put_off):
    started = worker.ask(conversation)
    with write_lock(store.engine):
        dictation.say(TextDelta("All "), TextDelta("of it."))
        dictation.end()
        put_off("The end of turn")
        assert store.turns.get(started.turn.id).status == RUNNING
        running = worker.running_turns.get(started.turn.id)
        assert "done" not in [event.name for event in running.log.read(0, 0)]
    events = received(worker.follower.frames(started.turn, 0))
    assert (text_of(events), events[-1].data["status"]) == ("All of it.", COMPLETED)
    ended = worker.ended(started)
    assert (ended.status, store.turns.answer(ended).text) == (COMPLETED, "All of it.")


def test_followers_read_on_while_it_is_locked(worker, dictation, store, conversation):
    started = worker.ask(conversation)
    log = worker.running_turns.get(started.turn.id).log
    with write_lock(store.engine):
        dictation.say(TextDelta("On "))
        assert [event.name for event in log.read(1, LONG_S)] == ["delta"]
        dictation.say(TextDelta("and on."))
        assert [event.name for event in log.read(2, LONG_S)] == ["delta"]
    dictation.end()
    assert worker.ended(started).status == COMPLETED


def test_the_end_is_retried_until_it_is_committed(make_worker, dictation, store, conversation, put_off):
    """Check that a displayed answer is not lost, and that followers receive no end before the commit."""
    worker = make_worker(clock=HastyClock())
    started = worker.ask(conversation)
    with write_lock(store.engine):
        dictation.say(TextDelta("Whole."))
        dictation.end()
        put_off("The end of turn", times=4)
        assert worker.running_turns.turns()
    ended = worker.ended(started)
    assert (ended.status, store.turns.answer(ended).text) == (COMPLETED, "Whole.")


def test_followers_learn_of_an_end_that_the_database_refuses(worker, dictation, store, conversation, monkeypatch):
    def refuse(*_):
        raise StoreFailed("The database refused this.")

    monkeypatch.setattr(store.turns, "finish", refuse)
    frames = worker.follower.frames(worker.ask(conversation).turn, 0)
    dictation.say(TextDelta("Lost."))
    dictation.end()
    events = received(frames)
    assert (events[-2].data["code"], events[-1].data["status"]) == ("not_kept", FAILED)
    worker.vacant()
    assert worker.memory.entries() == []


def test_a_checkpoint_that_was_put_off_is_made_up_for(make_worker, dictation, store, conversation, put_off):
    """Check that the text is saved although the model sends no more."""
    worker = make_worker(job_intervals={"checkpoint": 0.05})
    started = worker.ask(conversation)
    with write_lock(store.engine):
        dictation.say(TextDelta("Half"))
        put_off("Checkpoint of 1 turns")
        assert store.turns.answer(started.turn).text == ""
    pause = threading.Event()
    for _ in range(1_000):
        if store.turns.answer(started.turn).text == "Half":
            break
        pause.wait(0.01)
    assert store.turns.answer(started.turn).text == "Half"
    dictation.end()
    worker.ended(started)


def test_a_turn_of_a_deleted_conversation_ends_for_its_followers(worker, dictation, store, conversation):
    started = worker.ask(conversation)
    store.turns.interrupt_lost([], {}, [started.turn.id], TurnError("turn_interrupted", "Gone.", True))
    delete(store, conversation)
    frames = worker.follower.frames(started.turn, 0)
    next(frames)
    dictation.say(TextDelta("To nobody."))
    dictation.end()
    events = received(frames)
    assert (events[-2].data["code"], events[-1].data["status"]) == ("not_kept", FAILED)
    worker.vacant()
    assert list(worker.follower.frames(started.turn, 0)) == []


def test_a_turn_that_begins_after_its_request_has_failed(worker, dictation, store, conversation, monkeypatch):
    """Check that the turn runs, and that the same request sent again returns it."""
    write_batched = store.engine.write_batched

    def slow(work, item):
        def late(items):
            time.sleep(0.6)
            return work(items)

        return write_batched(late, item)

    monkeypatch.setattr(store.engine, "write_batched", slow)
    with pytest.raises(StoreTimeout):
        worker.ask(conversation, client_id="once")
    dictation.say(TextDelta("Here."))
    dictation.end()
    monkeypatch.undo()
    wait_until(lambda: counts(store.engine)["turns"] == 1)
    started = worker.ask(conversation, client_id="once")
    assert not started.created
    ended = worker.ended(started)
    assert (ended.status, store.turns.answer(ended).text) == (COMPLETED, "Here.")
