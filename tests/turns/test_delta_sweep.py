"""The background job that deletes the checkpoints of ended turns."""

from __future__ import annotations

import pytest

from chat.errors import StoreUnavailable
from chat.messages import Answer
from chat.store import Store
from chat.store.records import COMPLETED, CheckpointDelta, Turn
from chat.store.turn_progress import LONG_TURN_MS
from chat.store.turns import Progress, Question, Run
from chat.turns.delta_sweep import AGE_S, DeltaSweep
from tests.fake_clock import FakeClock

RUN = Run("a-model", "sync", "here:1")
INTERVAL_S = 10.0


class Sweeps:
    """Sweeps of a worker, every ten seconds of a clock of its own."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = FakeClock()
        self.job = DeltaSweep(store, self.clock, portion=3)

    def go_on(self, seconds: float) -> None:
        for _ in range(int(seconds / INTERVAL_S)):
            self.clock.advance(INTERVAL_S)
            self.job.sweep()

    @property
    def deltas(self) -> int:
        return int(
            self.store.engine.read(lambda: self.store.engine.execute("SELECT COUNT(*) FROM progress").fetchone())[0]
        )


@pytest.fixture
def sweeps(store: Store) -> Sweeps:
    return Sweeps(store)


def begin(store: Store, user: int, deltas: int = 4) -> Turn:
    conversation = store.conversations.create(user)
    turn = store.turns.begin(user, conversation.id, Question("apricots"), RUN).turn
    checkpoint(store, turn, deltas)
    return turn


def checkpoint(store: Store, turn: Turn, deltas: int, first: int = 0) -> None:
    for number in range(first, first + deltas):
        store.turns.checkpoint([CheckpointDelta(turn, number, "word ", "", "[5]", {})], [])


def end(store: Store, turn: Turn, seconds: float = 20.0) -> None:
    store.turns.finish(Progress(turn, Answer("bananas"), "[]", int(seconds * 1000)), COMPLETED, None)


def test_what_ended_turns_leave_is_deleted_a_minute_later(store: Store, user: int, sweeps: Sweeps) -> None:
    end(store, begin(store, user))
    sweeps.go_on(AGE_S)
    assert sweeps.deltas == 4
    sweeps.go_on(INTERVAL_S)
    assert sweeps.deltas == 0


def test_a_running_turn_keeps_its_own_and_deletes_them_at_its_end(store: Store, user: int, sweeps: Sweeps) -> None:
    assert LONG_TURN_MS < AGE_S * 1000
    long, short = begin(store, user), begin(store, user)
    end(store, short)
    sweeps.go_on(10 * AGE_S)
    assert sweeps.deltas == 4
    checkpoint(store, long, 1, first=4)
    sweeps.go_on(AGE_S)
    assert store.turns.answer(long).text == "word " * 5
    end(store, long, 11 * AGE_S)
    assert sweeps.deltas == 0


@pytest.mark.parametrize("pause_s", [0.0, 20.0, AGE_S, 3 * AGE_S])
def test_none_is_forgotten_when_the_ids_begin_again(store: Store, user: int, sweeps: Sweeps, pause_s: float) -> None:
    """SQLite gives the ids of an empty table again."""
    for _ in range(3):
        end(store, begin(store, user, deltas=7))
        sweeps.go_on(AGE_S + INTERVAL_S)
        assert sweeps.deltas == 0
        sweeps.go_on(pause_s)
        turns = [begin(store, user) for _ in range(3)]
        sweeps.go_on(20)
        for turn in turns:
            end(store, turn)
        sweeps.go_on(2 * AGE_S)
        assert sweeps.deltas == 0


def test_two_workers_sweep_side_by_side(store: Store, user: int, sweeps: Sweeps) -> None:
    other = Sweeps(store)
    for _ in range(20):
        end(store, begin(store, user))
        for each in (sweeps, other):
            each.go_on(INTERVAL_S)
    assert sweeps.deltas <= 4 * (AGE_S / INTERVAL_S + 1)
    for each in (sweeps, other):
        each.go_on(2 * AGE_S)
    assert sweeps.deltas == 0


def test_a_new_server_deletes_what_an_earlier_one_left(store: Store, user: int) -> None:
    end(store, begin(store, user))
    sweeps = Sweeps(store)
    sweeps.go_on(AGE_S + INTERVAL_S)
    assert sweeps.deltas == 0


def test_a_database_that_is_away_is_tried_again(
    store: Store, user: int, sweeps: Sweeps, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: int) -> int:
        raise StoreUnavailable("The database is busy; try again in a moment.")

    end(store, begin(store, user))
    with monkeypatch.context() as away:
        away.setattr(store.deltas, "delete_ended", refuse)
        sweeps.go_on(2 * AGE_S)
    assert sweeps.deltas == 4
    sweeps.go_on(AGE_S + INTERVAL_S)
    assert sweeps.deltas == 0
