from __future__ import annotations

import pytest

from chat.store import Store
from chat.store.records import Conversation


@pytest.fixture
def user(store: Store) -> int:
    return store.sessions.create_anonymous().user_id


@pytest.fixture
def stranger(store: Store) -> int:
    """Return another user, who owns nothing of the first."""
    return store.sessions.create_anonymous().user_id


@pytest.fixture
def conversation(store: Store, user: int) -> Conversation:
    return store.conversations.create(user)
