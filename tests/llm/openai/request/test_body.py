from __future__ import annotations

import json
from typing import Any

from chat.llm.openai.request.body import encode_request
from chat.messages import Message, ToolCall, ToolSpec


def request(*arguments: Any) -> Any:
    return json.loads(encode_request(*arguments))


def test_a_conversation_with_a_tool_call():
    call = ToolCall("call_1", "market_data", '{"country": "China"}')
    messages = [
        Message("system", "Be brief."),
        Message("user", "China?"),
        Message("assistant", "", (call,), model="a-model"),
        Message("tool", '{"gdp": 1}', tool_call_id="call_1"),
        Message("assistant", "There."),
    ]
    parameters = {"type": "object", "properties": {"country": {"type": "string"}}}
    assert request("a-model", messages, [ToolSpec("market_data", "Looks it up.", parameters)]) == {
        "model": "a-model",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "China?"},
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "market_data", "arguments": '{"country": "China"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": '{"gdp": 1}'},
            {"role": "assistant", "content": "There."},
        ],
        "tools": [
            {
                "type": "function",
                "function": {"name": "market_data", "description": "Looks it up.", "parameters": parameters},
            }
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_no_tools_are_not_mentioned():
    assert "tools" not in request("a-model", [Message("user", "Hi")], [])


def test_text_beside_tool_calls_is_kept_and_missing_arguments_are_an_empty_object():
    message = request("m", [Message("assistant", "Let me see.", (ToolCall("a", "x", ""),))], [])["messages"][0]
    assert message["content"] == "Let me see."
    assert message["tool_calls"][0]["function"]["arguments"] == "{}"


def test_half_a_surrogate_pair_can_still_be_sent():
    text = request("m", [Message("user", "a\ud83db")], [])["messages"][0]["content"]
    assert text.encode() == b"a?b"


def test_the_body_is_json_with_every_character_as_it_is():
    message = Message("user", 'Hé 🚀 "quoted"\n')
    sent = encode_request("a-model", [message], [ToolSpec("tool", 'Says "é".', {"type": "object"})])
    assert "Hé 🚀".encode() in sent
    assert json.loads(sent)["messages"] == [{"role": "user", "content": message.text}]
    assert json.loads(sent)["tools"][0]["function"]["description"] == 'Says "é".'


def test_tools_of_one_name_are_told_apart():
    first, second = (ToolSpec("tool", description, {"type": "object"}) for description in ("One.", "Two."))
    for tool in (first, second, first):
        (encoded,) = request("m", [], [tool])["tools"]
        assert encoded["function"]["description"] == tool.description
