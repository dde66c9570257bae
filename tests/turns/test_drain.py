"""Shutdown of a worker: running turns may end, the rest is interrupted, no new turn begins."""

from __future__ import annotations

import threading

import pytest

from chat.errors import Restarting
from chat.messages import TextDelta
from chat.runtime.clock import MACHINE_CLOCK
from chat.store.records import COMPLETED, INTERRUPTED, RUNNING
from chat.turns.drain import Drain
from scripts.kit.waiting import wait_until
from tests.fake_clock import FakeClock

from .worker import LONG_S, names, received


def test_running_turns_complete(worker, dictation, store, conversation):
    started = worker.ask(conversation)
    drain = Drain(worker.admission, LONG_S, MACHINE_CLOCK)
    drain.begin()
    dictation.say(TextDelta("Whole."))
    dictation.end()
    drain.finish()
    assert store.turns.get(started.turn.id).status == COMPLETED


def test_nothing_new_begins(worker, store, user, conversation):
    Drain(worker.admission, LONG_S, MACHINE_CLOCK).begin()
    with pytest.raises(Restarting):
        worker.ask(conversation)
    assert store.history.of_conversation(conversation.id) == []


def test_turns_left_after_the_grace_are_interrupted_with_their_text(worker, dictation, store, conversation):
    """Check that followers receive the end without a further request."""
    started = worker.ask(conversation)
    dictation.say(TextDelta("Half"))
    wait_until(lambda: len(worker.running_turns.get(started.turn.id).log.read(0, 0)) == 2)
    clock = FakeClock()
    drain = Drain(worker.admission, 60.0, clock)
    drain.begin()
    clock.advance(59.0)
    drain.check()
    assert store.turns.get(started.turn.id).status == RUNNING
    clock.advance(1.0)
    drain.check()
    events = received(worker.follower.frames(started.turn, 0))
    assert names(events) == ["turn", "delta", "error", "done"]
    assert events[-2].data["code"] == "turn_interrupted"
    assert (store.turns.get(started.turn.id).status, store.turns.answer(started.turn).text) == (INTERRUPTED, "Half")


def test_finish_waits_for_running_turns(worker, dictation, store, conversation):
    started = worker.ask(conversation)
    drain = Drain(worker.admission, LONG_S, MACHINE_CLOCK)
    finished = threading.Event()
    finishing = threading.Thread(target=lambda: (drain.finish(), finished.set()))
    finishing.start()
    wait_until(lambda: worker.admission.closed)
    assert not finished.wait(0.05)
    assert store.turns.get(started.turn.id).status == RUNNING
    dictation.end()
    finishing.join(LONG_S)
    assert store.turns.get(started.turn.id).status == COMPLETED


def test_the_grace_can_be_ended(worker, dictation, store, conversation):
    started = worker.ask(conversation)
    drain = Drain(worker.admission, LONG_S, MACHINE_CLOCK)
    drain.end_grace()
    drain.finish()
    assert store.turns.get(started.turn.id).status == INTERRUPTED


def test_it_begins_a_moment_after_the_signal_to_shut_down(worker, conversation):
    clock, leaving = FakeClock(), threading.Event()
    drain = Drain(worker.admission, LONG_S, clock)
    drain.watch(leaving.is_set)
    for _ in range(2):
        clock.advance(60.0)
        drain.check()
    worker.answered(conversation)
    leaving.set()
    drain.check()
    clock.advance(1.0)
    drain.check()
    assert not worker.admission.closed
    clock.advance(1.0)
    drain.check()
    assert worker.admission.closed
    drain.finish()


def test_a_worker_looks_for_the_signal_by_itself(make_worker):
    worker = make_worker(grace_s=LONG_S, job_intervals={"drain": 0.01}, clock=FakeClock())
    worker.services.drain_when(lambda: True)

    def begun():
        worker.services.clock.advance(1.0)
        return worker.admission.closed

    wait_until(begun)
