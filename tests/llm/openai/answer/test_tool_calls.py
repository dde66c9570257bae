"""Tool calls from fragments that deviate from the specification."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.errors import ModelGarbled
from chat.llm.openai.answer.tool_calls import MAX_CALLS_CHARACTERS, MAX_NAME_CHARACTERS, ToolCalls
from chat.messages import ToolCall

ARGUMENTS = '{"country": "China"}'


def calls(*fragments: Any) -> list[tuple[str, str]]:
    return [(call.name, call.arguments) for call in complete_calls(*fragments)]


def complete_calls(*fragments: Any) -> list[ToolCall]:
    collected = ToolCalls()
    for fragment in fragments:
        collected.add([fragment])
    return collected.complete("")


def function(name: Any = "x", arguments: Any = ARGUMENTS) -> dict[str, Any]:
    return {"name": name, "arguments": arguments}


ONE = [("x", ARGUMENTS)]

FRAGMENTS: dict[str, tuple[list[Any], list[tuple[str, str]]]] = {
    "a name in pieces": (
        [{"index": 0, "id": "a", "function": function("market", "")}, {"index": 0, "function": function("_data")}],
        [("market_data", ARGUMENTS)],
    ),
    "a name in pieces, without an id or an index": (
        [{"function": function("market", None)}, {"function": function("_data", None)}, {"function": function(None)}],
        [("market_data", ARGUMENTS)],
    ),
    "a name that grows": (
        [{"index": 0, "function": function("market", "")}, {"index": 0, "function": function("market_data")}],
        [("market_data", ARGUMENTS)],
    ),
    "the whole call once more": ([{"index": 0, "id": "a", "function": function()}] * 2, ONE),
    "null fragments": ([None, {"index": 0, "id": "a", "function": function()}, None, 5, "x", []], ONE),
    "indexes as texts": (
        [
            {"index": "0", "function": function("x", "[1")},
            {"index": "1", "function": function("y", "[2")},
            {"index": "0", "function": {"arguments": "]"}},
            {"index": 1.0, "function": {"arguments": "]"}},
        ],
        [("x", "[1]"), ("y", "[2]")],
    ),
    "an index that is no number": ([{"index": "first", "function": function()}], ONE),
    "one id for all, but indexes": (
        [{"index": 0, "id": "a", "function": function()}, {"index": 1, "id": "a", "function": function("y")}],
        [*ONE, ("y", ARGUMENTS)],
    ),
    "no function around it": ([{"id": "a", "name": "x", "arguments": ARGUMENTS}], ONE),
    "an id later than the name": (
        [{"index": 0, "function": function("x", "")}, {"index": 0, "id": "a", "function": function(None)}],
        ONE,
    ),
    "an object in place of arguments": ([{"function": function("x", {"n": 1})}], [("x", '{"n":1}')]),
    "an empty object before the arguments": (
        [{"index": 0, "function": function("x", {})}, {"index": 0, "function": function(None)}],
        ONE,
    ),
    "null arguments": ([{"function": function("x", None)}], [("x", "")]),
    "half a character in each": (
        [{"index": 0, "function": function("x", '"\ud83d')}, {"index": 0, "function": function(None, '\ude0a"')}],
        [("x", '"😊"')],
    ),
    "half a character alone": ([{"index": 0, "function": function("x", '"\ud83d"')}], [("x", '"\ufffd"')]),
    "the whole call once more, without its id": (
        [{"index": 0, "id": "a", "function": function()}, {"index": 0, "function": function()}],
        ONE,
    ),
    "the arguments once more, without a name": (
        [
            {"index": 0, "id": "a", "function": function("x", '{"country"')},
            {"index": 0, "function": {"arguments": ': "China"}'}},
            {"index": 0, "function": {"arguments": ARGUMENTS}},
        ],
        ONE,
    ),
    "all arguments so far each time": (
        [{"index": 0, "id": "a", "function": function("x", ARGUMENTS[:end])} for end in (1, 5, 12, len(ARGUMENTS))],
        ONE,
    ),
    "one id for two tools with the same arguments": (
        [{"index": 0, "id": "a", "function": function()}, {"index": 0, "id": "a", "function": function("y")}],
        [*ONE, ("y", ARGUMENTS)],
    ),
    "an index only after the name": (
        [{"index": None, "id": "a", "function": function("x", "")}, {"index": 0, "function": function(None)}],
        ONE,
    ),
    "a second call that begins with the index of the first": (
        [
            {"index": 0, "id": "a", "function": function()},
            {"index": 0, "id": "b", "function": function("y", "")},
            {"index": 1, "function": {"arguments": "[1,"}},
            {"index": 1, "function": {"arguments": "2]"}},
        ],
        [*ONE, ("y", "[1,2]")],
    ),
    "another id in each fragment": (
        [
            {"index": 0, "id": "a1", "function": function("x", '{"country"')},
            {"index": 0, "id": "a2", "function": function("x", ': "China"}')},
        ],
        ONE,
    ),
    "nulls between the pieces of a name": (
        [
            {"index": 0, "id": "a", "function": function("market", None)},
            {"index": 0, "id": None, "function": function(None, None)},
            {"index": 0, "function": function("_data", None)},
            {"index": 0, "function": function(None)},
        ],
        [("market_data", ARGUMENTS)],
    ),
    "parameters": ([{"id": "a", "function": {"name": "x", "parameters": {"n": 1}}}], [("x", '{"n":1}')]),
    "input": ([{"id": "a", "name": "x", "input": {"n": 1}}], [("x", '{"n":1}')]),
    "a function as text": ([{"index": 0, "id": "a", "function": json.dumps(function())}], ONE),
    "an empty call": ([{"index": 0, "id": "", "function": function("", "")}], []),
}


@pytest.mark.parametrize("case", FRAGMENTS)
def test_fragments_of_every_kind(case):
    fragments, expected = FRAGMENTS[case]
    assert calls(*fragments) == expected


@pytest.mark.parametrize("given_id", [None, "", {}, True])
def test_a_call_without_an_id_gets_one_that_every_endpoint_takes(given_id):
    (call,) = complete_calls({"index": 0, "id": given_id, "function": function()})
    assert re.fullmatch("[A-Za-z0-9]{9}", call.id)


@pytest.mark.parametrize(
    ("given_id", "expected"), [("toolu_01A", "toolu_01A"), (0, "0"), (17, "17"), ("a b.c/d", "a b.c/d")]
)
def test_an_id_stays_as_it_came(given_id, expected):
    assert complete_calls({"index": 0, "id": given_id, "function": function()})[0].id == expected


def test_what_else_came_with_a_call_is_kept():
    (call,) = complete_calls(
        {
            "index": 0,
            "id": "a",
            "extra_content": {"google": {"a": 1}},
            "function": function("x", "") | {"strict": True},
        },
        {"index": 0, "extra_content": {"google": {"b": 2}}, "function": {"arguments": ARGUMENTS}},
        {"index": 0, "extra_content": None, "odd": "\ud83d"},
    )
    expected = {"extra_content": {"google": {"a": 1, "b": 2}}, "function": {"strict": True}, "odd": "\ufffd"}
    assert json.loads(call.extra) == expected


@pytest.mark.parametrize(("kind", "extra"), [("function", ""), ("", ""), ("builtin_function", "builtin_function")])
def test_a_type_that_is_not_the_usual_one_is_kept(kind, extra):
    (call,) = complete_calls({"index": 0, "id": "a", "type": kind, "function": function()})
    assert call.extra == (json.dumps({"type": extra}, separators=(",", ":")) if extra else "")


def test_calls_as_a_text_are_read():
    collected = ToolCalls()
    collected.add(json.dumps([{"id": "a", "function": function()}]))
    assert [call.name for call in collected.complete("")] == ["x"]


@pytest.mark.parametrize(
    "fragments",
    [
        [{"function": function("x" * (MAX_NAME_CHARACTERS + 1))}],
        [{"index": 0, "function": function("ab" * n, "")} for n in range(1, MAX_NAME_CHARACTERS)],
        [{"index": n, "id": "x" * 100_000, "function": function()} for n in range(20)],
        [{"index": n, "function": function("x", "x" * 100_000)} for n in range(20)],
        [{"index": 0, "extra": {str(n): "x" * 100_000}, "function": function("x", "")} for n in range(20)],
    ],
)
def test_what_is_too_much_is_refused(fragments):
    with pytest.raises(ModelGarbled):
        complete_calls(*fragments)


def test_a_name_with_every_character_of_long_arguments_costs_no_more_than_its_length():
    arguments = json.dumps(["}"] * 20_000)
    fragments = ({"index": 0, "id": "a", "function": function("x", each)} for each in arguments)
    (call,) = complete_calls(*fragments)
    assert call.arguments == arguments
    assert len(arguments) < MAX_CALLS_CHARACTERS


@given(st.lists(st.integers(1, 30), max_size=10), st.booleans(), st.sampled_from(["index", "id", "both"]))
def test_arguments_may_be_cut_anywhere(cuts, named, place):
    text = json.dumps({"country": "China", "why": 'a "b" {c} [d]'})
    where = {"index": 0} if place == "index" else {"id": "a"} if place == "id" else {"index": 0, "id": "a"}
    pieces, start = [], 0
    for size in cuts:
        pieces.append(text[start : start + size])
        start += size
    pieces.append(text[start:])
    rest = "x" if named and place != "index" else None
    fragments = [
        {**where, "function": function("x", "")},
        *({**where, "function": function(rest, piece)} for piece in pieces),
    ]
    assert calls(*fragments) == [("x", text)]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["index", "id", "function", "name", "arguments", "x"]), inner)
    ),
    max_leaves=12,
)


@given(json_values)
def test_anything_in_place_of_calls_is_calls_or_garbled(value):
    collected = ToolCalls()
    try:
        collected.add(value)
        collected.add_older(value)
        calls = collected.complete("")
    except ModelGarbled:
        return
    for call in calls:
        assert call.name
        assert call.id
        call.arguments.encode()
