"""Temporary conversations: in no list, and deleted a day after their last use."""

from __future__ import annotations

import pytest

from chat.errors import NotFound
from chat.memory.local import LocalMemory
from chat.messages import Answer, Message
from chat.store import Store
from chat.store.records import COMPLETED, Conversation
from chat.store.turns import Progress, Question, Run
from chat.turns.expiry import Expiry
from chat.turns.removal import Remover
from tests.fake_clock import FakeClock

from ..store.other_program import refuse
from ..store.scenarios import remove_all

DAY_MS = 24 * 3600 * 1000
RUN = Run("a-model", "sync", "here:1")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(wall_ms=0)


@pytest.fixture
def user(store: Store) -> int:
    return store.sessions.create_anonymous().user_id


@pytest.fixture
def memory() -> LocalMemory:
    return LocalMemory(1_000_000)


@pytest.fixture
def expiry(store: Store, memory: LocalMemory, clock: FakeClock) -> Expiry:
    return Expiry(store, memory, clock)


def answered(store: Store, conversation: Conversation) -> int:
    started = store.turns.begin(conversation.user_id, conversation.id, Question("Q"), RUN)
    store.turns.finish(Progress(started.turn, Answer("A"), "[]"), COMPLETED, None)
    return started.turn.message_id


def gone(store: Store, conversation: Conversation) -> bool:
    try:
        store.ownership.conversation(conversation.user_id, conversation.id)
    except NotFound:
        return True
    return False


def test_a_day_after_its_last_use(
    store: Store, user: int, memory: LocalMemory, expiry: Expiry, clock: FakeClock
) -> None:
    temporary = store.conversations.create(user, temporary=True)
    permanent = store.conversations.create(user)
    clock.wall_ms = DAY_MS // 2
    message = answered(store, temporary)
    memory.put(temporary.id, message, [Message("user", "Q")])
    clock.wall_ms = DAY_MS + DAY_MS // 2
    assert (expiry.sweep_conversations(), gone(store, temporary)) == (0, False)
    clock.wall_ms = DAY_MS + DAY_MS // 2 + 1
    assert (expiry.sweep_conversations(), gone(store, temporary), gone(store, permanent)) == (1, True, False)
    remove_all(store)
    assert store.history.of_conversation(temporary.id) == []
    assert memory.get(temporary.id, message) is None


def test_more_than_one_transaction_takes(store: Store, user: int, expiry: Expiry, clock: FakeClock) -> None:
    for _ in range(120):
        store.conversations.create(user, temporary=True)
    clock.wall_ms = 2 * DAY_MS
    assert (expiry.sweep_conversations(), expiry.sweep_conversations()) == (120, 0)


def test_an_answer_under_way_keeps_it(store: Store, user: int, expiry: Expiry, clock: FakeClock) -> None:
    temporary = store.conversations.create(user, temporary=True)
    store.turns.begin(temporary.user_id, temporary.id, Question("Q"), RUN)
    clock.wall_ms = 2 * DAY_MS
    assert (expiry.sweep_conversations(), gone(store, temporary)) == (0, False)


def test_a_conversation_used_after_the_query_stays(store: Store, user: int, clock: FakeClock) -> None:
    temporary = store.conversations.create(user, temporary=True)
    clock.wall_ms = 2 * DAY_MS
    assert store.conversations.expired(DAY_MS, 10) == [temporary.id]
    answered(store, temporary)
    assert not store.conversations.remove_expired(temporary.id, DAY_MS)
    assert not gone(store, temporary)


def test_it_is_in_no_list(store: Store, user: int) -> None:
    temporary = store.conversations.create(user, temporary=True)
    store.conversations.change(temporary, pinned=True)
    assert store.conversations.page(user, 10) == ([], None)
    assert store.conversations.page(user, 10, which="pinned") == ([], None)


def test_a_bad_one_does_not_keep_the_others(
    store: Store, database_url: str, user: int, expiry: Expiry, clock: FakeClock
) -> None:
    places = [store.conversations.create(user, temporary=True) for _ in range(3)]
    refuse(database_url, "UPDATE", "conversations", places[0].id)
    clock.wall_ms = 2 * DAY_MS
    assert expiry.sweep_conversations() == 2
    assert [gone(store, place) for place in places] == [False, True, True]


def test_a_failed_removal_does_not_stop_the_others(store: Store, database_url: str, user: int) -> None:
    store.removal.request_budget_s = 0
    places = [store.conversations.create(user) for _ in range(3)]
    messages = [answered(store, place) for place in places]
    refuse(database_url, "DELETE", "messages", messages[0])
    for place in places:
        store.conversations.delete(place)
    remover = Remover(store)
    remover.check()
    remover.check()
    assert [each.conversation_id for each in store.removal.pending(10)] == [places[0].id]
    assert [len(store.history.of_conversation(place.id)) for place in places] == [2, 0, 0]
