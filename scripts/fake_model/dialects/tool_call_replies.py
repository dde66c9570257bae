"""Tool calls that must be sent back as they came: the id, further fields, the reasoning."""

from __future__ import annotations

from scripts.fake_model.dialects.dialect import (
    FINAL,
    ONE_CALL,
    TEXT,
    Dialect,
    Outcome,
    call,
    call_script,
    piece,
    words,
)
from scripts.fake_model.dialects.tool_call_parts import (
    AGAIN,
    SIGNATURE,
    TWICE,
    call_while_offered,
    calls_without_tools,
    every_call,
    every_message_with_calls,
    function,
    ids_like,
    needless_calls,
    null_content,
)

TOOL_CALL_REPLIES: dict[str, Dialect] = {
    "id-nine": Dialect(
        "ids of nine letters and digits",
        (call_script(call(id="D681PevKs")), FINAL),
        ONE_CALL,
        ids_like("[A-Za-z0-9]{9}"),
        questions=AGAIN,
    ),
    "id-word": Dialect(
        "ids of letters, digits, _ and -",
        (call_script(call(id="toolu_01A09q90")), FINAL),
        ONE_CALL,
        ids_like("[A-Za-z0-9_-]+"),
    ),
    "id-forty": Dialect(
        "ids of at most 40 characters",
        (call_script(call(id="call_" + "x" * 35)), FINAL),
        ONE_CALL,
        ids_like(".{1,40}"),
        questions=AGAIN,
    ),
    "id-missing": Dialect(
        "no ids, and those that come back must be of nine letters and digits",
        (call_script(call(id=None), call(id="")), FINAL),
        TWICE,
        ids_like("[A-Za-z0-9]{9}"),
    ),
    "id-repeated": Dialect(
        "numbers the calls of every answer from 0",
        (call_script(call(id="0")), call_script(call(id="0")), FINAL),
        TWICE,
        ids_like(".+"),
        questions=AGAIN,
    ),
    "id-odd": Dialect(
        "a long id of odd characters, arguments that are no JSON, and further fields",
        (
            call_script(call('{"country": ', id="functions.market_data:0/" + "é" * 60, provider="x"), reasoning="Hm."),
            FINAL,
        ),
        Outcome(reasoning="Hm."),
    ),
    "id-number": Dialect(
        "an id that is a number", (call_script(call(id=0)), FINAL), ONE_CALL, ids_like("0|[A-Za-z0-9]{9}")
    ),
    "call-extra": Dialect(
        "a signature with the call, which must come back",
        (call_script(call(extra_content=SIGNATURE)), FINAL),
        ONE_CALL,
        every_call(lambda each: each.get("extra_content") == SIGNATURE, "missing a thought_signature"),
        questions=AGAIN,
        takes_others_calls=False,
    ),
    "call-extra-within": Dialect(
        "a field unknown to us within the function, which must come back",
        (call_script(call(function=function(signature="s1"))), FINAL),
        ONE_CALL,
        every_call(lambda each: each["function"].get("signature") == "s1", "missing the signature"),
        takes_others_calls=False,
    ),
    "call-strict": Dialect(
        "refuses fields of calls that are not documented, though it sends one",
        (call_script(call(provider="x")), FINAL),
        ONE_CALL,
        needless_calls,
        422,
    ),
    "call-broken-arguments": Dialect(
        "fails with 500 at arguments that are no JSON, though it sends such",
        (call_script(call('{"country": ')), FINAL),
        Outcome(),
        needless_calls,
        500,
    ),
    "call-reasoning": Dialect(
        "reasoning_content in a tool loop, which must come back",
        ([piece({"reasoning_content": "Hm, "}), piece({"reasoning_content": "China."}), *call_script(call())], FINAL),
        Outcome(calls=("market_data",), reasoning="Hm, China."),
        every_message_with_calls(
            lambda each: each.get("reasoning_content") == "Hm, China.", "missing reasoning_content"
        ),
        questions=AGAIN,
        takes_others_calls=False,
    ),
    "call-reasoning-other": Dialect(
        "the same under another name",
        ([piece({"reasoning": "Hm."}), *call_script(call())], FINAL),
        Outcome(calls=("market_data",), reasoning="Hm."),
        every_message_with_calls(lambda each: each.get("reasoning") == "Hm.", "missing reasoning"),
        takes_others_calls=False,
    ),
    "call-reasoning-thinking": Dialect(
        "the same as thinking",
        ([piece({"thinking": "Hm, "}), piece({"thinking": "China."}), *call_script(call())], FINAL),
        Outcome(calls=("market_data",), reasoning="Hm, China."),
        every_message_with_calls(lambda each: each.get("thinking") == "Hm, China.", "missing thinking"),
        questions=AGAIN,
        takes_others_calls=False,
    ),
    "call-reasoning-empty": Dialect(
        "empty reasoning_content, which must come back too",
        ([piece({"reasoning_content": ""}), *call_script(call())], FINAL),
        ONE_CALL,
        every_message_with_calls(lambda each: "reasoning_content" in each, "missing reasoning_content"),
        takes_others_calls=False,
    ),
    "call-reasoning-required": Dialect(
        "reasoning_content with all calls, though it sends none",
        (call_script(call()), FINAL),
        ONE_CALL,
        every_message_with_calls(
            lambda each: bool(each.get("reasoning_content")),
            "thinking is enabled but reasoning_content is missing in assistant tool call message at index 2",
        ),
        questions=AGAIN,
    ),
    "call-result-name": Dialect(
        "the tool's name with its result",
        (call_script(call()), FINAL),
        ONE_CALL,
        lambda request: (
            ""
            if all(message.get("name") for message in request["messages"] if message["role"] == "tool")
            else "* contents[2].parts[0].function_response.name: Name cannot be empty."
        ),
        questions=AGAIN,
    ),
    "call-beside": Dialect(
        "a field unknown to us beside the calls, which must come back",
        ([piece({"vendor_state": {"a": 1}}), *call_script(call())], FINAL),
        ONE_CALL,
        every_message_with_calls(lambda each: each.get("vendor_state") == {"a": 1}, "missing vendor_state"),
        questions=AGAIN,
        takes_others_calls=False,
    ),
    "call-type": Dialect(
        "a type of calls that is not the usual one, which must come back",
        (call_script(call(type="builtin_function")), FINAL),
        ONE_CALL,
        every_call(lambda each: each["type"] == "builtin_function", "wrong type"),
        takes_others_calls=False,
    ),
    "call-reasoning-details": Dialect(
        "reasoning_details in pieces, which must come back in one",
        (
            [
                piece({"reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "Hm"}]}),
                piece({"reasoning_details": [{"type": "reasoning.text", "index": 0, "text": ".", "signature": "s"}]}),
                *call_script(call()),
            ],
            FINAL,
        ),
        Outcome(calls=("market_data",), reasoning="Hm."),
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
        ([words("<think>\nHm.\n"), words("</think>\n\n"), *call_script(call())], FINAL),
        Outcome(calls=("market_data",), reasoning="Hm."),
        every_message_with_calls(
            lambda each: each.get("content") == "<think>\nHm.\n</think>\n\n", "missing the reasoning in content"
        ),
        questions=AGAIN,
        takes_others_calls=False,
    ),
    "call-think-words": Dialect(
        "the same with words after the reasoning",
        ([words("<think>Hm.</think>\nLet "), words("me see. "), *call_script(call())], FINAL),
        Outcome("Let me see. " + TEXT, calls=("market_data",), reasoning="Hm."),
        every_message_with_calls(
            lambda each: each.get("content") == "<think>Hm.</think>\nLet me see. ", "missing the reasoning in content"
        ),
        takes_others_calls=False,
    ),
    "call-content": Dialect(
        "content must not be null", (call_script(call(), content=None), FINAL), ONE_CALL, null_content
    ),
    "call-tools-stay": Dialect(
        "tools must come as long as the history has calls",
        call_while_offered,
        Outcome(calls=("market_data",) * 7),
        calls_without_tools,
    ),
    "call-for-ever": Dialect(
        "calls tools for ever",
        (call_script(call()),),
        Outcome("", "failed", "calling tools", calls=("market_data",) * 7),
    ),
}
