"""Pages of one branch from its end upwards, and the siblings of each message."""

from __future__ import annotations

import pytest

from chat.errors import InvalidRequest
from chat.store.branches import BranchPosition

from .scenarios import RUN, begin, completed_turn, finish


def again(store, user, turn, text):
    """Give another answer to a turn's question. Return the new turn."""
    _, answer = store.ownership.message(user, turn.message_id)
    return finish(store, store.turns.begin_alternative(answer, RUN).turn, text)


def page(store, user, conversation, limit=50, **position):
    now = store.ownership.conversation(user, conversation.id)
    return store.branches.page(now, BranchPosition(**position), limit)


def texts(branch_page):
    return [message.text for message in branch_page.messages]


def test_an_empty_conversation(store, user, conversation):
    branch_page = page(store, user, conversation)
    assert (branch_page.leaf_id, branch_page.messages, branch_page.more) == (None, [], False)


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 10, 11])
def test_the_pages_make_up_the_branch(store, user, conversation, limit):
    for number in range(5):
        last = completed_turn(store, conversation, f"Q{number}", f"A{number}")
    branch_page = page(store, user, conversation, limit)
    messages = branch_page.messages
    while branch_page.more:
        assert len(branch_page.messages) == limit
        branch_page = page(store, user, conversation, limit, before=branch_page.messages[0].id)
        messages = [*branch_page.messages, *messages]
    assert messages == store.history.path_to(last.message_id, 100)
    assert branch_page.leaf_id == last.message_id


def test_nothing_is_before_the_first(store, user, conversation):
    turn = completed_turn(store, conversation, "Q", "A")
    branch_page = page(store, user, conversation, before=turn.user_message_id)
    assert (branch_page.messages, branch_page.more) == ([], False)


class TestSiblings:
    def test_alone(self, store, user, conversation):
        turn = completed_turn(store, conversation, "Q", "A")
        assert page(store, user, conversation).siblings == {
            turn.user_message_id: [turn.user_message_id],
            turn.message_id: [turn.message_id],
        }

    def test_second_answers(self, store, user, conversation):
        first = completed_turn(store, conversation, "Q", "A")
        second = again(store, user, first, "A'")
        branch_page = page(store, user, conversation)
        assert texts(branch_page) == ["Q", "A'"]
        assert branch_page.siblings[second.message_id] == [first.message_id, second.message_id]
        assert branch_page.siblings[first.user_message_id] == [first.user_message_id]

    def test_edited_questions(self, store, user, conversation):
        first = completed_turn(store, conversation, "Q1", "A1")
        second = completed_turn(store, conversation, "Q2", "A2")
        third = completed_turn(store, conversation, "Q2'", "A2'", parent_id=first.message_id)
        branch_page = page(store, user, conversation)
        assert texts(branch_page) == ["Q1", "A1", "Q2'", "A2'"]
        assert branch_page.siblings[third.user_message_id] == [second.user_message_id, third.user_message_id]

    def test_edited_first_questions_of_this_conversation_only(self, store, user, conversation):
        completed_turn(store, store.conversations.create(user), "elsewhere", "A")
        first = completed_turn(store, conversation, "Q", "A")
        completed_turn(store, store.conversations.create(user), "elsewhere too", "A")
        second = completed_turn(store, conversation, "Q'", "A'", parent_id=None)
        branch_page = page(store, user, conversation)
        assert texts(branch_page) == ["Q'", "A'"]
        assert branch_page.siblings[second.user_message_id] == [first.user_message_id, second.user_message_id]


class TestThrough:
    @pytest.fixture
    def tree(self, store, user, conversation):
        """Q1 with A1 and A1'; below A1 the question Q2, below A1' the question Q3 and after it, again below A1, Q4."""
        turns = {"A1": completed_turn(store, conversation, "Q1", "A1")}
        turns["A2"] = completed_turn(store, conversation, "Q2", "A2")
        turns["A1'"] = again(store, user, turns["A1"], "A1'")
        turns["A3"] = completed_turn(store, conversation, "Q3", "A3", parent_id=turns["A1'"].message_id)
        turns["A4"] = completed_turn(store, conversation, "Q4", "A4", parent_id=turns["A1"].message_id)
        return turns

    def test_down_to_the_newest_below(self, store, user, conversation, tree):
        assert texts(page(store, user, conversation)) == ["Q1", "A1", "Q4", "A4"]
        other = page(store, user, conversation, through=tree["A1'"].message_id)
        assert (texts(other), other.leaf_id) == (["Q1", "A1'", "Q3", "A3"], tree["A3"].message_id)
        assert texts(page(store, user, conversation, through=tree["A2"].user_message_id)) == ["Q1", "A1", "Q2", "A2"]
        assert texts(page(store, user, conversation, through=tree["A1"].user_message_id)) == ["Q1", "A1", "Q4", "A4"]

    def test_a_leaf(self, store, user, conversation, tree):
        assert texts(page(store, user, conversation, leaf=tree["A2"].message_id)) == ["Q1", "A1", "Q2", "A2"]
        assert texts(page(store, user, conversation, leaf=tree["A1"].message_id)) == ["Q1", "A1"]

    def test_upwards_on_another_branch(self, store, user, conversation, tree):
        last = page(store, user, conversation, 2, leaf=tree["A3"].message_id)
        branch_page = page(store, user, conversation, 2, leaf=last.leaf_id, before=last.messages[0].id)
        assert (texts(branch_page), branch_page.leaf_id) == (["Q1", "A1'"], tree["A3"].message_id)

    def test_an_answer_under_way_is_its_branchs_leaf(self, store, user, conversation, tree):
        started = begin(store, conversation, "Q5", parent_id=tree["A3"].message_id)
        branch_page = page(store, user, conversation, through=tree["A1'"].message_id)
        assert texts(branch_page) == ["Q1", "A1'", "Q3", "A3", "Q5", ""]
        assert branch_page.leaf_id == started.turn.message_id


@pytest.mark.parametrize("field", ["leaf", "through", "before"])
def test_a_message_of_another_conversation_names_nothing(store, user, conversation, field):
    elsewhere = completed_turn(store, store.conversations.create(user), "Q", "A")
    for number in (elsewhere.message_id, 0, 10_000, 2**63 - 1):
        with pytest.raises(InvalidRequest) as refused:
            page(store, user, conversation, **{field: number})
        assert refused.value.field == field
