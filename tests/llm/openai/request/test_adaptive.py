"""An endpoint that refuses something optional, or the length, is asked again without it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest

from chat.cancellation import Cancellation
from chat.errors import ModelError, ModelRejected, QuestionTooLong
from chat.llm.openai.client import OpenAIModel
from chat.messages import (
    OLDER_LEFT_OUT,
    WITHOUT_TOOLS,
    Delta,
    Message,
    Notice,
    TextDelta,
    ToolCall,
    ToolSpec,
    Usage,
)
from tests.llm.openai.conftest import KEY, all_deltas
from tests.llm.openai.fault_cases import error, status
from tests.servers.scripted_server import Exchange, answer, event

pytestmark = pytest.mark.usefixtures("at_once")

TOOL = ToolSpec("market_data", "Looks it up.", {"type": "object", "properties": {}})
SYSTEM = Message("system", "Be brief.")
CALL = ToolCall("call_1", "market_data", "{}")
HISTORY = [
    Message("user", "China?"),
    Message("assistant", "", (CALL,)),
    Message("tool", "18.7", tool_call_id="call_1"),
    Message("assistant", "It is 18.7."),
]

Refuses = Callable[[dict[str, Any]], bytes | None]


def stream(model: OpenAIModel, *messages: Message, tools: list[ToolSpec] | None = None) -> list[Delta]:
    dialogue = [SYSTEM, *(messages or [Message("user", "Hello?")])]
    return all_deltas(model.stream("a-model", dialogue, [TOOL] if tools is None else tools, Cancellation(20)))


def endpoint(serve, refuses: Refuses):
    def script(exchange: Exchange) -> None:
        if refused := refuses(exchange.json):
            exchange.send(refused)
        else:
            exchange.send_chunked(answer("Hi"))

    return serve(script)


def roles(request: dict[str, Any]) -> list[str]:
    return [message["role"] for message in request["messages"]]


IS_UNSUPPORTED: dict[str, Callable[[dict[str, Any]], bool]] = {
    "tools": lambda request: "tools" in request or "tool" in roles(request),
    "stream_options": lambda request: "stream_options" in request,
    "system role": lambda request: "system" in roles(request),
}
SENTENCES = {
    "tools": "a-model does not support tools",
    "stream_options": "extra fields not permitted: stream_options",
    "system role": "System role not supported",
}


@pytest.mark.parametrize("option", IS_UNSUPPORTED)
@pytest.mark.parametrize("named", [True, False], ids=["named", "nameless"])
@pytest.mark.parametrize("code", [400, 422])
def test_what_is_refused_is_left_out_and_that_is_remembered(serve, connect, option, named, code):
    body = error(SENTENCES[option]) if named else error("Bad Request")
    server = endpoint(serve, lambda request: status(code, body) if IS_UNSUPPORTED[option](request) else None)
    model = connect(server)
    deltas = stream(model, *HISTORY, Message("user", "And now?"))
    assert (Notice(WITHOUT_TOOLS) in deltas) == (option == "tools")
    assert TextDelta("Hi") in deltas
    requests = len(server.exchanges)
    assert requests <= (2 if named else 4)
    remembered = stream(model)
    assert TextDelta("Hi") in remembered
    # A refusal without a name may have been the history's fault where that has calls.
    assert len(server.exchanges) - requests == 1 or (option == "tools" and not named)


@pytest.mark.parametrize("code", [403, 404, 405, 500, 501])
def test_other_statuses_count_where_they_name_it(serve, connect, code):
    body = error("No endpoints found that support tool use.")
    server = endpoint(serve, lambda request: status(code, body) if "tools" in request else None)
    assert stream(connect(server)) == [Notice(WITHOUT_TOOLS), TextDelta("Hi"), Usage(7, 1)]
    assert len(server.exchanges) == 2


def test_all_three_are_refused_one_after_the_other(serve, connect):
    def refuses(request: dict[str, Any]) -> bytes | None:
        unsupported = [option for option in IS_UNSUPPORTED if IS_UNSUPPORTED[option](request)]
        return status(400, error(SENTENCES[unsupported[0]])) if unsupported else None

    server = endpoint(serve, refuses)
    model = connect(server)
    assert TextDelta("Hi") in stream(model, *HISTORY, Message("user", "And now?"))
    assert len(server.exchanges) == 4
    assert server.exchanges[-1].json["messages"] == [
        {"role": "user", "content": "Be brief.\n\nChina?\n\n[Result of the tool market_data {}: 18.7]"},
        {"role": "assistant", "content": "It is 18.7."},
        {"role": "user", "content": "And now?"},
    ]
    stream(model)
    assert len(server.exchanges) == 5


def test_all_three_are_refused_without_a_word(serve, connect):
    server = endpoint(
        serve,
        lambda request: status(400, b"") if any(each(request) for each in IS_UNSUPPORTED.values()) else None,
    )
    assert TextDelta("Hi") in stream(connect(server))
    assert len(server.exchanges) == 6


def test_tools_stay_where_everything_else_is_refused_without_a_word(serve, connect):
    others = [IS_UNSUPPORTED["stream_options"], IS_UNSUPPORTED["system role"]]
    server = endpoint(serve, lambda request: status(400, b"") if any(each(request) for each in others) else None)
    model = connect(server)
    assert Notice(WITHOUT_TOOLS) not in stream(model)
    assert len(server.exchanges) == 5
    assert stream(model)[0] == TextDelta("Hi")
    assert len(server.exchanges) == 6
    assert "tools" in server.exchanges[-1].json


def test_a_refusal_in_the_stream(serve, connect):
    def script(exchange: Exchange) -> None:
        if "tools" in exchange.json:
            exchange.send_chunked([event(error={"message": "tools is not supported", "code": 400})])
        else:
            exchange.send_chunked(answer("Hi"))

    assert TextDelta("Hi") in stream(connect(serve(script)))


def test_what_no_option_explains_keeps_its_reason_and_is_not_tried_on_again(serve, connect):
    server = endpoint(serve, lambda _: status(400, error(f"Odd number {len(server.exchanges)}")))
    model = connect(server)
    for requests in (6, 7):
        with pytest.raises(ModelRejected) as caught:
            stream(model)
        assert "Odd number" in str(caught.value)
        assert len(server.exchanges) == requests
    assert "Odd number 1" not in str(caught.value)


def test_what_failed_is_not_remembered(serve, connect):
    """The request without the option failed too, so nothing is known about the option."""

    def refuses(request: dict[str, Any]) -> bytes | None:
        if len(server.exchanges) == 1:
            return status(400, error("tools is not supported"))
        return status(403, error("Not now")) if len(server.exchanges) == 2 else None

    server = endpoint(serve, refuses)
    model = connect(server)
    with pytest.raises(ModelError):
        stream(model)
    assert Notice(WITHOUT_TOOLS) not in stream(model)
    assert "tools" in server.exchanges[-1].json


def test_it_is_told_once_in_the_log(serve, connect, caplog):
    server = endpoint(serve, lambda request: status(400, error(SENTENCES["tools"])) if "tools" in request else None)
    model = connect(server)
    with caplog.at_level(logging.WARNING, "chat.llm"):
        for _ in range(3):
            stream(model)
    assert [record.getMessage() for record in caplog.records] == [
        "Model a-model: its endpoint does not take tools; from now on it is asked without"
    ]


@pytest.mark.parametrize("offer", ["true", "false"])
def test_by_hand(serve, transport, offer):
    server = endpoint(serve, lambda request: status(400, error(SENTENCES["tools"])) if "tools" in request else None)
    model = OpenAIModel(KEY, server.url, 5.0, transport, offer)
    if offer == "false":
        assert stream(model)[0] == Notice(WITHOUT_TOOLS)
    else:
        with pytest.raises(ModelRejected, match="does not support tools"):
            stream(model)
        assert all("tools" in exchange.json for exchange in server.exchanges)
    assert len(server.exchanges) <= 4
    model.close()


def test_tools_stay_where_only_the_tool_choice_is_refused(serve, connect):
    def refuses(request: dict[str, Any]) -> bytes | None:
        return status(422, error("tool_choice: Extra inputs are not permitted")) if "tool_choice" in request else None

    server = endpoint(serve, refuses)
    model = connect(server)
    for requests in (2, 3):
        last_step = model.stream("a-model", HISTORY[:3], [TOOL], Cancellation(20), may_call=False)
        assert all_deltas(last_step) == [TextDelta("Hi"), Usage(7, 1)]
        assert len(server.exchanges) == requests
        assert "tools" in server.exchanges[-1].json


MISSING: dict[str, tuple[str, Callable[[dict[str, Any]], bool]]] = {
    "reasoning, Moonshot": (
        "thinking is enabled but reasoning_content is missing in assistant tool call message at index 2",
        lambda message: message["role"] != "assistant" or bool(message.get("reasoning_content")),
    ),
    "reasoning, DeepSeek": (
        "The `reasoning_content` in the thinking mode must be passed back to the API.",
        lambda message: message["role"] != "assistant" or bool(message.get("reasoning_content")),
    ),
    "a result's name": (
        "* GenerateContentRequest.contents[2].parts[0].function_response.name: Name cannot be empty.",
        lambda message: message["role"] != "tool" or message.get("name") == "market_data",
    ),
}


@pytest.mark.parametrize("missing", MISSING)
@pytest.mark.parametrize("author", ["a-model", "another-model"])
def test_what_a_history_with_calls_lacks_is_added_and_that_is_remembered(serve, connect, missing, author):
    sentence, has_it = MISSING[missing]

    def refuses(request: dict[str, Any]) -> bytes | None:
        return None if all(map(has_it, request["messages"])) else status(400, error(sentence))

    history = [HISTORY[0], Message("assistant", "", (CALL,), model=author), HISTORY[2]]
    server = endpoint(serve, refuses)
    model = connect(server)
    for requests in (2, 3):
        assert stream(model, *history) == [TextDelta("Hi"), Usage(7, 1)]
        assert len(server.exchanges) == requests


def test_tools_are_offered_again_after_a_refusal_of_the_calls_in_a_history(serve, connect):
    def refuses(request: dict[str, Any]) -> bytes | None:
        has_calls = any("tool_calls" in message for message in request["messages"])
        return status(400, error("messages[2]: tool call has no signature")) if has_calls else None

    server = endpoint(serve, refuses)
    model = connect(server)
    assert stream(model, *HISTORY, Message("user", "And now?"))[0] == Notice(WITHOUT_TOOLS)
    assert stream(model) == [TextDelta("Hi"), Usage(7, 1)]
    assert "tools" in server.exchanges[-1].json


BROKEN = [
    HISTORY[0],
    Message("assistant", "", (ToolCall("call_1", "market_data", '{"country": '),), model="a-model"),
    HISTORY[2],
]


@pytest.mark.parametrize("named", [True, False], ids=["named", "nameless"])
def test_arguments_at_which_an_endpoint_fails_are_made_an_object(serve, connect, named):
    message = "Failed to parse tool call arguments as JSON: unexpected end of input" if named else "Internal error"

    def refuses(request: dict[str, Any]) -> bytes | None:
        calls = [call for each in request["messages"] for call in each.get("tool_calls", ())]
        broken = any(call["function"]["arguments"] != "{}" for call in calls)
        return status(500, error(message)) if broken else None

    server = endpoint(serve, refuses)
    assert stream(connect(server), *BROKEN) == [TextDelta("Hi"), Usage(7, 1)]
    assert len(server.exchanges) == 2


# Order


def test_an_endpoint_that_wants_user_and_assistant_to_alternate(serve, connect):
    def refuses(request: dict[str, Any]) -> bytes | None:
        others = [role for role in roles(request) if role != "system"]
        proper = others == ["user", "assistant"] * (len(others) // 2) + ["user"]
        return None if proper else status(400, error("After the optional system message, roles must alternate"))

    server = endpoint(serve, refuses)
    stopped = [Message("user", "One"), Message("assistant", ""), Message("user", "Two"), Message("user", "Three")]
    assert TextDelta("Hi") in stream(connect(server), *stopped, tools=[])
    assert len(server.exchanges) == 1
    assert server.exchanges[0].json["messages"][1] == {"role": "user", "content": "One\n\nTwo\n\nThree"}


# Length


def characters(request: dict[str, Any]) -> int:
    return sum(len(message["content"] or "") for message in request["messages"])


def long_chat(exchanges: int = 20, each: int = 1000) -> list[Message]:
    chat = []
    for number in range(exchanges):
        chat += [Message("user", f"question {number} ".ljust(each)), Message("assistant", "a".ljust(each))]
    return [*chat, Message("user", "the last question")]


def with_room(limit: int, say: Callable[[int], object]) -> Refuses:
    return lambda request: status(400, say(characters(request))) if characters(request) > limit else None


SAYS: dict[str, Callable[[int], object]] = {
    "limit and length": lambda sent: error(f"maximum context length is 2500 tokens, the messages have {sent // 4}"),
    "a limit": lambda _: error("This model's maximum context length is 2500 tokens."),
    "only that": lambda _: error("Please reduce the length of the messages."),
    "a code": lambda _: error("No", code="context_length_exceeded"),
    "a length that is wrong": lambda _: error("maximum context length is 2500 tokens, the messages have 2600"),
}


@pytest.mark.parametrize("form", SAYS)
@pytest.mark.parametrize("limit", [10_000, 3_000])
def test_a_conversation_that_is_too_long_is_cut(serve, connect, form, limit):
    server = endpoint(serve, with_room(limit, SAYS[form]))
    model = connect(server)
    deltas = stream(model, *long_chat())
    assert deltas[0] == Notice(OLDER_LEFT_OUT)
    assert TextDelta("Hi") in deltas
    assert len(server.exchanges) <= 6
    sent = server.exchanges[-1].json["messages"]
    assert sent[0] == {"role": "system", "content": "Be brief."}
    assert sent[1]["role"] == "user"
    assert sent[-1]["content"] == "the last question"
    if limit == 10_000:
        assert characters(server.exchanges[-1].json) > 2_000  # no more is cut than has to be
    requests = len(server.exchanges)
    assert stream(model, *long_chat())[0] == Notice(OLDER_LEFT_OUT)
    assert len(server.exchanges) == requests + 1
    assert Notice(OLDER_LEFT_OUT) not in stream(model)


@pytest.mark.parametrize("form", SAYS)
def test_a_question_that_alone_is_too_long_is_named(serve, connect, form):
    server = endpoint(serve, with_room(10_000, SAYS[form]))
    with pytest.raises(QuestionTooLong, match="question alone is too long"):
        stream(connect(server), *long_chat(3), Message("user", "x" * 20_000))
    assert len(server.exchanges) <= 8


def test_results_of_the_turn_are_cut_where_nothing_else_is_left(serve, connect):
    server = endpoint(serve, with_room(4000, SAYS["only that"]))
    results = [HISTORY[0], HISTORY[1], Message("tool", "x" * 20_000, tool_call_id="call_1")]
    assert TextDelta("Hi") in stream(connect(server), *results)
    assert "x" * 500 in server.exchanges[-1].json["messages"][-1]["content"]


def test_length_and_options_refused_in_one_question(serve, connect):
    def refuses(request: dict[str, Any]) -> bytes | None:
        if characters(request) > 10_000:
            return status(413, b"")
        return status(400, error(SENTENCES["tools"])) if "tools" in request else None

    deltas = stream(connect(endpoint(serve, refuses)), *long_chat())
    assert deltas[:2] == [Notice(WITHOUT_TOOLS), Notice(OLDER_LEFT_OUT)]
