"""Who a browser is."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from .scenes import at_once


def test_a_token_finds_its_user_and_is_shown_once(store):
    made = store.sessions.create_anonymous()
    found = store.sessions.find(made.token)
    assert (found.user_id, found.name, found.token) == (made.user_id, None, "")


def test_the_database_has_no_token(store):
    token = store.sessions.create_anonymous().token
    store.close()
    with contextlib.closing(sqlite3.connect(store.database.path)) as other:
        assert token not in "\n".join(other.iterdump())


def test_everybody_is_somebody_else(store):
    made = at_once(20, lambda _: store.sessions.create_anonymous())
    assert len({each.user_id for each in made}) == len({each.token for each in made}) == 20
    assert [store.sessions.find(each.token).user_id for each in made] == [each.user_id for each in made]


@pytest.mark.parametrize("token", ["", "x", "x" * 10_000, "\x00", "\ud800", "' OR 1=1 --", "🔑"])
def test_a_token_that_nobody_has(store, user, token):
    assert store.sessions.find(token) is None
