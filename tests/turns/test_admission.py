"""Admission of turns: the limit, the refusal at shutdown, and the end of all turns."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from chat.cancellation import Cancellation
from chat.errors import Overloaded, Restarting
from chat.messages import TextDelta
from chat.store.records import INTERRUPTED
from chat.turns.admission import Admission
from chat.turns.running_turns import RunningTurns
from scripts.kit.waiting import wait_until

from ..store.scenarios import at_once
from .worker import LONG_S


@pytest.fixture
def admission():
    return Admission(RunningTurns(), 2)


def test_so_many_places_and_no_more(admission):
    first, _second = admission.admit(), admission.admit()
    with pytest.raises(Overloaded) as refused:
        admission.admit()
    assert refused.value.retry_after_s > 0
    first.release()
    admission.admit()
    with pytest.raises(Overloaded):
        admission.admit()


def test_a_place_is_released_once(admission):
    place = admission.admit()
    for _ in range(3):
        place.release()
    admission.admit(), admission.admit()
    with pytest.raises(Overloaded):
        admission.admit()


def test_the_block_releases_its_place_even_if_it_fails(admission):
    for _ in range(3):
        with pytest.raises(ValueError, match="no turn"), admission.admit():
            raise ValueError("no turn")
    assert admission.wait_until_empty(0)


def test_a_place_that_moved_is_released_by_its_successor(admission):
    with admission.admit() as place:
        successor = place.move()
    assert not admission.wait_until_empty(0)
    successor.release()
    assert admission.wait_until_empty(0)


def test_many_at_once_are_never_too_many():
    admission, held, most = Admission(RunningTurns(), 5), [], []

    def come_and_go(_who):
        for _ in range(100):
            try:
                with admission.admit():
                    held.append(1)
                    most.append(len(held))
                    held.pop()
            except Overloaded:
                continue

    at_once(8, come_and_go)
    assert max(most) <= 5
    assert admission.wait_until_empty(0)


def test_after_the_close_none_is_admitted(admission):
    admission.admit()
    assert not admission.closed
    admission.close()
    assert admission.closed
    with pytest.raises(Restarting):
        admission.admit()


def test_the_wait_ends_with_the_last_place(admission):
    places, empty = [admission.admit(), admission.admit()], threading.Event()
    threading.Thread(target=lambda: admission.wait_until_empty(100 * LONG_S) and empty.set(), daemon=True).start()
    places[0].release()
    assert not admission.wait_until_empty(0.02)
    assert not empty.is_set()
    places[1].release()
    assert empty.wait(LONG_S)


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
        wait_until(lambda: all(len(running.log.read(0, 0)) == 2 for running in worker.running_turns.turns()))
        worker.admission.end_all("interrupted", LONG_S)
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
        worker.admission.end_all("interrupted", 0.05)
        assert [running.turn.id for running in worker.running_turns.turns()] == [started.turn.id]
        release.set()
        assert worker.ended(started).status == INTERRUPTED

    def test_there_may_be_none_and_none_begins_afterwards(self, worker, conversation):
        worker.admission.end_all("interrupted", LONG_S)
        with pytest.raises(Restarting):
            worker.ask(conversation)

    def test_one_that_is_registered_late_is_cancelled_too(self):
        registry = RunningTurns()
        admission = Admission(registry, 2)
        place = admission.admit()
        late = SimpleNamespace(turn=SimpleNamespace(id=7), cancellation=Cancellation(LONG_S))
        with ThreadPoolExecutor(1) as threads, late.cancellation.closing(place.release):
            ending = threads.submit(admission.end_all, "interrupted", 100 * LONG_S)
            wait_until(lambda: admission.closed)
            registry.add(late)
            try:
                ending.result(LONG_S)
            finally:
                place.release()
        assert late.cancellation.reason == "interrupted"
