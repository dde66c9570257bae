"""Following a turn in the worker that runs it, and after it has ended."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from chat.errors import ModelInterrupted, StoreFailed, StoreUnavailable
from chat.messages import TextDelta, Usage
from scripts.kit.sse import frames
from scripts.kit.waiting import wait_until
from tests.fake_clock import HastyClock

from ..store.scenarios import delete
from .worker import LONG_S, names, parsed, received, text_of


def stream_of(worker, turn, after=0):
    return b"".join(worker.follower.frames(turn, after))


def cuts(stream):
    """Return the rest of a stream after each of its events, by event number."""
    parts = frames(stream)
    return {number: b"".join(parts[number:]) for number in range(len(parts) + 1)}


def test_many_follow_one_turn_and_all_have_the_same(worker, dictation, conversation):
    started = worker.ask(conversation, title="Why?")
    with ThreadPoolExecutor(10) as threads:
        early = [threads.submit(stream_of, worker, started.turn) for _ in range(5)]
        for number in range(50):
            dictation.say(TextDelta(f"{number} "))
        late = [threads.submit(stream_of, worker, started.turn) for _ in range(5)]
        dictation.say(Usage(1, 50))
        dictation.end()
        streams = {each.result(LONG_S) for each in early + late}
    worker.vacant()
    assert len(streams) == 1
    assert stream_of(worker, started.turn) in streams
    assert text_of(parsed(streams.pop())) == "".join(f"{number} " for number in range(50))


def test_it_can_be_taken_up_after_any_event_while_it_runs_and_afterwards(worker, dictation, conversation):
    started = worker.ask(conversation)
    running = worker.running_turns.get(started.turn.id)
    log = running.log
    for number in range(5):
        dictation.say(TextDelta(f"{number} "))
        log.read(number + 1, LONG_S)  # until it was sent, so that each is one event
    with ThreadPoolExecutor(10) as threads:
        following = {after: threads.submit(stream_of, worker, started.turn, after) for after in range(8)}
        wait_until(lambda: running.followers == 8)
        dictation.say(ModelInterrupted("The stream ended."))
        live = {after: each.result(LONG_S) for after, each in following.items()}
    worker.vacant()
    assert names(parsed(live[0])) == ["turn", *["delta"] * 5, "error", "done"]
    assert live == {after: rest for after, rest in cuts(live[0]).items() if after < 8}
    assert {after: stream_of(worker, started.turn, after) for after in range(9)} == cuts(live[0])


@pytest.mark.parametrize("after", [4, 1_000])
def test_after_a_number_that_is_never_reached_it_ends_with_the_turn(worker, dictation, conversation, after):
    """Check numbers from a late or a malicious client."""
    started = worker.ask(conversation)
    running = worker.running_turns.get(started.turn.id)
    with ThreadPoolExecutor(1) as threads:
        following = threads.submit(lambda: received(worker.follower.frames(started.turn, after)))
        wait_until(lambda: running.followers)
        dictation.say(TextDelta("a"))
        dictation.end()
        assert following.result(LONG_S) == []
    worker.vacant()
    assert stream_of(worker, started.turn, after) == b""


@pytest.mark.parametrize("heartbeat_s", [0.02])
def test_a_silent_turn_keeps_the_line_open(worker, dictation, conversation):
    started = worker.ask(conversation)
    frames = worker.follower.frames(started.turn, 0)
    assert names(parsed(next(frames))) == ["turn"]
    beats = [next(frames), next(frames)]
    assert all(beat.startswith(b":") and beat.endswith(b"\n\n") for beat in beats)
    dictation.end()
    assert names(received(frames)) == ["done"]
    worker.ended(started)


def test_a_follower_that_leaves_is_no_longer_counted_and_the_turn_goes_on(worker, dictation, conversation):
    started = worker.ask(conversation)
    running = worker.running_turns.get(started.turn.id)
    staying, leaving = (worker.follower.frames(started.turn, 0) for _ in range(2))
    next(staying), next(leaving)
    assert running.followers == 2
    leaving.close()
    assert running.followers == 1
    dictation.end()
    received(staying)
    assert running.followers == 0
    assert worker.ended(started).status == "completed"


def test_a_deleted_turn_has_no_events(worker, store, conversation):
    turn = worker.answered(conversation)
    delete(store, conversation)
    assert list(worker.follower.frames(turn, 0)) == []


class Unreadable:
    """A store's turns whose first reads raise the given errors."""

    def __init__(self, turns, **errors):
        self._turns = turns
        self._errors = {name: list(causes) for name, causes in errors.items()}

    def __getattr__(self, name):
        ask = getattr(self._turns, name)

        def call(*args):
            if self._errors.get(name):
                raise self._errors[name].pop(0)
            return ask(*args)

        return call


@pytest.mark.parametrize("wait", [True, False])
def test_a_database_that_is_broken_for_good_ends_the_stream_with_an_error(
    make_worker, store, conversation, monkeypatch, caplog, wait
):
    """Check that the error has no number, so that a later reconnection receives all events."""
    turn = make_worker().answered(conversation)
    cause = sqlite3.DatabaseError("database disk image is malformed")
    failure = StoreFailed("The database refused this.")
    failure.__cause__ = cause
    monkeypatch.setattr(store, "turns", Unreadable(store.turns, with_answer=[failure]))
    here = make_worker()
    assert list(here.follower.frames(turn, 0, wait)) == [
        b'event: error\ndata: {"code":"internal","message":"The answer cannot be read; the server\'s log says why.",'
        b'"retryable":false}\n\n'
    ]
    assert f"Turn {turn.id} cannot be followed: {cause}" in caplog.text
    assert names(received(here.follower.frames(turn, 0)))[-1] == "done"


def test_a_database_that_is_away_for_a_moment_is_waited_for(make_worker, store, conversation, monkeypatch):
    turn = make_worker().answered(conversation)
    stream = stream_of(make_worker(), turn)
    away = [StoreUnavailable("The database is busy.")] * 3
    monkeypatch.setattr(store, "turns", Unreadable(store.turns, with_answer=away))
    first, *more = make_worker(clock=HastyClock()).follower.frames(turn, 0)
    beats = [each for each in (first, *more) if each.startswith(b":")]
    # One for each attempt, and one more after a second, when the other roads are tried again.
    assert (len(beats), b"".join(more[len(beats) - 1 :])) == (3 + 1, stream)


def test_a_replay_has_the_current_title(worker, store, user, conversation):
    turn = worker.answered(conversation, title="Why?")
    store.conversations.change(store.ownership.conversation(user, conversation.id), title="Because")
    assert [event.data for event in parsed(stream_of(worker, turn)) if event.name == "title"] == [{"title": "Because"}]
