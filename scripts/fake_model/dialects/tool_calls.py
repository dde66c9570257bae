"""Forms of tool calls, and what must be sent back with them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from scripts.fake_model.dialects.dialect import (
    CALLED,
    DONE,
    FINAL,
    TEXT,
    Dialect,
    Outcome,
    Script,
    Whole,
    assistant_calls,
    call,
    calling,
    event,
    piece,
    saying,
    words,
)

ARGUMENTS = '{"country": "China"}'
TWICE = Outcome(calls=("market_data", "market_data"))
SIGNATURE = {"google": {"thought_signature": "EhsIARIXCg=="}}
AGAIN = ("China?", "And again?")


def function(name: Any = "market_data", arguments: Any = ARGUMENTS, **fields: Any) -> dict[str, Any]:
    return {"name": name, "arguments": arguments} | fields


def fragments(*given: Any, finish: Any = "tool_calls") -> Script:
    """Return an answer whose events have one fragment of a call each."""
    return [*(piece({"tool_calls": [each]}) for each in given), piece({}, finish), DONE]


def with_message(calls: list[Any], finish: str | None = None) -> bytes:
    """Return an event with a complete message with calls."""
    return event({"choices": [{"message": {"content": "", "tool_calls": calls}, "finish_reason": finish}]})


def ids_like(pattern: str) -> Callable[[dict[str, Any]], str]:
    """Refuse a request with a call's id that is not of this form, in the call or in its result."""

    def refuses(request: dict[str, Any]) -> str:
        ids = [each.get("id") for each in assistant_calls(request)]
        results = [message.get("tool_call_id") for message in request["messages"] if message["role"] == "tool"]
        wrong = [each for each in ids + results if not re.fullmatch(pattern, str(each))]
        if wrong:
            return f"Tool call id was {wrong[0]} but must match {pattern}."
        return "" if sorted(ids) == sorted(results) and len(set(ids)) == len(ids) else "Calls and results do not match."

    return refuses


def every_call(test: Callable[[dict[str, Any]], bool], reason: str) -> Callable[[dict[str, Any]], str]:
    return lambda request: "" if all(test(each) for each in assistant_calls(request)) else reason


def every_message_with_calls(test: Callable[[dict[str, Any]], bool], reason: str) -> Callable[[dict[str, Any]], str]:
    def refuses(request: dict[str, Any]) -> str:
        return "" if all(test(each) for each in request["messages"] if each.get("tool_calls")) else reason

    return refuses


def null_content(request: dict[str, Any]) -> str:
    missing = [each for each in request["messages"] if not isinstance(each.get("content"), str)]
    return "content must be a string" if missing else ""


def calls_without_tools(request: dict[str, Any]) -> str:
    has_tools = bool(request.get("tools"))
    return "" if has_tools or not assistant_calls(request) else "tools= is needed where tool calls are in the history"


def needless_calls(request: dict[str, Any]) -> str:
    """Check a history strictly: arguments are JSON objects, and fields are the documented ones."""
    for each in assistant_calls(request):
        if not set(each) <= {"id", "type", "function"} or not isinstance(
            json.loads(each["function"]["arguments"]), dict
        ):
            return "messages: extra inputs are not permitted"
    return ""


def obedient(asked: Any, _seen: int) -> Script:
    """Call a tool as long as tools are offered."""
    return FINAL if asked.request.get("tool_choice") == "none" and asked.request.get("tools") else calling(call())


