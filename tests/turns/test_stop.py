"""Stopping a turn: in this worker, in another one, and in one that does not respond."""

from __future__ import annotations

import threading

from chat.cluster.peers import Peers, Presence
from chat.messages import TextDelta, ToolCall, ToolResult
from chat.runtime.clock import MACHINE_CLOCK
from chat.store.records import COMPLETED, INTERRUPTED, RUNNING, STOPPED
from chat.tools.function_tool import FunctionTool
from chat.turns.database_road import DatabaseRoad
from chat.turns.stop import Stopper
from scripts.kit.waiting import wait_until
from tests.fake_clock import HastyClock

from ..store.scenarios import at_once, begin
from .worker import LONG_S, names, received


def half_answered(worker, dictation, conversation):
    started = worker.ask(conversation)
    dictation.say(TextDelta("Half"))
    wait_until(lambda: len(worker.running_turns.get(started.turn.id).log.read(0, 0)) == 2)
    return started


def test_in_mid_stream(worker, dictation, store, conversation):
    started = half_answered(worker, dictation, conversation)
    stopped = worker.stopper.stop(started.turn)
    assert (stopped.status, stopped.error) == (STOPPED, None)
    assert store.turns.answer(stopped).text == "Half"
    assert names(received(worker.follower.frames(started.turn, 0))) == ["turn", "delta", "done"]


def test_in_mid_tool(make_worker, model, store, conversation):
    inside, release = threading.Event(), threading.Event()

    def dig() -> ToolResult:
        """Dig."""
        inside.set()
        release.wait(LONG_S)
        return ToolResult("{}", "Dug")

    worker = make_worker(tools=[FunctionTool(dig, "Digging")])
    model.will(ToolCall("c", "dig", "{}"))
    started = worker.ask(conversation)
    assert inside.wait(LONG_S)
    assert worker.stopper.stop(started.turn).status == STOPPED
    assert store.turns.answer(started.turn).tool_calls[0].result is None
    release.set()


def test_by_many_at_once(worker, dictation, store, conversation):
    started = half_answered(worker, dictation, conversation)
    assert {turn.status for turn in at_once(8, lambda _: worker.stopper.stop(started.turn))} == {STOPPED}


def test_one_that_has_ended_stays_as_it_ended(worker, store, conversation):
    ended = worker.answered(conversation)
    assert worker.stopper.stop(ended).status == COMPLETED


def test_from_a_worker_that_it_does_not_run_at(worker, dictation, store, conversation, tmp_path):
    """Check a stop from a worker without the turn, over the socket."""
    worker.listen()
    started = half_answered(worker, dictation, conversation)
    elsewhere = Stopper(store, [Peers(tmp_path / "run")], DatabaseRoad(store, MACHINE_CLOCK), MACHINE_CLOCK)
    assert elsewhere.stop(started.turn).status == STOPPED
    assert store.turns.answer(started.turn).text == "Half"


def test_a_turn_of_a_dead_worker_becomes_interrupted(make_worker, store, conversation):
    """Check that a stop without a reachable worker returns the result of the recovery."""
    turn = begin(store, conversation).turn
    worker = make_worker(
        presence=lambda name: Presence.GONE if name == turn.worker else Presence.HERE, job_intervals={"recovery": 0.05}
    )
    assert worker.stopper.stop(turn).status == INTERRUPTED


def test_a_turn_of_an_unresponsive_worker_stays_running(make_worker, store, conversation):
    worker = make_worker(clock=HastyClock())
    turn = begin(store, conversation).turn
    assert worker.stopper.stop(turn).status == RUNNING
