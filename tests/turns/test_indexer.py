"""The background job that indexes new texts for the search."""

from __future__ import annotations

import pytest

from chat.errors import StoreUnavailable
from chat.messages import Answer
from chat.store import Store
from chat.store.indexing import Index
from chat.store.records import COMPLETED, Conversation
from chat.store.turns import Progress, Question, Run
from chat.turns.indexer import Indexer

RUN = Run("a-model", "sync", "here:1")


def answer(store: Store, conversation: Conversation) -> None:
    started = store.turns.begin(conversation.user_id, conversation.id, Question("apricots"), RUN)
    store.turns.finish(Progress(started.turn, Answer("bananas"), "[]"), COMPLETED, None)


def test_pending_texts_are_indexed_once(store: Store, conversation: Conversation) -> None:
    answer(store, conversation)
    one, another = Indexer(store), Indexer(store)
    assert [each.sweep() for each in (one, another, one)] == [2, 0, 0]


def test_a_crowd_takes_several_sweeps(store: Store, user: int) -> None:
    store.index = Index(store.engine, batch_size=2)
    for _ in range(3):
        answer(store, store.conversations.create(user))
    assert [Indexer(store, max_transactions=2).sweep() for _ in range(3)] == [4, 2, 0]


def test_a_database_that_is_away_is_waited_for(
    store: Store, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> int:
        raise StoreUnavailable("The database is busy; try again in a moment.")

    answer(store, conversation)
    monkeypatch.setattr(store.index, "index_pending", refuse)
    assert Indexer(store).sweep() == 0
    monkeypatch.undo()
    assert Indexer(store).sweep() == 2