# What must come back: the id, further fields, the reasoning.
_KEPT: dict[str, Dialect] = {
    "id-nine": Dialect(
        "ids of nine letters and digits",
        (calling(call(id="D681PevKs")), FINAL),
        CALLED,
        ids_like("[A-Za-z0-9]{9}"),
        questions=AGAIN,
    ),
    "id-word": Dialect(
        "ids of letters, digits, _ and -",
        (calling(call(id="toolu_01A09q90")), FINAL),
        CALLED,
        ids_like("[A-Za-z0-9_-]+"),
    ),
    "id-forty": Dialect(
        "ids of at most 40 characters",
        (calling(call(id="call_" + "x" * 35)), FINAL),
        CALLED,
        ids_like(".{1,40}"),
        questions=AGAIN,
    ),
    "id-missing": Dialect(
        "no ids, and those that come back must be of nine letters and digits",
        (calling(call(id=None), call(id="")), FINAL),
        TWICE,
        ids_like("[A-Za-z0-9]{9}"),
    ),
    "id-repeated": Dialect(
        "numbers the calls of every answer from 0",
        (calling(call(id="0")), calling(call(id="0")), FINAL),
        TWICE,
        ids_like(".+"),
        questions=AGAIN,
    ),
    "id-odd": Dialect(
        "a long id of odd characters, arguments that are no JSON, and further fields",
        (calling(call('{"country": ', id="functions.market_data:0/" + "é" * 60, provider="x"), reasoning="Hm."), FINAL),
        Outcome(reasoning="Hm."),
    ),
    "id-number": Dialect("an id that is a number", (calling(call(id=0)), FINAL), CALLED, ids_like("0|[A-Za-z0-9]{9}")),
    "call-extra": Dialect(
        "a signature with the call, which must come back",
        (calling(call(extra_content=SIGNATURE)), FINAL),
        CALLED,
        every_call(lambda each: each.get("extra_content") == SIGNATURE, "missing a thought_signature"),
        questions=AGAIN,
        takes_others_calls=False,
    ),
    "call-extra-within": Dialect(
        "a field unknown to us within the function, which must come back",
        (calling(call(function=function(signature="s1"))), FINAL),
        CALLED,
        every_call(lambda each: each["function"].get("signature") == "s1", "missing the signature"),
        takes_others_calls=False,
    ),
    "call-strict": Dialect(
        "refuses fields of calls that are not documented, though it sends one",
        (calling(call(provider="x")), FINAL),
        CALLED,
        needless_calls,
        422,
    ),
    "call-reasoning": Dialect(
        "reasoning_content in a tool loop, which must come back",
        ([piece({"reasoning_content": "Hm, "}), piece({"reasoning_content": "China."}), *calling(call())], FINAL),
        Outcome(calls=("market_data",), reasoning="Hm, China."),
        every_message_with_calls(
            lambda each: each.get("reasoning_content") == "Hm, China.", "missing reasoning_content"
        ),
        questions=AGAIN,
        takes_others_calls=False,
    ),
    "call-reasoning-other": Dialect(
        "the same under another name",
        ([piece({"reasoning": "Hm."}), *calling(call())], FINAL),
        Outcome(calls=("market_data",), reasoning="Hm."),
        every_message_with_calls(lambda each: each.get("reasoning") == "Hm.", "missing reasoning"),
        takes_others_calls=False,
    ),
    "call-reasoning-details": Dialect(
        "reasoning_details in pieces, which must come back in one",
        (
            [
                piece({"reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "Hm"}]}),
                piece({"reasoning_details": [{"type": "reasoning.text", "index": 0, "text": ".", "signature": "s"}]}),
                *calling(call()),
            ],
            FINAL,
        ),
        CALLED,
        every_message_with_calls(
            lambda each: (
                each.get("reasoning_details")
                == [{"type": "reasoning.text", "index": 0, "text": "Hm.", "signature": "s"}]
            ),
            "missing reasoning_details",
        ),
        takes_others_calls=False,
    ),
    "call-think": Dialect(
        "reasoning between tags before a call, which must come back",
        ([words("<think>\nHm.\n"), words("</think>\n\n"), *calling(call())], FINAL),
        Outcome(calls=("market_data",), reasoning="Hm."),
        every_message_with_calls(
            lambda each: each.get("content") == "<think>\nHm.\n</think>\n\n", "missing the reasoning in content"
        ),
        questions=AGAIN,
        takes_others_calls=False,
    ),
    "call-think-words": Dialect(
        "the same with words after the reasoning",
        ([words("<think>Hm.</think>\nLet "), words("me see. "), *calling(call())], FINAL),
        Outcome("Let me see. " + TEXT, calls=("market_data",), reasoning="Hm."),
        every_message_with_calls(
            lambda each: each.get("content") == "<think>Hm.</think>\nLet me see. ", "missing the reasoning in content"
        ),
        takes_others_calls=False,
    ),
    "call-content": Dialect("content must not be null", (calling(call(), content=None), FINAL), CALLED, null_content),
    "call-tools-stay": Dialect(
        "tools must come as long as the history has calls",
        obedient,
        Outcome(calls=("market_data",) * 7),
        calls_without_tools,
    ),
    "call-for-ever": Dialect(
        "calls tools for ever", (calling(call()),), Outcome("", "failed", "calling tools", calls=("market_data",) * 7)
    ),
}

# How a call is written.
_WRITTEN: dict[str, Dialect] = {
    "call-plain": Dialect("a call in one event", (calling(call()), FINAL), CALLED),
    "call-pieces": Dialect(
        "arguments in pieces",
        (
            fragments(
                call(""),
                {"index": 0, "function": {"arguments": '{"country": '}},
                {"index": 0, "function": {"arguments": '"China"}'}},
            ),
            FINAL,
        ),
        CALLED,
    ),
    "call-name-pieces": Dialect(
        "a name in pieces",
        (
            fragments(
                {"index": 0, "id": "a", "function": {"name": "market"}},
                {"index": 0, "function": {"name": "_data"}},
                {"index": 0, "function": {"arguments": '{"country": '}},
                {"index": 0, "function": {"arguments": '"China"}'}},
            ),
            FINAL,
        ),
        CALLED,
    ),
    "call-name-repeated": Dialect(
        "the name again in every fragment",
        (
            fragments(
                {"index": 0, "id": "a", "function": function(arguments='{"country"')},
                {"index": 0, "id": "a", "function": function(arguments=': "China"}')},
            ),
            FINAL,
        ),
        CALLED,
    ),
    "call-encoded-twice": Dialect("arguments encoded twice", (calling(call(json.dumps(ARGUMENTS))), FINAL), CALLED),
    "call-encoded-thrice": Dialect(
        "arguments encoded three times", (calling(call(json.dumps(json.dumps(ARGUMENTS)))), FINAL), CALLED
    ),
    "call-object": Dialect("arguments as an object", (calling(call({"country": "China"})), FINAL), CALLED),
    "call-list-as-text": Dialect(
        "a list that comes as a text",
        (
            calling(call(function=function("compare_markets", '{"countries": "[\\"China\\", \\"India\\"]"}'))),
            FINAL,
        ),
        Outcome(calls=("compare_markets",)),
    ),
    "call-nulls": Dialect(
        "null for what is left out",
        (calling(call(function=function("compare_markets", '{"countries": ["China"], "years": null}'))), FINAL),
        Outcome(calls=("compare_markets",)),
    ),
    "call-null-fragments": Dialect("null among the fragments", (calling(None, call()), FINAL), CALLED),
    "call-index-text": Dialect(
        "an index that is a text", (calling(call(index="0"), call(index="1", id="b")), FINAL), TWICE
    ),
    "call-no-index": Dialect("no index", (calling(call(index=None), call(index=None, id="b")), FINAL), TWICE),
    "call-same-index": Dialect("the index 0 for all calls", (calling(call(id="a"), call(id="b")), FINAL), TWICE),
    "call-interleaved": Dialect(
        "two calls in turns",
        (
            fragments(
                call("", index=0, id="a"),
                call("", index=1, id="b"),
                {"index": 0, "function": {"arguments": '{"country": '}},
                {"index": 1, "function": {"arguments": '{"country": '}},
                {"index": 1, "function": {"arguments": '"India"}'}},
                {"index": 0, "function": {"arguments": '"China"}'}},
            ),
            FINAL,
        ),
        TWICE,
    ),
    "call-list-as-object": Dialect(
        "an object where the list of calls should be",
        ([piece({"tool_calls": call()}, "tool_calls"), DONE], FINAL),
        CALLED,
    ),
    "call-without-function": Dialect(
        "name and arguments beside the id",
        (calling({"id": "a", "name": "market_data", "arguments": ARGUMENTS}), FINAL),
        CALLED,
    ),
    "call-late": Dialect(
        "calls after the finish reason",
        ([piece({}, "tool_calls"), piece({"tool_calls": [call()]}), DONE], FINAL),
        CALLED,
    ),
    "call-stop": Dialect("finish reason stop beside calls", (saying(*calling(call())[:1]), FINAL), CALLED),
    "call-older": Dialect(
        "an older function_call",
        ([piece({"function_call": {"name": "market_data", "arguments": ARGUMENTS}}, "function_call"), DONE], FINAL),
        CALLED,
    ),
    "call-older-pieces": Dialect(
        "an older function_call in pieces",
        (
            [
                piece({"function_call": {"name": "market_data", "arguments": ""}}),
                piece({"function_call": {"arguments": '{"country": '}}),
                piece({"function_call": {"arguments": '"China"}'}}),
                piece({}, "function_call"),
                DONE,
            ],
            FINAL,
        ),
        CALLED,
    ),
    "call-in-document": Dialect(
        "a call in a JSON body instead of a stream",
        (
            [
                Whole(
                    {
                        "choices": [
                            {
                                "index": 0,
                                "message": {"role": "assistant", "content": None, "tool_calls": [call(index=None)]},
                                "finish_reason": "tool_calls",
                            }
                        ]
                    }
                )
            ],
            FINAL,
        ),
        CALLED,
    ),
    "call-again-in-message": Dialect(
        "the whole message with its call once more at the end",
        (
            [
                *calling(call())[:1],
                event(
                    {
                        "choices": [
                            {
                                "message": {"content": "", "tool_calls": [call(index=None)]},
                                "finish_reason": "tool_calls",
                            }
                        ]
                    }
                ),
                DONE,
            ],
            FINAL,
        ),
        CALLED,
    ),
    "call-a-message": Dialect(
        "a message for each call, without ids",
        (
            [
                *(
                    event(
                        {
                            "choices": [
                                {
                                    "message": {
                                        "content": "",
                                        "tool_calls": [{"function": function(arguments={"country": each})}],
                                    }
                                }
                            ]
                        }
                    )
                    for each in ("China", "India")
                ),
                piece({}, "stop"),
                DONE,
            ],
            FINAL,
        ),
        TWICE,
    ),
    "call-with-words": Dialect(
        "words before a call",
        ([words("Let me see. "), *calling(call())], FINAL),
        Outcome("Let me see. " + TEXT, calls=("market_data",)),
    ),
    "call-unknown": Dialect(
        "a tool that is not there", (calling(call(function=function("weather"))), FINAL), Outcome()
    ),
    "call-empty-beside-words": Dialect(
        "an empty call with every word",
        (
            saying(
                *(
                    piece(
                        {
                            "content": each,
                            "tool_calls": [{"index": 0, "id": "", "function": {"name": "", "arguments": ""}}],
                        }
                    )
                    for each in ("The figures ", "are in.")
                )
            ),
        ),
    ),
    "call-name-too-long": Dialect(
        "a name of 900,000 characters",
        (calling(call(function=function("x" * 900_000))), FINAL),
        Outcome("", "failed", "name that is too long"),
    ),
    "call-too-many": Dialect(
        "a thousand calls at once",
        (calling(*(call(index=n, id=f"c{n}") for n in range(1000))), FINAL),
        Outcome("", "failed", "too many tools"),
    ),
}

TOOL_CALLS = _KEPT | _WRITTEN
