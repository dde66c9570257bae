"""Forms in which a tool call is written."""

from __future__ import annotations

import json

from scripts.fake_model.dialects.dialect import (
    CALLED,
    DONE,
    FINAL,
    TEXT,
    Dialect,
    Outcome,
    Whole,
    call,
    calling,
    event,
    piece,
    saying,
    words,
)
from scripts.fake_model.dialects.tool_call_parts import (
    ARGUMENTS,
    TWICE,
    fragments,
    function,
)

TOOL_CALLS: dict[str, Dialect] = {
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
