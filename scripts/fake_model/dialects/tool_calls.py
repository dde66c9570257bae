"""Forms in which a tool call is written."""

from __future__ import annotations

import json
import re

from scripts.fake_model.dialects.dialect import (
    DONE,
    FINAL,
    ONE_CALL,
    TEXT,
    Dialect,
    Outcome,
    Whole,
    call,
    call_script,
    event,
    piece,
    text_script,
    words,
)
from scripts.fake_model.dialects.tool_call_parts import (
    ARGUMENTS,
    TWICE,
    fragments,
    function,
)

_TWICE_ENCODED = re.findall(".{1,7}", json.dumps(ARGUMENTS))

TOOL_CALLS: dict[str, Dialect] = {
    "call-plain": Dialect("a call in one event", (call_script(call()), FINAL), ONE_CALL),
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
        ONE_CALL,
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
        ONE_CALL,
    ),
    "call-name-nulls": Dialect(
        "a name in pieces, with nulls between them",
        (
            fragments(
                {"index": 0, "id": "a", "function": {"name": "market", "arguments": None}},
                {"index": 0, "id": None, "function": {"name": None, "arguments": None}},
                {"index": 0, "function": {"name": "_data", "arguments": None}},
                {"index": 0, "function": {"name": None, "arguments": ARGUMENTS}},
            ),
            FINAL,
        ),
        ONE_CALL,
    ),
    "call-name-prefixed": Dialect(
        "functions. before the name",
        (call_script(call(function=function("functions.market_data"))), FINAL),
        Outcome(calls=("functions.market_data",)),
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
        ONE_CALL,
    ),
    "call-encoded-twice": Dialect(
        "arguments encoded twice", (call_script(call(json.dumps(ARGUMENTS))), FINAL), ONE_CALL
    ),
    "call-encoded-twice-pieces": Dialect(
        "arguments encoded twice, in pieces",
        (
            fragments(
                call(""),
                *(
                    {"index": 0, "function": {"arguments": each}}
                    for each in re.findall(".{1,7}", json.dumps(ARGUMENTS))
                ),
            ),
            FINAL,
        ),
        ONE_CALL,
    ),
    "call-so-far": Dialect(
        "all arguments so far in each fragment",
        (fragments(*(call(ARGUMENTS[:end]) for end in (1, 5, 12, len(ARGUMENTS)))), FINAL),
        ONE_CALL,
    ),
    "call-once-more": Dialect(
        "the whole call once more, without its id", (fragments(call(), call(id=None)), FINAL), ONE_CALL
    ),
    "call-both-forms": Dialect(
        "a call in tool_calls and in function_call",
        ([piece({"tool_calls": [call()], "function_call": function()}), piece({}, "tool_calls"), DONE], FINAL),
        ONE_CALL,
    ),
    "call-written-twice": Dialect("arguments written twice", (call_script(call(ARGUMENTS * 2)), FINAL), ONE_CALL),
    "call-token-after": Dialect(
        "a token of the model after the arguments", (call_script(call(ARGUMENTS + "<|end|>")), FINAL), ONE_CALL
    ),
    "call-python": Dialect(
        "arguments in Python's notation", (call_script(call("{'country': 'China'}")), FINAL), ONE_CALL
    ),
    "call-encoded-thrice": Dialect(
        "arguments encoded three times", (call_script(call(json.dumps(json.dumps(ARGUMENTS)))), FINAL), ONE_CALL
    ),
    "call-object": Dialect("arguments as an object", (call_script(call({"country": "China"})), FINAL), ONE_CALL),
    "call-list-as-text": Dialect(
        "a list that comes as a text",
        (
            call_script(call(function=function("compare_markets", '{"countries": "[\\"China\\", \\"India\\"]"}'))),
            FINAL,
        ),
        Outcome(calls=("compare_markets",)),
    ),
    "call-nulls": Dialect(
        "null for what is left out",
        (call_script(call(function=function("compare_markets", '{"countries": ["China"], "years": null}'))), FINAL),
        Outcome(calls=("compare_markets",)),
    ),
    "call-null-fragments": Dialect("null among the fragments", (call_script(None, call()), FINAL), ONE_CALL),
    "call-index-text": Dialect(
        "an index that is a text", (call_script(call(index="0"), call(index="1", id="b")), FINAL), TWICE
    ),
    "call-no-index": Dialect("no index", (call_script(call(index=None), call(index=None, id="b")), FINAL), TWICE),
    "call-same-index": Dialect("the index 0 for all calls", (call_script(call(id="a"), call(id="b")), FINAL), TWICE),
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
    "call-index-shifts": Dialect(
        "the second call begins with the index of the first",
        (
            fragments(
                call(index=0, id="a"),
                call("", index=0, id="b"),
                {"index": 1, "function": {"arguments": '{"country": '}},
                {"index": 1, "function": {"arguments": '"India"}'}},
            ),
            FINAL,
        ),
        TWICE,
    ),
    "call-list-as-object": Dialect(
        "an object where the list of calls should be",
        ([piece({"tool_calls": call()}, "tool_calls"), DONE], FINAL),
        ONE_CALL,
    ),
    "call-without-function": Dialect(
        "name and arguments beside the id",
        (call_script({"id": "a", "name": "market_data", "arguments": ARGUMENTS}), FINAL),
        ONE_CALL,
    ),
    "call-late": Dialect(
        "calls after the finish reason",
        ([piece({}, "tool_calls"), piece({"tool_calls": [call()]}), DONE], FINAL),
        ONE_CALL,
    ),
    "call-stop": Dialect("finish reason stop beside calls", (text_script(*call_script(call())[:1]), FINAL), ONE_CALL),
    "call-older": Dialect(
        "an older function_call",
        ([piece({"function_call": {"name": "market_data", "arguments": ARGUMENTS}}, "function_call"), DONE], FINAL),
        ONE_CALL,
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
        ONE_CALL,
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
        ONE_CALL,
    ),
    "call-again-in-message": Dialect(
        "the whole message with its call once more at the end",
        (
            [
                *call_script(call())[:1],
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
        ONE_CALL,
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
        ([words("Let me see. "), *call_script(call())], FINAL),
        Outcome("Let me see. " + TEXT, calls=("market_data",)),
    ),
    "call-unknown": Dialect(
        "a tool that is not there", (call_script(call(function=function("weather"))), FINAL), Outcome()
    ),
    "call-empty-beside-words": Dialect(
        "an empty call with every word",
        (
            text_script(
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
        (call_script(call(function=function("x" * 900_000))), FINAL),
        Outcome("", "failed", "name that is too long"),
    ),
    "call-too-many": Dialect(
        "a thousand calls at once",
        (call_script(*(call(index=n, id=f"c{n}") for n in range(1000))), FINAL),
        Outcome("", "failed", "too many tools"),
    ),
}
