"""Sessions of browsers and their users."""

from __future__ import annotations

import pytest

from chat.errors import NotFound
from chat.store.sessions import unverified_session
from chat.store.turns import Question

from .engines import counts
from .scenarios import RUN, at_once


def test_a_token_finds_its_user(store):
    session = store.sessions.create_anonymous()
    assert store.sessions.find(session.token) == session
    assert store.sessions.find("x", session.token, store.sessions.create_anonymous().token) == session


def test_the_same_token_at_once_is_one_user(store):
    sessions = at_once(20, lambda _: store.sessions.create("a-token"))
    assert len({each.user_id for each in sessions}) == 1
    assert counts(store.engine)["sessions"] == 1


def test_the_database_has_no_token(store, under_test):
    token = store.sessions.create_anonymous().token

    def rows():
        tables = [name for (name,) in store.engine.execute(under_test.tables).fetchall()]
        return [store.engine.execute(f"SELECT * FROM {table}").fetchall() for table in tables]

    assert token not in str(store.engine.read(rows))


def test_each_token_has_its_own_user(store):
    sessions = at_once(20, lambda _: store.sessions.create_anonymous())
    assert len({each.user_id for each in sessions}) == len({each.token for each in sessions}) == 20
    assert [store.sessions.find(each.token).user_id for each in sessions] == [each.user_id for each in sessions]


@pytest.mark.parametrize("token", ["", "x", "x" * 10_000, "\x00", "\ud800", "' OR 1=1 --", "🔑"])
def test_a_token_that_nobody_has(store, user, token):
    assert store.sessions.find(token) is None


def test_a_turn_begins_for_the_owners_session_only(store):
    owner, other = store.sessions.create_anonymous(), store.sessions.create_anonymous()
    conversation = store.conversations.create(owner.user_id, "")
    for token in (other.token, "x", "\ud800"):
        with pytest.raises(NotFound):
            store.turns.begin(unverified_session(token), conversation.id, Question("Mine?"), RUN)
    started = store.turns.begin(unverified_session(owner.token), conversation.id, Question("Mine?"), RUN)
    assert started.turn.conversation_id == conversation.id


def test_concurrent_requests_keep_their_own_users(store):
    sessions = [store.sessions.create_anonymous() for _ in range(20)]
    conversations = [store.conversations.create(each.user_id, "") for each in sessions]

    def begin(number):
        """Pass a user id or a session in turn; every third call names another user's conversation."""
        owner = sessions[number].user_id if number % 2 else unverified_session(sessions[number].token)
        conversation = conversations[(number + (number % 3 == 0)) % 20]
        return store.turns.begin(owner, conversation.id, Question(str(number)), RUN)

    outcomes = at_once(20, begin)
    assert [isinstance(outcome, NotFound) for outcome in outcomes] == [number % 3 == 0 for number in range(20)]
