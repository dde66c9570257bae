"""Recovery: turns of dead workers are ended by another worker."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chat.cluster.peers import Presence
from chat.messages import ToolCall, ToolCallRecord
from chat.runtime.clock import MACHINE_CLOCK
from chat.store.records import INTERRUPTED, RUNNING
from chat.store.turns import Question
from chat.turns.recovery import Recovery
from chat.turns.running_turns import RunningTurns
from scripts.kit.waiting import wait_until
from tests.fake_clock import FakeClock

from ..store.engines import write_lock
from ..store.scenarios import DIED, RUN, at_once, begin, checkpoint_delta
from .worker import names, received


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def dead(store, conversation):
    """Return a turn of a dead worker."""
    turn = begin(store, conversation).turn
    store.turns.checkpoint([checkpoint_delta(turn, "Half")], [turn.id])
    return turn


def looking(store, presence=Presence.GONE, clock=MACHINE_CLOCK):
    """Return the recovery of a worker for which all others have this `presence`."""
    return Recovery(store, RunningTurns(), "me:1", lambda _: presence, clock)


def sweeps(recovery, clock, seconds):
    """Sweep once a second. Return the ended turns."""
    lost = []
    for _ in range(seconds):
        clock.monotonic_s += 1
        lost += recovery.sweep()
    return lost


def test_a_dead_turn_is_interrupted_and_keeps_its_text(store, dead):
    recovery = looking(store)
    assert recovery.sweep() == [dead.id]
    assert recovery.sweep() == []
    ended, answer, _ = store.turns.with_answer(dead.id)
    assert (ended.status, ended.error.code, ended.error.retryable) == (INTERRUPTED, "turn_interrupted", True)
    assert answer.text == "Half"


def test_an_interrupted_call_has_no_result_and_the_model_sees_that(make_worker, model, store, conversation):
    worker = make_worker(presence=lambda _: Presence.GONE)
    turn = begin(store, conversation).turn
    call = ToolCallRecord(ToolCall("c.0", "look_up", "{}"), "Looking", 0, 4)
    store.turns.checkpoint(
        [checkpoint_delta(turn, "Half", event_offsets='[4,"call 0"]', tool_calls={0: call})], [turn.id]
    )
    wait_until(lambda: store.turns.get(turn.id).status == INTERRUPTED)
    assert names(received(worker.follower.frames(turn, 0))) == ["turn", "delta", "tool_call", "error", "done"]
    worker.answered(conversation, "Again?")
    _, question, answer, result, again = model.seen[-1]
    assert [message.text for message in (question, answer, again)] == ["Why?", "Half", "Again?"]
    assert (answer.tool_calls, result.tool_call_id) == ((call.call,), "c.0")
    assert "interrupted" in result.text


def test_the_turn_of_a_process_that_lives_is_left_alone(store, conversation, clock):
    """Check any duration of silence: the process may be stopped, or the machine may have slept."""
    turn = begin(store, conversation).turn
    assert sweeps(looking(store, Presence.HERE, clock), clock, 3600) == []
    assert store.turns.get(turn.id).status == RUNNING


def test_a_worker_that_cannot_be_seen_is_known_by_its_renewals(store, dead, clock):
    recovery = looking(store, Presence.UNKNOWN, clock)
    for _ in range(10):
        assert sweeps(recovery, clock, 3) == []
        clock.wall_ms += 1
        store.turns.checkpoint([], [dead.id])
    assert sweeps(recovery, clock, 7) == []
    assert sweeps(recovery, clock, 1) == [dead.id]


@pytest.mark.parametrize("jump_s", [-3600, -30, 30, 3600])
def test_a_wall_clock_that_jumps_ends_nothing(store, conversation, jump_s, clock):
    turn = begin(store, conversation).turn
    recovery = looking(store, Presence.UNKNOWN, clock)
    for late_s in (0, jump_s):
        for second in range(20):
            now = turn.started_at + (late_s + second) * 1000
            clock.wall_ms = now
            store.turns.checkpoint([], [turn.id])
            assert sweeps(recovery, clock, 1) == []
    assert store.turns.get(turn.id).status == RUNNING


def test_a_suspended_worker_restarts_its_observation(store, dead, clock):
    recovery = looking(store, Presence.UNKNOWN, clock)
    assert sweeps(recovery, clock, 6) == []
    clock.monotonic_s += 3600  # a laptop that was suspended with all its workers
    assert sweeps(recovery, clock, 7) == []
    assert sweeps(recovery, clock, 1) == [dead.id]


def test_a_locked_database_makes_no_worker_look_dead(store, dead, clock):
    store.engine.lock_timeout_s = 0.05
    recovery = looking(store, Presence.UNKNOWN, clock)
    for seconds in range(4, 15):
        with write_lock(store.engine):
            assert sweeps(recovery, clock, seconds) == []
        # Enough time for a live worker to renew its leases.
        assert sweeps(recovery, clock, 3) == []
        clock.wall_ms += 1
        store.turns.checkpoint([], [dead.id])


def test_a_turn_that_its_own_worker_does_not_run_is_ended(worker, dictation, store, conversation, user):
    """Check a turn whose begin was committed without a reply, or whose end could not be saved."""
    run = replace(RUN, worker=worker.peers.name)
    lost = store.turns.begin(user, conversation.id, Question("Why?"), run).turn
    alive = worker.ask(store.conversations.create(user)).turn
    for _ in range(4):
        assert worker.recovery.sweep() == []
    assert worker.recovery.sweep() == [lost.id]
    assert store.turns.get(alive.id).status == RUNNING


def test_a_worker_cancels_a_turn_that_another_has_ended(worker, dictation, store, conversation):
    """Check a worker that another server took for dead while it was stopped."""
    turn = worker.ask(conversation).turn
    store.turns.interrupt_lost([worker.peers.name], {}, [], DIED)
    worker.vacant()
    assert store.turns.get(turn.id).status == INTERRUPTED


def test_it_looks_by_itself(make_worker, store, conversation):
    make_worker(presence=lambda _: Presence.GONE, job_intervals={"recovery": 0.02})
    dead = begin(store, conversation).turn
    wait_until(lambda: store.turns.get(dead.id).status == INTERRUPTED)


def test_a_locked_database_puts_it_off(store, dead):
    store.engine.lock_timeout_s = 0.05
    recovery = looking(store)
    with write_lock(store.engine):
        assert recovery.sweep() == []
    assert recovery.sweep() == [dead.id]


def test_all_workers_may_look_at_once(store, dead):
    lost = at_once(8, lambda _: looking(store).sweep())
    assert sorted(lost) == [[]] * 7 + [[dead.id]]


def test_the_conversation_goes_on_and_followers_hear_the_end(make_worker, store, conversation, dead):
    worker = make_worker(presence=lambda _: Presence.GONE)
    events = received(worker.follower.frames(dead, 0))
    assert names(events) == ["turn", "delta", "error", "done"]
    assert worker.answered(conversation, "Again?").status == "completed"


def test_a_worker_that_is_known_to_have_ended_is_not_waited_for(store, user):
    """Check that its leases, still valid for some seconds, do not matter."""
    lost, living = (
        store.turns.begin(user, store.conversations.create(user).id, Question("Why?"), replace(RUN, worker=name)).turn
        for name in ("here:1", "here:2")
    )
    recovery = Recovery(
        store,
        RunningTurns(),
        "me:1",
        lambda worker: Presence.GONE if worker == "here:1" else Presence.UNKNOWN,
        MACHINE_CLOCK,
    )
    assert recovery.sweep() == [lost.id]
    assert store.turns.get(lost.id).status == INTERRUPTED
    assert store.turns.get(living.id).status == RUNNING
