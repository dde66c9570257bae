"""Tool specifications from functions, and calls from a model's arguments."""

from __future__ import annotations

import functools
import json
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chat.agent.arguments import decoded
from chat.errors import ToolFailure
from chat.messages import ToolCall, ToolResult
from chat.tools.function_tool import FunctionTool


def compare(
    countries: Annotated[list[str], "countries as people say them"],
    indicator: Annotated[Literal["gdp", "growth"], "what to compare"] = "gdp",
    years: Annotated[int, "how far back"] = 10,
    share: float = 0.5,
    exact: bool = False,
    note: str | None = None,
) -> ToolResult:
    """Compares countries.

    Over some years.
    """
    return ToolResult(f"{countries} {indicator} {years}", "Compared")


TOOL = FunctionTool(compare)


def read(tool: FunctionTool, text: str) -> dict[str, Any]:
    """Return a call's arguments as the function receives them."""
    return tool.arguments(decoded(ToolCall("c", tool.spec.name, text)))


def test_what_a_model_is_told():
    spec = TOOL.spec
    assert (spec.name, spec.description) == ("compare", "Compares countries.\n\nOver some years.")
    assert spec.parameters["type"] == "object"
    assert spec.parameters["required"] == ["countries"]
    assert spec.parameters["properties"] == {
        "countries": {"type": "array", "items": {"type": "string"}, "description": "countries as people say them"},
        "indicator": {"enum": ["gdp", "growth"], "description": "what to compare", "default": "gdp"},
        "years": {"type": "integer", "description": "how far back", "default": 10},
        "share": {"type": "number", "default": 0.5},
        "exact": {"type": "boolean", "default": False},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
    }
    assert json.loads(json.dumps(spec.parameters)) == spec.parameters


def test_a_tool_without_parameters():
    def now() -> ToolResult:
        """Tells the time."""
        return ToolResult("", "")

    tool = FunctionTool(now)
    assert tool.spec.parameters["properties"] == {}
    assert read(tool, "") == read(tool, "{}") == {}


def test_a_method_is_a_tool():
    class Clock:
        def now(self, zone: str = "UTC") -> ToolResult:
            """Tells the time."""
            return ToolResult(zone, "")

    tool = FunctionTool(Clock().now)
    assert list(tool.spec.parameters["properties"]) == ["zone"]
    assert read(tool, '{"zone": "CET"}') == {"zone": "CET"}


def test_what_is_left_out_has_its_default():
    assert read(TOOL, '{"countries": ["China"]}') == {
        "countries": ["China"], "indicator": "gdp", "years": 10, "share": 0.5, "exact": False, "note": None,
    }  # fmt: skip


def test_a_number_may_come_as_text():
    """Some models write numbers as text."""
    arguments = read(TOOL, '{"countries": [], "years": "5", "share": "0.25", "exact": "true"}')
    assert (arguments["years"], arguments["share"], arguments["exact"]) == (5, 0.25, True)


@pytest.mark.parametrize("written", ["GDP", "Growth", " growth ", "g-d-p", "_gdp"])
def test_a_choice_may_come_in_other_letters(written):
    assert read(TOOL, json.dumps({"countries": [], "indicator": written}))["indicator"] in ("gdp", "growth")


WRONG = [
    ("{}", "`countries`"),
    ('{"countries": 5}', "`array`"),
    ('{"countries": ["China", 5]}', "`str`"),
    ('{"countries": [], "indicator": "beauty"}', "beauty"),
    ('{"countries": [], "indicator": "beauty"}', "It takes gdp, growth."),
    ('{"countries": [], "indicator": ["gdp"]}', "It takes gdp, growth."),
    ('{"countries": [], "years": 2.5}', "`int`"),
    ('{"countries": [], "years": "many"}', "years"),
    ('{"countries": [], "years": ' + "9" * 5_000 + "}", "invalid"),
    ('{"countries": [], "where": 1}', "`where`"),
    ('{"countries": []', "truncated"),
    ('{"countries": []} and more', "malformed"),
    ("null", "`countries`"),
    ("5", "`object`"),
    ("\ud800", "invalid"),
    ("[" * 19_000, "invalid"),
    ("x" * 20_001, "too long"),
]


@pytest.mark.parametrize(("text", "reason"), WRONG, ids=lambda value: str(value)[:24])
def test_what_is_wrong_is_said_to_the_model(text, reason):
    with pytest.raises(ToolFailure) as failure:
        read(TOOL, text)
    assert reason in failure.value.message
    assert failure.value.message.startswith("The arguments of compare are ")


JSON_TEXT = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)
)
ARGUMENTS = st.dictionaries(st.sampled_from(["countries", "indicator", "years", "share", "exact"]), JSON_TEXT)


@settings(max_examples=200)
@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")) | ARGUMENTS.map(json.dumps))
@example("1e400")
def test_whatever_a_model_writes_is_checked_or_refused(text):
    try:
        arguments = read(TOOL, text)
    except ToolFailure:
        return
    assert all(isinstance(country, str) for country in arguments["countries"])
    assert arguments["indicator"] in ("gdp", "growth")
    assert isinstance(arguments["years"], int)
    msgspec.json.encode(arguments)


def test_what_cannot_be_a_tool():
    def without_docstring(what: str) -> ToolResult:
        return ToolResult(what, "")

    def without_hint(what) -> ToolResult:
        """Takes anything."""
        return ToolResult(what, "")

    def with_any_number(*what: str) -> ToolResult:
        """Takes many."""
        return ToolResult("", "")

    def with_any_name(**what: str) -> ToolResult:
        """Takes many."""
        return ToolResult("", "")

    for function in (without_docstring, without_hint, with_any_number, with_any_name, lambda: None,
                     functools.partial(compare, [])):  # fmt: skip
        with pytest.raises(TypeError):
            FunctionTool(function)
