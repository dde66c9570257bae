"""The model's context at each turn: the branch of the question, from memory or from the database."""

from __future__ import annotations

import json

import pytest

from chat.errors import ModelInterrupted
from chat.messages import Message, TextDelta, ToolCall, ToolResult
from chat.store.records import TurnError
from chat.tools.function_tool import FunctionTool

from ..store.scenarios import delete


def look_up(what: str) -> ToolResult:
    """Look something up."""
    return ToolResult(json.dumps({"found": what}, ensure_ascii=False), f"Found {what}", {"what": what})


TOOLS = [FunctionTool(look_up, "Looking up {what}")]


def read(model):
    """Return the model's last context, without the system prompt."""
    first, *rest = model.seen[-1]
    assert first.role == "system"
    return rest


def texts(model):
    return [message.text for message in read(model)]


def exchange(question):
    return [question, f"You said: {question}"]


class TestMemory:
    def test_the_next_turn_goes_on_from_it(self, worker, model, conversation):
        worker.answered(conversation, "Q1")
        worker.answered(conversation, "Q2")
        assert texts(model) == [*exchange("Q1"), "Q2"]

    def test_it_is_memory_that_is_read(self, worker, model, conversation):
        """Check that the context comes from memory, by a message that only memory has."""
        turn = worker.answered(conversation, "Q1")
        worker.memory.put(conversation.id, turn.message_id, [Message("user", "only in memory")])
        worker.answered(conversation, "Q2")
        assert texts(model) == ["only in memory", "Q2"]

    def test_an_answer_of_another_worker_in_between_makes_it_stale(self, make_worker, model, conversation):
        here, there = make_worker(), make_worker()
        here.answered(conversation, "Q1")
        there.answered(conversation, "Q2")
        assert texts(model) == [*exchange("Q1"), "Q2"]
        here.answered(conversation, "Q3")
        assert texts(model) == [*exchange("Q1"), *exchange("Q2"), "Q3"]
        here.answered(conversation, "Q4")
        there.answered(conversation, "Q5")
        assert texts(model) == [*exchange("Q1"), *exchange("Q2"), *exchange("Q3"), *exchange("Q4"), "Q5"]

    def test_a_turn_that_failed_is_in_the_context_as_far_as_it_came(self, worker, model, dictation, conversation):
        started = worker.ask(conversation, "Q1")
        dictation.say(TextDelta("Half"), ModelInterrupted("The stream ended."))
        worker.ended(started)
        worker.answered(conversation, "Q2")
        assert texts(model) == ["Q1", "Half", "Q2"]

    def test_a_turn_that_could_not_be_saved_is_not_in_memory(self, worker, model, dictation, store, conversation):
        started = worker.ask(conversation, "Q1")
        dictation.say(TextDelta("Whole."))
        assert store.turns.interrupt_lost([], {}, [started.turn.id], TurnError("turn_interrupted", "Gone.", True))
        delete(store, conversation)
        dictation.end()
        list(worker.follower.frames(started.turn, 0))
        worker.vacant()
        assert worker.memory.entries() == []


class TestBranches:
    def test_an_edited_question_goes_down_its_own_branch(self, worker, model, conversation):
        first = worker.answered(conversation, "Q1")
        worker.answered(conversation, "Q2")
        worker.answered(conversation, "Q2 better", parent_id=first.message_id)
        assert texts(model) == [*exchange("Q1"), "Q2 better"]
        worker.answered(conversation, "Q3")
        assert texts(model) == [*exchange("Q1"), *exchange("Q2 better"), "Q3"]

    def test_an_edited_first_question_has_nothing_before_it(self, worker, model, conversation):
        worker.answered(conversation, "Q1")
        worker.answered(conversation, "Q1 better", parent_id=None)
        assert texts(model) == ["Q1 better"]

    def test_going_back_to_the_first_branch(self, worker, model, conversation):
        worker.answered(conversation, "Q1")
        old = worker.answered(conversation, "Q2")
        worker.answered(conversation, "Q1 better", parent_id=None)
        worker.answered(conversation, "Q3", parent_id=old.message_id)
        assert texts(model) == [*exchange("Q1"), *exchange("Q2"), "Q3"]

    def test_a_second_answer_has_the_context_of_the_first(self, worker, model, store, user, conversation):
        worker.answered(conversation, "Q1")
        first = worker.answered(conversation, "Q2")
        before = texts(model)
        model.will(TextDelta("Another."))
        _, answer = store.ownership.message(user, first.message_id)
        again = worker.ended(worker.runner.regenerate(answer, "a-model"))
        assert texts(model) == before == [*exchange("Q1"), "Q2"]
        assert again.user_message_id == first.user_message_id
        worker.answered(conversation, "Q3")
        assert texts(model) == [*exchange("Q1"), "Q2", "Another.", "Q3"]
        worker.answered(conversation, "Q3'", parent_id=first.message_id)
        assert texts(model) == [*exchange("Q1"), *exchange("Q2"), "Q3'"]


def tool_turn(model):
    model.will(TextDelta("Let me see. "), *calls("China", "India"))
    model.will(*calls("中国"))
    model.will(TextDelta("Both grow."))


def calls(*whats):
    """Check calls with the extra fields that endpoints send."""
    extras = ('{"signature": "s"}', '{"reasoning_content": "Hm."}')
    return [
        ToolCall(f"call_{number}", "look_up", json.dumps({"what": what}), *extras) for number, what in enumerate(whats)
    ]


def test_a_context_rebuilt_from_the_database_equals_the_one_in_memory(make_worker, model, store, user):
    """Check that both contexts are identical, including tool calls, results and failures."""
    contexts = []
    for memory_bytes in (1_000_000, 0):
        worker = make_worker(tools=TOOLS, memory_bytes=memory_bytes)
        place = store.conversations.create(user)
        tool_turn(model)
        worker.answered(place, "Both?")
        model.will(*calls("x"), ToolCall("c", "unheard_of", "{}"))
        model.will()
        worker.answered(place, "And nothing?")
        worker.answered(place, "So?")
        contexts.append(read(model))
    assert contexts[0] == contexts[1]
    assert [message.role for message in contexts[0]] == [
        "user", "assistant", "tool", "tool", "assistant", "tool", "assistant",
        "user", "assistant", "tool", "tool",
        "user",
    ]  # fmt: skip


@pytest.mark.parametrize("memory_bytes", [1_000_000, 0], ids=["memory", "database"])
def test_a_context_is_cut_to_the_limit_of_characters(make_worker, model, conversation, memory_bytes):
    worker = make_worker(memory_bytes=memory_bytes, context_chars=1_000)
    for number in range(4):
        worker.answered(conversation, f"{number}" * 150)
    assert texts(model) == [*exchange("1" * 150), *exchange("2" * 150), "3" * 150]
