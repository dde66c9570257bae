"""Arguments in the forms that models write, and their meaning."""

from __future__ import annotations

import json
from typing import Annotated, Any

import pytest

from chat.agent.arguments import decoded
from chat.errors import ToolFailure
from chat.messages import ToolCall, ToolResult
from chat.tools.function_tool import FunctionTool


def compare(
    countries: Annotated[list[str], "Countries."], years: int = 10, note: str = "", codes: list[str] | None = None
) -> ToolResult:
    """Compares."""
    return ToolResult("", "")


TOOL = FunctionTool(compare)


def read(tool: FunctionTool, text: str) -> dict[str, Any]:
    """Return a call's arguments as the function receives them."""
    return tool.arguments(decoded(ToolCall("c", tool.spec.name, text)))


PLAIN = '{"countries": ["China", "India"], "years": 5}'

MEANT = {
    "as they should be": PLAIN,
    "encoded twice": json.dumps(PLAIN),
    "encoded three times": json.dumps(json.dumps(PLAIN)),
    "blanks around": f"\n {PLAIN} ",
    "in a list": f"[{PLAIN}]",
    "in a code block": f"```json\n{PLAIN}\n```",
    "after an empty object": "{}" + PLAIN,
    "before an empty object": PLAIN + "{}",
    "after null": "null" + PLAIN,
    "twice": PLAIN + "\n" + PLAIN,
    "before a token of the model": PLAIN + "<|tool_call_end|>",
    "after a byte order mark": "\ufeff" + PLAIN,
    "in Python's notation": "{'countries': ['China', 'India'], 'years': 5}",
    "a line break in a text": '{"countries": "China,\nIndia", "years": 5}',
    "a list as JSON text": '{"countries": "[\\"China\\", \\"India\\"]", "years": 5}',
    "a list as Python text": '{"countries": "[\'China\', \'India\']", "years": 5}',
    "a list with commas": '{"countries": "China, India", "years": 5}',
    "a number as a text": '{"countries": ["China", "India"], "years": "5"}',
    "null for what is left out": '{"countries": ["China", "India"], "years": 5, "note": null, "codes": null}',
    "a null beside a list as text": '{"countries": "China,India", "years": 5, "note": null}',
}


@pytest.mark.parametrize("case", MEANT)
def test_arguments_are_taken_as_they_were_meant(case):
    assert read(TOOL, MEANT[case]) == {"countries": ["China", "India"], "years": 5, "note": "", "codes": None}


def test_one_item_is_a_list():
    assert read(TOOL, '{"countries": "China"}')["countries"] == ["China"]
    assert read(TOOL, '{"countries": [], "codes": "CN"}')["codes"] == ["CN"]


def test_a_text_is_never_made_a_list():
    assert read(TOOL, '{"countries": [], "note": "a, b"}')["note"] == "a, b"


@pytest.mark.parametrize(
    "text", ['"x"', "5", '{"countries": null}', '{"countries": 5}', '{"countries": [], "years": null5}']
)
def test_what_cannot_be_meant_is_said(text):
    with pytest.raises(ToolFailure, match="invalid"):
        read(TOOL, text)
