"""The fake model as the SDK sees it: answers, streams, tools and the options that ask for them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import openai
import pytest

from scripts.fake_llm import FakeLLM, directive, generated_text

TOOLS: Any = [{"type": "function", "function": {"name": "market_data", "parameters": {"type": "object"}}}]


@pytest.fixture(scope="module")
def client(llm: FakeLLM) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=llm.base_url, api_key="sk-canary", max_retries=0, timeout=10) as client:
        yield client


def ask(client: openai.OpenAI, text: str = "Hello", model: str = "fake", **more: Any) -> Any:
    return client.chat.completions.create(model=model, messages=[{"role": "user", "content": text}], **more)


def text_of(stream: Any) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


def test_lists_its_model(client: openai.OpenAI) -> None:
    assert [model.id for model in client.models.list()] == ["fake"]


def test_answers_at_once_when_not_streaming(client: openai.OpenAI) -> None:
    answer = ask(client)
    assert answer.object == "chat.completion"
    assert answer.choices[0].message.content == generated_text(8)
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.completion_tokens == 8
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + 8


def test_streams_as_documented(client: openai.OpenAI) -> None:
    chunks = list(ask(client, stream=True))
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert len({(chunk.id, chunk.created) for chunk in chunks}) == 1
    assert {chunk.model for chunk in chunks} == {"fake"}
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[0].choices[0].delta.content == ""
    assert [chunk.choices[0].finish_reason for chunk in chunks] == [None] * 9 + ["stop"]
    assert text_of(chunks) == generated_text(8)
    assert all(chunk.usage is None for chunk in chunks)


def test_usage_comes_last_and_only_when_asked_for(client: openai.OpenAI) -> None:
    *before, last = ask(client, stream=True, stream_options={"include_usage": True})
    assert all(chunk.usage is None and chunk.choices for chunk in before)
    assert last.choices == []
    assert last.usage.completion_tokens == 8


def test_every_token_of_the_generated_text_differs() -> None:
    words = generated_text(500).split()
    assert len(words) == len(set(words)) == 500


def test_options_in_the_models_name(client: openai.OpenAI) -> None:
    stream = ask(client, model=directive(text="Grüße, 世界 & 100 %!\n\nEnd.  "), stream=True)
    assert text_of(stream) == "Grüße, 世界 & 100 %!\n\nEnd.  "


def test_options_in_the_question_win(client: openai.OpenAI) -> None:
    question = f"Hello [{directive(text='from the question')}] there"
    assert text_of(ask(client, question, model=directive(text="from the name"), stream=True)) == "from the question"


def test_a_question_in_parts_is_read_too(client: openai.OpenAI) -> None:
    content: Any = [{"type": "text", "text": "Hello "}, {"type": "text", "text": f"[{directive(text='parts')}]"}]
    answer = client.chat.completions.create(model="fake", messages=[{"role": "user", "content": content}])
    assert answer.choices[0].message.content == "parts"


@pytest.mark.parametrize("options", ["colour=red", "tokens=many", "fault=nonsense", "first=-1", "gap=nan", "echo=2"])
def test_an_option_it_does_not_have_is_refused(client: openai.OpenAI, options: str) -> None:
    with pytest.raises(openai.BadRequestError):
        ask(client, model=f"fake?{options}")


def test_reasoning_comes_before_the_text(client: openai.OpenAI) -> None:
    chunks = list(ask(client, model=directive(reasoning=3, tokens=2), stream=True))
    deltas = [chunk.choices[0].delta for chunk in chunks]
    thought = [getattr(delta, "reasoning_content", None) for delta in deltas]
    assert "".join(filter(None, thought)) == generated_text(3)
    assert [bool(each) for each in thought] == [False, True, True, True, False, False, False]
    assert text_of(chunks) == generated_text(2)


def test_reasoning_under_another_name(client: openai.OpenAI) -> None:
    answer = ask(client, model=directive(reasoning=3, reasoning_field="reasoning"))
    assert answer.choices[0].message.reasoning == generated_text(3)
    assert answer.usage.completion_tokens_details.reasoning_tokens == 3


def tool_calls(stream: Any) -> tuple[list[dict[str, str]], str]:
    """Return the calls, joined from their fragments, and the finish reason."""
    calls: list[dict[str, str]] = []
    finished = ""
    for chunk in stream:
        choice = chunk.choices[0]
        finished = choice.finish_reason or finished
        for part in choice.delta.tool_calls or []:
            if part.index == len(calls):
                assert part.type == "function"
                calls.append({"id": part.id, "name": part.function.name, "arguments": ""})
            calls[part.index]["arguments"] += part.function.arguments or ""
    return calls, finished


def test_calls_several_tools_in_fragments_and_then_answers(client: openai.OpenAI) -> None:
    wanted = {"country": "Côte d’Ivoire", "years": [2020, 2021]}
    model = directive(tool=[("market_data", wanted), ("exchange_rate", '{"base": "EU')], text="Here you are.")
    calls, finished = tool_calls(ask(client, model=model, tools=TOOLS, stream=True))
    assert finished == "tool_calls"
    assert [call["name"] for call in calls] == ["market_data", "exchange_rate"]
    assert json.loads(calls[0]["arguments"]) == wanted
    assert calls[1]["arguments"] == '{"base": "EU'
    assert calls[0]["id"] != calls[1]["id"]
    assert text_of(after_results(client, model, calls, stream=True)) == "Here you are."


def after_results(client: openai.OpenAI, model: str, calls: list[dict[str, str]], **more: Any) -> Any:
    tool_calls = [
        {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": call["arguments"]}}
        for call in calls
    ]
    results = [{"role": "tool", "tool_call_id": call["id"], "content": f"result {call['name']}"} for call in calls]
    messages: Any = [
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": None, "tool_calls": tool_calls},
        *results,
    ]
    return client.chat.completions.create(model=model, messages=messages, tools=TOOLS, **more)


def test_echo_shows_what_the_tool_found(client: openai.OpenAI) -> None:
    model = directive(tool=[("market_data", {})], echo=1)
    answer = ask(client, model=model, tools=TOOLS)
    assert answer.choices[0].finish_reason == "tool_calls"
    call = answer.choices[0].message.tool_calls[0]
    calls = [{"id": call.id, "name": call.function.name, "arguments": call.function.arguments}]
    assert after_results(client, model, calls).choices[0].message.content == "result market_data"


def test_calls_tools_as_many_rounds_as_it_is_told(client: openai.OpenAI) -> None:
    model = directive(tool=[("market_data", {})], rounds=2)
    calls, _ = tool_calls(ask(client, model=model, tools=TOOLS, stream=True))
    again, finished = tool_calls(after_results(client, model, calls, stream=True))
    assert finished == "tool_calls"
    assert again[0]["id"] != calls[0]["id"]


@pytest.mark.parametrize("offer", [{}, {"tools": TOOLS, "tool_choice": "none"}])
def test_calls_no_tool_when_none_is_offered(client: openai.OpenAI, offer: dict[str, Any]) -> None:
    assert text_of(ask(client, model=directive(tool=[("market_data", {})]), stream=True, **offer)) == generated_text(8)


def test_chunks_that_cut_through_lines_and_letters(client: openai.OpenAI) -> None:
    assert text_of(ask(client, model=directive(text="Grüße aus 北京 🚀", split=3), stream=True)) == "Grüße aus 北京 🚀"


def test_counts_what_it_serves_and_keeps_what_it_was_asked() -> None:
    with (
        FakeLLM(first=0, gap=0, tokens=5) as fake,
        openai.OpenAI(base_url=fake.base_url, api_key="sk-canary") as client,
    ):
        text_of(ask(client, "A question", stream=True))
        ask(client, "Another")
        stats, requests = fake.stats(), fake.requests()
    assert {name: stats[name] for name in ("requests", "served", "tokens", "open", "aborted", "cut")} == {
        "requests": 2,
        "served": 2,
        "tokens": 10,
        "open": 0,
        "aborted": 0,
        "cut": 0,
    }
    assert stats["cpu_s"] > 0
    assert [json.loads(request["body"])["messages"][0]["content"] for request in requests] == ["A question", "Another"]
    assert requests[0]["authorization"] == "Bearer sk-canary"


def test_hundreds_of_streams_at_once_are_each_complete(client: openai.OpenAI, llm: FakeLLM) -> None:
    before = llm.stats()["served"]
    streams = [ask(client, model=directive(first=0.2, tokens=20, gap=0), stream=True) for _ in range(200)]
    assert {text_of(stream) for stream in streams} == {generated_text(20)}
    assert llm.stats()["served"] - before == 200


def test_closes_idle_connections_only() -> None:
    with FakeLLM(tokens=8, gap=0.1) as llm, openai.OpenAI(base_url=llm.base_url, api_key="any") as client:
        streaming = ask(client, stream=True)
        first = next(iter(streaming))
        ask(client, model=directive(tokens=1, gap=0))
        assert llm.close_idle() == 1
        assert text_of([first, *streaming]) == generated_text(8)
