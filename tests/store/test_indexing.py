"""Texts are noted as pending when written and are indexed soon after."""

from __future__ import annotations

import pytest

from chat.store.indexing import Index, note_messages
from chat.store.integrity import check
from chat.store.search import Search

from .engines import counts, write_lock
from .scenarios import begin, completed_turn, delete


def pending_counts(store):
    """Return the numbers of pending messages and titles."""
    rows = counts(store.engine)
    return rows["unindexed_messages"], rows["unindexed_titles"]


def indexed(store, word):
    """Return the messages that the index finds, oldest first."""

    def work():
        users = store.engine.execute("SELECT id FROM users").fetchall()
        hits = [store.engine.full_text.messages(user, [word], 2**62, 1_000) for (user,) in users]
        return sorted(message_id for each in hits for message_id, _ in each)

    return store.engine.read(work)


def search(store, user, word):
    return [hit.conversation.id for hit in store.search.find(user, word, 50)[0]]


def index_all(store):
    while store.index.has_pending():
        store.index.index_pending()


def test_a_turn_is_noted_and_then_indexed(store, conversation):
    assert not store.index.has_pending()
    turn = begin(store, conversation, "apricots", title="Fruit").turn
    assert pending_counts(store) == (1, 1)
    assert (store.index.has_pending(), store.index.index_pending(), store.index.has_pending()) == (True, 2, False)
    assert indexed(store, "apricots") == [turn.user_message_id]
    completed_turn(store, store.conversations.create(conversation.user_id), "bananas", "apricots")
    assert (pending_counts(store), indexed(store, "bananas")) == ((2, 0), [])
    assert store.index.index_pending() == 2
    assert len(indexed(store, "apricots")) == 2
    assert (pending_counts(store), store.index.index_pending()) == ((0, 0), 0)


def test_so_many_at_once(store, user):
    index = Index(store.engine, batch_size=3)
    for _ in range(4):
        completed_turn(store, store.conversations.create(user), "apricots", "apricots", title="Fruit")
    assert [index.index_pending() for _ in range(4)] == [6, 4, 2, 0]
    assert len(indexed(store, "apricots")) == 8


def test_all_in_one_transaction(store, user):
    index = Index(store.engine, batch_size=3)
    for _ in range(4):
        completed_turn(store, store.conversations.create(user), "apricots", "apricots", title="Fruit")

    def give_up(_indexed):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        index.index_all(give_up)
    assert (pending_counts(store), indexed(store, "apricots")) == ((8, 4), [])
    reported = []
    index.index_all(reported.append)
    assert (sum(reported), pending_counts(store), len(indexed(store, "apricots"))) == (12, (0, 0), 8)
    assert check(store.engine)[1] == []
    completed_turn(store, store.conversations.create(user), "bananas", "and apricots")
    index_all(store)
    assert len(indexed(store, "apricots")) == 9


def test_a_search_indexes_the_pending_texts_of_its_user(store, user, stranger):
    store.search = Search(store.engine, Index(store.engine, batch_size=1))
    mine, theirs = store.conversations.create(user), store.conversations.create(stranger)
    for conversation in (mine, theirs):
        completed_turn(store, conversation, "apricots", "bananas", title="cherries")
    assert [search(store, user, word) for word in ("apricots", "bananas", "cherries")] == [[mine.id]] * 3
    assert pending_counts(store) == (2, 1)
    assert search(store, stranger, "bananas") == [theirs.id]
    assert pending_counts(store) == (0, 0)


def test_the_note_of_a_deleted_text_is_removed(store, user):
    deleted = store.conversations.create(user, "cherries")
    completed_turn(store, deleted, "apricots", "bananas")
    delete(store, deleted)
    before = counts(store.engine)
    assert store.index.has_pending()
    index_all(store)
    after = counts(store.engine)
    assert (pending_counts(store), indexed(store, "apricots")) == ((0, 0), [])
    assert (after["message_search"], after["title_search"]) == (before["message_search"], before["title_search"])


def test_temporary_ones_are_not_noted(store, user):
    temporary = store.conversations.create(user, "cherries", temporary=True)
    completed_turn(store, temporary, "apricots", "bananas", title="cherries")
    store.conversations.change(temporary, title="cherries again")
    assert pending_counts(store) == (0, 0)


def test_an_answer_whose_text_is_replaced_is_no_longer_found_by_its_old_text(store, user, conversation):
    turn = completed_turn(store, conversation, "Q", "apricots")
    index_all(store)
    store.engine.write(lambda: store.engine.execute("UPDATE messages SET text = '' WHERE id = ?", (turn.message_id,)))
    store.engine.write(lambda: note_messages(store.engine, [(turn.message_id, conversation.id)]))
    assert search(store, user, "apricots") == []


@pytest.mark.parametrize(
    "text", ["nul \x00 apricots", 'quotes " and \\ apricots', "apricots \U0001f351\u2028", "中国 apricots"]
)
def test_any_text_comes_through(store, user, conversation, text):
    turn = completed_turn(store, conversation, text, "A")
    index_all(store)
    assert indexed(store, "apricots") == [turn.user_message_id]
    assert search(store, user, "apricots") == [conversation.id]


def test_another_process_goes_on_where_one_was_killed(store, open_store, conversation):
    completed_turn(store, conversation, "apricots", "A")
    another = open_store()
    index_all(another)
    assert len(indexed(another, "apricots")) == 1


def test_a_search_answers_also_where_nothing_can_be_written(store, user, conversation):
    completed_turn(store, conversation, "apricots", "A")
    index_all(store)
    completed_turn(store, conversation, "bananas", "A")
    with write_lock(store.engine):
        assert [search(store, user, word) for word in ("apricots", "bananas")] == [[conversation.id], []]
    assert search(store, user, "bananas") == [conversation.id]
