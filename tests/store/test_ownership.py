"""Another user's object is answered like a missing one."""

from __future__ import annotations

import pytest

from chat.errors import NotFound

from .scenarios import completed_turn, delete

NUMBERS = [0, -1, 10_000, 2**63 - 1]


def look_ups(store, turn):
    return {
        "conversation": (store.ownership.conversation, turn.conversation_id),
        "question": (store.ownership.message, turn.user_message_id),
        "answer": (store.ownership.message, turn.message_id),
        "turn": (store.ownership.turn, turn.id),
    }


KINDS = ["conversation", "question", "answer", "turn"]


def refused(look_up, user, number):
    with pytest.raises(NotFound):
        look_up(user, number)


def test_the_owner_gets_it(store, user, conversation):
    turn = completed_turn(store, conversation, "Q", "A")
    assert store.ownership.conversation(user, conversation.id).id == conversation.id
    owner_conversation, message = store.ownership.message(user, turn.message_id)
    assert (owner_conversation.id, message.text, message.turn) == (conversation.id, "A", store.turns.get(turn.id))
    owner_conversation, loaded = store.ownership.turn(user, turn.id)
    assert (owner_conversation.id, loaded) == (conversation.id, store.turns.get(turn.id))


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_else_does(store, stranger, conversation, kind):
    look_up, number = look_ups(store, completed_turn(store, conversation, "Q", "A"))[kind]
    refused(look_up, stranger, number)
    refused(look_up, 10_000, number)


@pytest.mark.parametrize("kind", KINDS)
def test_not_even_the_owner_once_it_is_deleted(store, user, stranger, conversation, kind):
    look_up, number = look_ups(store, completed_turn(store, conversation, "Q", "A"))[kind]
    delete(store, conversation)
    refused(look_up, user, number)
    refused(look_up, stranger, number)


@pytest.mark.parametrize("kind", KINDS)
def test_a_number_that_names_nothing(store, user, conversation, kind):
    look_up, _ = look_ups(store, completed_turn(store, conversation, "Q", "A"))[kind]
    for number in NUMBERS:
        refused(look_up, user, number)


def test_a_page_lists_only_ones_own(store, user, stranger, conversation):
    theirs = store.conversations.create(stranger)
    assert [each.id for each in store.conversations.page(user, 10)[0]] == [conversation.id]
    assert [each.id for each in store.conversations.page(stranger, 10)[0]] == [theirs.id]
