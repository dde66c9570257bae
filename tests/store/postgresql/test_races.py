"""Transactions of several servers at the same time: what SQLite's single writer rules out."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from chat.cluster.peers import Presence
from chat.errors import LimitReached
from chat.store import Store
from chat.store.records import COMPLETED, RUNNING
from chat.store.turn_begin import RUNNING_TURNS_OF_USER
from chat.store.turns import StartedTurn
from chat.turns.recovery import Recovery
from chat.turns.running_turns import RunningTurns
from tests.fake_clock import FakeClock

from ..conftest import OpenStore
from ..scenarios import DIED, at_once, begin, checkpoint_delta, finish, search


def test_a_browser_that_is_new_to_several_servers_is_one_user(open_store: OpenStore) -> None:
    stores = [open_store() for _ in range(4)]
    for token in ("one", "two", "three"):
        users = at_once(8, lambda number, token=token: stores[number % 4].sessions.create(token).user_id)
        assert len(set(users)) == 1


def test_a_user_has_no_more_running_turns_on_several_servers_than_on_one(open_store: OpenStore) -> None:
    stores = [open_store() for _ in range(4)]
    user = stores[0].sessions.create_anonymous().user_id
    conversations = [stores[0].conversations.create(user) for _ in range(RUNNING_TURNS_OF_USER + 8)]
    outcomes = at_once(len(conversations), lambda number: begin(stores[number % 4], conversations[number]))
    assert sum(isinstance(each, StartedTurn) for each in outcomes) == RUNNING_TURNS_OF_USER
    assert sum(isinstance(each, LimitReached) for each in outcomes) == 8


def test_a_question_that_is_sent_to_several_servers_begins_one_turn(open_store: OpenStore) -> None:
    stores = [open_store() for _ in range(4)]
    conversation = stores[0].conversations.create(stores[0].sessions.create_anonymous().user_id)
    outcomes = at_once(8, lambda number: begin(stores[number % 4], conversation, client_id="a"))
    assert len({each.turn.id for each in outcomes}) == 1
    assert sum(each.created for each in outcomes) == 1


def test_batches_over_the_same_rows_in_any_order_do_not_wait_for_each_other(open_store: OpenStore) -> None:
    """Checkpoints, ends and recoveries of four servers, over the same turns in opposite orders."""
    stores = [open_store() for _ in range(4)]
    users = [stores[0].sessions.create_anonymous().user_id for _ in range(4)]
    turns = [begin(stores[0], stores[0].conversations.create(users[number % 4])).turn for number in range(40)]

    def work(number: int) -> None:
        store, mine = stores[number % 4], turns[:: 1 if number % 2 else -1]
        for _ in range(5):
            store.turns.checkpoint([checkpoint_delta(turn, "x", 0) for turn in mine], [turn.id for turn in mine])
            for turn in mine[number::8]:
                finish(store, turn)
            store.turns.interrupt_lost([], {}, [turn.id for turn in mine[number::9]], DIED)

    before = deadlocks(stores[0])
    assert at_once(8, work) == [None] * 8
    assert deadlocks(stores[0]) == before
    states = [stores[0].turns.get(turn.id) for turn in turns]
    assert {state.status for state in states if state is not None} <= {COMPLETED, "interrupted", RUNNING}


def deadlocks(store: Store) -> int:
    query = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    time.sleep(1.1)  # statistics are reported once a second
    return int(store.engine.read(lambda: store.engine.execute(query).fetchone())[0])


def test_a_title_that_changes_while_it_is_indexed_is_found(open_store: OpenStore) -> None:
    """Two servers index and rename without a pause; the last title is the one that is found."""
    one, other = open_store(), open_store()
    user = one.sessions.create_anonymous().user_id
    conversation = one.conversations.create(user, "title 0")
    done = threading.Event()

    def index() -> None:
        while not done.is_set():
            other.index.index_pending()

    with ThreadPoolExecutor(2) as threads:
        indexing = [threads.submit(index) for _ in range(2)]
        for number in range(60):
            one.conversations.change(conversation, title=f"title {number}x")
        done.set()
        for each in indexing:
            each.result()
    one.index.index_pending()  # the last change may have come after the last look
    assert search(one, user, "59x") == [conversation.id]
    assert search(one, user, "58x") == []


@pytest.mark.parametrize("ahead_ms", [-60_000, 60_000])
def test_servers_whose_clocks_differ_by_a_minute_leave_each_others_turns_alone(
    open_store: OpenStore, ahead_ms: int
) -> None:
    """A lease is compared with its own last value, by the observer's monotonic clock."""
    here, there = FakeClock(), FakeClock()
    there.wall_ms += ahead_ms
    mine, theirs = Store(open_store().engine, here), Store(open_store().engine, there)
    conversation = theirs.conversations.create(theirs.sessions.create_anonymous().user_id)
    turn = begin(theirs, conversation).turn
    recovery = Recovery(mine, RunningTurns(), "me:1", lambda _: Presence.UNKNOWN, here)

    def sweep(seconds: int, *, renewed: bool) -> list[int]:
        ended: list[int] = []
        for second in range(seconds):
            here.advance(1)
            there.advance(1)
            if renewed and second % 2:
                theirs.turns.checkpoint([], [turn.id])
            ended += recovery.sweep()
        return ended

    assert sweep(30, renewed=True) == []
    assert sweep(10, renewed=False) == [turn.id]
