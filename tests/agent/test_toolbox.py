"""Labels of running tools, and limits of their results."""

from __future__ import annotations

import contextvars
import json
from typing import Annotated

import msgspec
import pytest

from chat.agent.toolbox import Toolbox
from chat.cancellation import Cancellation
from chat.errors import ToolFailure
from chat.messages import ToolCall, ToolResult
from chat.tool_contract import ToolContext
from chat.tools.function_tool import FunctionTool
from config import log_fields

from .conftest import LONG_S, USER


def look_up(country: Annotated[str, "which"], years: int = 10) -> ToolResult:
    """Looks something up."""
    return ToolResult(country, "Found")


def compare(countries: list[str]) -> ToolResult:
    """Compares."""
    return ToolResult("", "")


TOOLBOX = Toolbox(
    [
        FunctionTool(look_up, "Looking up {country} over {years} years"),
        FunctionTool(compare, "Comparing {countries}"),
    ]
)


def label(name, **arguments):
    return TOOLBOX.label(ToolCall("c", name, json.dumps(arguments)))


class TestLabels:
    def test_it_names_the_arguments(self):
        assert label("look_up", country="China") == "Looking up China over 10 years"
        assert label("look_up", country="the euro area", years=3) == "Looking up the euro area over 3 years"
        assert label("compare", countries=["China", "India"]) == "Comparing China, India"

    @pytest.mark.parametrize(
        "hostile",
        ["{0.__class__}", "{country.__class__.__mro__}", "{years!r:>99999}", "{", "}", "%s %(country)s", "{country}",
         "${x}", "<b>China</b>"],
    )  # fmt: skip
    def test_what_the_model_wrote_is_never_a_format(self, hostile):
        assert label("look_up", country=hostile) == f"Looking up {hostile} over 10 years"
        assert label("compare", countries=[hostile]) == f"Comparing {hostile}"

    @pytest.mark.parametrize(
        "name",
        ["functions.look_up", " look_up\n", "Look_Up", "look-up", "look_up<|channel|>json", "default_api:look_up()"],
    )
    def test_a_name_with_something_around_it_is_known(self, name):
        assert label(name, country="China") == "Looking up China over 10 years"

    @pytest.mark.parametrize("name", ["look_upper", "look_up.compare", "look", "", "."])
    def test_another_name_is_not(self, name):
        assert label(name, country="China") == f"Calling {name}".strip()

    def test_a_call_that_is_not_right_has_one_too(self):
        assert label("look_up", years=3) == "Calling look_up"
        assert label("unheard_of") == "Calling unheard_of"
        assert TOOLBOX.label(ToolCall("c", "look_up", "{")) == "Calling look_up"

    def test_it_is_one_short_line(self):
        assert label("look_up", country="China\n\n<hr>\r\tIndia") == "Looking up China <hr> India over 10 years"
        for long in (label("look_up", country="x" * 9_000), label("unheard_of" * 1_000)):
            assert len(long) == 120
            assert long.endswith("…")


def bounded_result(result):
    """Return a tool's result after the limits."""

    def tool() -> ToolResult:
        """Hands on a result."""
        return result

    (outcome,) = Toolbox([FunctionTool(tool)]).run([ToolCall("c", "tool", "{}")], USER, Cancellation(LONG_S))
    assert outcome.duration_ms >= 0
    return outcome.result


class TestBounds:
    def test_an_ordinary_result_is_untouched(self):
        result = ToolResult('{"gdp": 17.8, "é": "中🙂"}', "Found é 🙂", {"rows": [[1, None]]})
        assert bounded_result(result) == result
        assert bounded_result(ToolResult("x" * 20_000, "s" * 500)) == ToolResult("x" * 20_000, "s" * 500)

    def test_a_download_is_cut(self):
        result = bounded_result(ToolResult("x" * 30_000_000, "Found"))
        assert result.ok
        assert result.content.startswith("x" * 20_000)
        assert "cut" in result.content
        assert len(result.content) < 20_100

    def test_a_summary_is_one_short_line(self):
        result = bounded_result(ToolResult("", "One\ntwo\r\n three " + "x" * 9_000))
        assert result.summary.startswith("One two three x")
        assert len(result.summary) == 500

    def test_too_much_data_is_not_drawn(self):
        assert bounded_result(ToolResult("a", "b", {"rows": ["x" * 400_000]})) == ToolResult("a", "b")

    @pytest.mark.parametrize("data", [{"x": {1, 2}, "y": object()}, {"x": "\ud800"}, {("a", "b"): 1}])
    def test_data_that_is_no_json_is_the_tools_error(self, data):
        result = bounded_result(ToolResult("a", "b", data))
        assert not result.ok
        assert "error in the tool" in result.summary

    def test_half_a_character_goes_no_further(self):
        """The JSON of a source may contain half a surrogate pair, which neither a database nor a socket accepts."""
        result = bounded_result(ToolResult("gdp \ud83d of", "Found \udc00"))
        assert result.ok
        assert msgspec.json.decode(msgspec.json.encode([result.content, result.summary])) == ["gdp ? of", "Found ?"]

    def test_a_failure_is_bounded_like_a_result(self):
        def tool() -> ToolResult:
            """Fails at length."""
            raise ToolFailure("No \udc00\n" + "x" * 100_000)

        (outcome,) = Toolbox([FunctionTool(tool)]).run([ToolCall("c", "tool", "{}")], USER, Cancellation(LONG_S))
        result = outcome.result
        assert not result.ok
        assert result.summary.startswith("No ? x")
        assert len(result.summary) == 500
        assert len(msgspec.json.encode(result.content)) < 21_000

    def test_numbers_that_json_has_not_are_no_trouble(self):
        result = bounded_result(ToolResult("a", "b", {"x": float("nan"), "y": float("inf")}))
        assert json.loads(msgspec.json.encode(result.data)) == {"x": None, "y": None}


def test_no_calls_are_no_results():
    assert list(TOOLBOX.run([], USER, Cancellation(LONG_S))) == []


def test_progress_is_one_short_line_and_ends_with_its_call():
    late: list[ToolContext] = []

    def tool(context: ToolContext) -> ToolResult:
        """Reports."""
        context.progress("  ")
        context.progress("Page\n1 \udc00 " + "x" * 500)
        late.append(context)
        return ToolResult("", "")

    progress, outcome = Toolbox([FunctionTool(tool)]).run([ToolCall("c", "tool", "{}")], USER, Cancellation(LONG_S))
    assert progress.text.startswith("Page 1 ? xxx")
    assert len(progress.text) == 120
    assert outcome.result.ok
    late[0].progress("Too late")  # goes nowhere


def test_the_log_records_of_a_tool_have_the_fields_of_its_turn():
    seen = []

    def note() -> ToolResult:
        """Notes the fields."""
        seen.append(dict(log_fields.current()))
        return ToolResult("", "")

    def run():
        log_fields.replace({"turn": 5})
        return list(
            Toolbox([FunctionTool(note, "Noting")]).run([ToolCall("c", "note", "{}")], USER, Cancellation(LONG_S))
        )

    contextvars.copy_context().run(run)
    assert seen == [{"turn": 5}]
