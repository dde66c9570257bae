"""The database goes away while turns run: they go on, what they said is kept when it is back, and nobody hangs."""

from __future__ import annotations

import threading
import time

import pytest

from chat.errors import StoreFailed, StoreTimeout
from chat.messages import TextDelta
from chat.store.records import COMPLETED, FAILED, RUNNING, TurnError

from ..store.scenarios import delete, write_lock
from .worker import LONG_S, heard, text_of


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Nobody waits long for a lock here: what is tested is what comes of it."""
    monkeypatch.setattr("chat.store.database._LOCK_TIMEOUT_S", 0.1)


@pytest.fixture
def put_off(caplog):
    """Waits until the log says that something was put off."""

    def wait(what, times=1):
        pause = threading.Event()
        for _ in range(1_000):
            told = [record.getMessage() for record in caplog.records]
            if sum("put off" in message and what in message for message in told) >= times:
                return
            pause.wait(0.01)
        raise AssertionError(f"nothing about {what!r} was put off")

    return wait


def test_an_end_waits_for_the_database(worker, dictation, store, conversation, put_off):
    begun = worker.ask(conversation)
    with write_lock(store.database.path):
        dictation.say(TextDelta("All "), TextDelta("of it."))
        dictation.end()
        put_off("The end of turn")
        assert store.turns.get(begun.turn.id).status == RUNNING
        running = worker.running_turns.get(begun.turn.id)
        assert "done" not in [event.name for event in running.log.read(0, 0)]
    events = heard(worker.follower.frames(begun.turn.id, 0))
    assert (text_of(events), events[-1].data["status"]) == ("All of it.", COMPLETED)
    ended = worker.ended(begun)
    assert (ended.status, store.turns.answer(ended).text) == (COMPLETED, "All of it.")


def test_followers_read_on_while_it_is_locked(worker, dictation, store, conversation):
    begun = worker.ask(conversation)
    log = worker.running_turns.get(begun.turn.id).log
    with write_lock(store.database.path):
        dictation.say(TextDelta("On "))
        assert [event.name for event in log.read(1, LONG_S)] == ["delta"]
        dictation.say(TextDelta("and on."))
        assert [event.name for event in log.read(2, LONG_S)] == ["delta"]
    dictation.end()
    assert worker.ended(begun).status == COMPLETED


def test_the_end_is_tried_again_until_it_is_kept(worker, dictation, store, conversation, put_off, monkeypatch):
    """What was shown whole must not be lost, however long the database is away. Until then nobody hears of an end."""
    monkeypatch.setattr("chat.turns.runner._COMMIT_AGAIN_AT_MOST_S", 0.5)
    begun = worker.ask(conversation)
    with write_lock(store.database.path):
        dictation.say(TextDelta("Whole."))
        dictation.end()
        put_off("The end of turn", times=4)
        assert worker.running_turns.turns()
    ended = worker.ended(begun)
    assert (ended.status, store.turns.answer(ended).text) == (COMPLETED, "Whole.")


def test_an_end_that_the_database_refuses_for_good_is_told(worker, dictation, store, conversation, monkeypatch):
    def refuse(*_):
        raise StoreFailed("The database refused this.")

    monkeypatch.setattr(store.turns, "finish", refuse)
    frames = worker.follower.frames(worker.ask(conversation).turn.id, 0)
    dictation.say(TextDelta("Lost."))
    dictation.end()
    events = heard(frames)
    assert (events[-2].data["code"], events[-1].data["status"]) == ("not_kept", FAILED)
    worker.vacant()
    assert worker.memory.entries() == []


def test_a_checkpoint_that_was_put_off_is_made_up_for(
    make_worker, dictation, store, conversation, put_off, monkeypatch
):
    """The model says nothing more: what it said before must be kept all the same."""
    monkeypatch.setattr("chat.turns.running_turns._CHECKPOINT_S", 0.05)
    worker = make_worker()
    begun = worker.ask(conversation)
    with write_lock(store.database.path):
        dictation.say(TextDelta("Half"))
        put_off("Checkpoint of 1 turns")
        assert store.turns.answer(begun.turn).text == ""
    pause = threading.Event()
    for _ in range(1_000):
        if store.turns.answer(begun.turn).text == "Half":
            break
        pause.wait(0.01)
    assert store.turns.answer(begun.turn).text == "Half"
    dictation.end()
    worker.ended(begun)


def test_a_turn_whose_conversation_is_gone_ends_for_its_followers(worker, dictation, store, conversation):
    begun = worker.ask(conversation)
    store.turns.interrupt_lost([], {}, [begun.turn.id], TurnError("turn_interrupted", "Gone.", True))
    delete(store, conversation)
    frames = worker.follower.frames(begun.turn.id, 0)
    next(frames)
    dictation.say(TextDelta("To nobody."))
    dictation.end()
    events = heard(frames)
    assert (events[-2].data["code"], events[-1].data["status"]) == ("not_kept", FAILED)
    worker.vacant()
    assert list(worker.follower.frames(begun.turn.id, 0)) == []


def test_a_turn_that_begins_after_its_sender_was_told_to_try_again(worker, dictation, store, conversation):
    """It runs all the same, and is what the sender finds who sends again."""

    def hold(text):
        if "INSERT INTO turns" in text:
            time.sleep(0.6)

    store.database.write(lambda: store.database.peewee.connection().set_trace_callback(hold))
    with pytest.raises(StoreTimeout):
        worker.ask(conversation, client_id="once")
    dictation.say(TextDelta("Here."))
    dictation.end()
    store.database.write_unbounded(lambda: store.database.peewee.connection().set_trace_callback(None))
    begun = worker.ask(conversation, client_id="once")
    assert not begun.created
    ended = worker.ended(begun)
    assert (ended.status, store.turns.answer(ended).text) == (COMPLETED, "Here.")
