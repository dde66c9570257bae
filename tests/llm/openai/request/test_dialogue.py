"""Conversations in an order and a size that endpoints accept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.llm.openai.request.dialogue import merged, shortened, size, without_system, without_tools
from chat.messages import Message, ToolCall

CALL = ToolCall("call_1", "market_data", '{"country": "China"}')
SYSTEM = Message("system", "Be brief.")


def user(text: str) -> Message:
    return Message("user", text)


def reply(text: str) -> Message:
    return Message("assistant", text)


def called(text: str = "", *, result: str = "1") -> list[Message]:
    return [Message("assistant", text, (CALL,)), Message("tool", result, tool_call_id="call_1")]


TURNS = st.lists(
    st.one_of(
        st.text("ab ", max_size=3).map(user),
        st.text("ab ", max_size=3).map(reply),
        st.text("ab ", max_size=3).map(lambda text: Message("system", text)),
    ),
    max_size=12,
)


def test_two_questions_in_a_row_are_one():
    assert merged([SYSTEM, user("one"), user("two"), reply("both")]) == [
        SYSTEM,
        user("one\n\ntwo"),
        reply("both"),
    ]


def test_an_answer_of_which_nothing_came_is_left_out():
    assert merged([user("one"), reply(""), user("two")]) == [user("one\n\ntwo")]


def test_an_answer_and_its_calls_are_one():
    messages = [user("one"), reply("Let me see."), *called("Now."), reply("There"), reply("it is.")]
    assert merged(messages) == [user("one"), *called("Let me see.\n\nNow."), reply("There\n\nit is.")]


def test_no_question_follows_a_tools_result():
    interrupted = merged([user("one"), *called(), reply(""), user("two")])
    assert [message.role for message in interrupted] == ["user", "assistant", "tool", "assistant", "user"]
    assert "interrupted" in interrupted[-2].text


def test_nothing_stands_before_the_first_question():
    assert merged([SYSTEM, reply("Hello"), *called(), user("one")]) == [SYSTEM, user("one")]


@given(TURNS)
def test_roles_alternate_whatever_came(turns):
    messages = merged([SYSTEM, *turns, user("last")])
    others = [message.role for message in messages if message.role != "system"]
    assert others == ["user", "assistant"] * (len(others) // 2) + ["user"] or any(
        message.role == "system" for message in messages[1:]
    )
    assert "last" in messages[-1].text


def test_without_tools_what_they_found_is_still_told():
    messages = without_tools([SYSTEM, user("China?"), *called(result="18.7"), reply("It is 18.7."), user("And now?")])
    assert messages == [
        SYSTEM,
        user('China?\n\n[Result of the tool market_data {"country": "China"}: 18.7]'),
        reply("It is 18.7."),
        user("And now?"),
    ]


def test_without_the_system_role_the_instructions_come_first():
    assert without_system([SYSTEM, user("one"), reply("two"), user("three")]) == [
        user("Be brief.\n\none"),
        reply("two"),
        user("three"),
    ]


def test_the_oldest_exchanges_are_left_out():
    messages = [
        SYSTEM,
        user("a" * 10),
        reply("b" * 10),
        user("c" * 10),
        *called(),
        reply("d" * 10),
        user("e" * 10),
    ]
    assert shortened(messages, 1000) == messages
    assert shortened(messages, 70) == [SYSTEM, *messages[3:]]
    assert shortened(messages, 40) == [SYSTEM, user("e" * 10)]


def test_the_instructions_and_the_last_question_are_never_cut():
    messages = [SYSTEM, user("a" * 1000), reply("b"), user("c" * 1000)]
    assert shortened(messages, 0) == [SYSTEM, user("c" * 1000)]


def test_results_of_this_turn_are_cut_where_leaving_out_is_not_enough():
    messages = [SYSTEM, user("one"), *called(result="x" * 5000), *called(result="y" * 300)]
    cut = shortened(messages, 1000)
    assert size(cut) <= 1000
    assert [message.role for message in cut] == [message.role for message in messages]
    assert cut[-1] == messages[-1]
    assert cut[3].text.endswith("… [shortened]")
    assert len(cut[3].text) > 500


@given(
    st.lists(st.integers(0, 3000), min_size=1, max_size=5),
    st.integers(0, 10_000),
)
def test_shortening_keeps_what_must_stay(lengths, room):
    messages = [SYSTEM, user("old"), reply("old"), user("last")]
    for length in lengths:
        messages += called(result="x" * length)
    cut = shortened(messages, room)
    assert cut[0] == SYSTEM
    assert user("last") in cut
    assert size(cut) <= size(messages)
    assert sum(message.role == "tool" for message in cut) == len(lengths)


@pytest.mark.parametrize("messages", [[], [SYSTEM], [SYSTEM, *called()]])
def test_a_conversation_without_a_question(messages):
    assert shortened(messages, 0) == messages
