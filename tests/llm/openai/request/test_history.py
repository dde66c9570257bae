"""Calls in the history: unchanged for the model that made them, rewritten for any other."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chat.llm.openai.request.body import RequestForm, encode_request
from chat.messages import Message, ToolCall, ToolSpec

TOOL = ToolSpec("look_up", "Looks up.", {"type": "object", "properties": {}})
ACCEPTED = "[A-Za-z0-9]{9}"


def step(*calls: ToolCall, model: str = "a") -> list[Message]:
    return [
        Message("assistant", "", calls, model=model),
        *(Message("tool", "{}", tool_call_id=call.id) for call in calls),
    ]


def sent(messages: list[Message], model: str = "a", tools: Any = (TOOL,), **options: Any) -> Any:
    return json.loads(encode_request(model, messages, tools, RequestForm(**options)))


def calls_and_results(request: Any) -> tuple[list[str], list[str]]:
    calls = [call["id"] for message in request["messages"] for call in message.get("tool_calls", ())]
    return calls, [message["tool_call_id"] for message in request["messages"] if message["role"] == "tool"]


OWN_CALL = ToolCall("toolu_1.x", "look_up", "{}", '{"extra_content":{"s":1},"function":{"f":2}}', '{"reasoning":"Hm."}')


def test_a_models_own_calls_go_back_as_they_came():
    message = sent(step(OWN_CALL))["messages"][0]
    function = {"name": "look_up", "arguments": "{}", "f": 2}
    call = {"id": "toolu_1.x", "type": "function", "function": function, "extra_content": {"s": 1}}
    assert message == {"role": "assistant", "content": "", "reasoning": "Hm.", "tool_calls": [call]}


def test_what_is_kept_replaces_nothing_of_ours():
    call = ToolCall(
        "i", "look_up", "{}", '{"id":"x","type":"y","function":{"name":"z"}}', '{"role":"user","tool_calls":[]}'
    )
    message = sent(step(call))["messages"][0]
    assert (message["role"], message["content"], message["tool_calls"][0]["id"]) == ("assistant", "", "i")
    assert message["tool_calls"][0]["function"]["name"] == "look_up"


def test_what_stood_before_the_text_comes_back_before_it():
    call = ToolCall("i", "look_up", "{}", "", '{"content":"<think>Hm.</think>"}')
    message = Message("assistant", "Let me see.", (call,), model="a")
    assert sent([message])["messages"][0]["content"] == "<think>Hm.</think>Let me see."
    assert sent([message], "b")["messages"][0]["content"] == "Let me see."


def test_blanks_beside_calls_are_nothing():
    message = Message("assistant", " \n", (ToolCall("i", "look_up", "{}"),), model="a")
    assert sent([message])["messages"][0]["content"] == ""


def test_another_models_calls_are_rewritten_and_so_are_all_when_they_were_refused():
    for request in (sent(step(OWN_CALL), "b"), sent(step(OWN_CALL), keep_own_calls=False)):
        calls, results = calls_and_results(request)
        assert calls == results
        assert re.fullmatch(ACCEPTED, calls[0])
        (call,) = request["messages"][0]["tool_calls"]
        assert set(call) == {"id", "type", "function"}
        assert set(request["messages"][0]) == {"role", "content", "tool_calls"}


def test_the_arguments_of_another_model_are_an_object():
    for arguments, expected in [
        ('{"a": 1}', {"a": 1}),
        ('"{\\"a\\": 1}"', {"a": 1}),
        ('{"a": ', {}),
        ("[1]", {}),
        ("", {}),
        ("[" * 100_000, {}),
    ]:
        call = sent(step(ToolCall("i", "look_up", arguments)), "b")["messages"][0]["tool_calls"][0]
        assert json.loads(call["function"]["arguments"]) == expected


@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"),
            st.lists(st.sampled_from(["", "0", "1", "call_1", "ABCDEFGH1", "é"]), min_size=1, max_size=3, unique=True),
        ),
        max_size=6,
    ),
    st.booleans(),
)
def test_ids_are_unique_and_results_follow_their_calls(steps, keep_own_calls):
    messages = [
        message
        for model, ids in steps
        for message in step(*(ToolCall(each, "look_up", "{}") for each in ids), model=model)
    ]
    request = sent(messages, keep_own_calls=keep_own_calls)
    calls, results = calls_and_results(request)
    assert calls == results
    assert len(set(calls)) == len(calls)
    assert all(calls)
    seen: set[str] = set()
    for (model, ids), message in zip(
        steps, [each for each in request["messages"] if "tool_calls" in each], strict=True
    ):
        for given_id, call in zip(ids, message["tool_calls"], strict=True):
            if model == "a" and keep_own_calls and given_id and given_id not in seen:
                assert call["id"] == given_id
            else:
                assert re.fullmatch(ACCEPTED, call["id"])
            seen.add(call["id"])


def test_a_longer_conversation_has_the_same_ids_at_its_beginning():
    """Check that the beginning stays the same, so that an endpoint's cache of it is used."""
    first = step(ToolCall("x", "look_up", "{}"), model="b")
    (short,), _ = calls_and_results(sent(first))
    (same, _), _ = calls_and_results(sent([*first, *step(ToolCall("x", "look_up", "{}"), model="b")]))
    assert same == short


def test_tools_stay_as_long_as_the_history_has_calls():
    request = sent(step(OWN_CALL), tools=())
    assert [tool["function"]["name"] for tool in request["tools"]] == ["look_up"]
    assert request["tool_choice"] == "none"
    assert "tools" not in sent([Message("user", "Hi")], tools=())


def test_a_last_step_keeps_its_tools_and_may_not_call():
    request = sent(step(OWN_CALL), may_call=False)
    assert request["tools"]
    assert request["tool_choice"] == "none"
    assert "tool_choice" not in sent(step(OWN_CALL))
