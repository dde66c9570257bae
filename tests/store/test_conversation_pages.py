"""Pages of a user's list: newest first, no duplicates and no gaps, also if conversations change in between."""

from __future__ import annotations

import itertools

import pytest

from chat.errors import InvalidRequest
from tests.fake_clock import FakeClock

from .scenarios import completed_turn, delete


@pytest.fixture
def clock():
    return FakeClock()


def all_pages(store, user, limit):
    page, cursor = store.conversations.page(user, limit)
    pages = [page]
    while cursor is not None:
        page, cursor = store.conversations.page(user, limit, cursor)
        pages.append(page)
    return [[each.id for each in page] for page in pages]


def in_a_row(pages):
    return list(itertools.chain.from_iterable(pages))


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_pages_under_one_timestamp(store, user, clock, limit):
    clock.wall_ms = 1_000
    conversations = [store.conversations.create(user).id for _ in range(7)]
    pages = all_pages(store, user, limit)
    assert in_a_row(pages) == conversations[::-1]
    assert all(len(page) == limit for page in pages[:-1])
    assert 0 < len(pages[-1]) <= limit


def test_pages_over_a_few_timestamps(store, user, clock):
    conversations = []
    for moment in (3, 1, 2, 3, 1, 2):
        clock.wall_ms = moment
        conversations.append((moment, store.conversations.create(user).id))
    assert in_a_row(all_pages(store, user, 2)) == [number for _, number in sorted(conversations, reverse=True)]


def test_a_user_without_conversations_has_an_empty_page(store, user):
    assert store.conversations.page(user, 5) == ([], None)


def test_what_is_new_between_two_pages_moves_nothing(store, user, clock):
    clock.wall_ms = 1_000
    conversations = [store.conversations.create(user).id for _ in range(6)]
    first, cursor = store.conversations.page(user, 2)
    newcomers = [store.conversations.create(user).id]  # of the same moment as those on the page
    clock.wall_ms = 2_000
    newcomers.append(store.conversations.create(user).id)
    second, cursor = store.conversations.page(user, 2, cursor)
    delete(store, second[0])
    third, cursor = store.conversations.page(user, 2, cursor)
    assert cursor is None
    assert [each.id for each in (*first, *second, *third)] == conversations[::-1]
    assert in_a_row(all_pages(store, user, 2))[:2] == newcomers[::-1]


def test_an_answer_brings_its_conversation_to_the_top(store, user, clock):
    clock.wall_ms = 1_000
    old, new = store.conversations.create(user), store.conversations.create(user)
    clock.wall_ms = 2_000
    completed_turn(store, old, "Q", "A")
    assert in_a_row(all_pages(store, user, 5)) == [old.id, new.id]


def test_renaming_and_pinning_do_not(store, user, clock):
    clock.wall_ms = 1_000
    old, new = store.conversations.create(user, "Old"), store.conversations.create(user, "New")
    store.conversations.change(old, title="Older")
    store.conversations.change(old, pinned=True)
    store.conversations.change(new)
    page, _ = store.conversations.page(user, 5)
    assert [(each.title, each.pinned) for each in page] == [("New", False), ("Older", True)]


BAD_CURSORS = (
    "x", "-", "1", "1-", "-1", "1-x", "1--1", "1-2-3", " 1-1", "١-١", "²-1", "1-" + "9" * 60, "9" * 30 + "-1",
    "1-" + "9" * 30, "1.5-1", "\x00", "1-1\n", "' OR 1=1",
)  # fmt: skip


def test_a_cursor_that_no_page_gave(store, user, conversation):
    for cursor in BAD_CURSORS:
        with pytest.raises(InvalidRequest) as refused:
            store.conversations.page(user, 5, cursor)
        assert refused.value.field == "cursor"


def test_a_cursor_of_its_form_that_no_page_gave(store, user, conversation):
    assert store.conversations.page(user, 5, "9" * 18 + "-0") == ([conversation], None)
    assert store.conversations.page(user, 5, "0-" + "9" * 18) == ([], None)


def test_a_cursor_of_another_user_shows_only_own_conversations(store, user, stranger):
    for each in (user, user, stranger, stranger):
        store.conversations.create(each)
    _, theirs = store.conversations.page(stranger, 1)
    page, _ = store.conversations.page(user, 5, theirs)
    assert {each.user_id for each in page} == {user}
