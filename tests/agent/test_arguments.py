"""Arguments in the forms that models write, and their meaning."""

from __future__ import annotations

import json
from typing import Annotated

import pytest

from chat.agent.signature import Signature
from chat.errors import ToolFailure
from chat.messages import ToolResult


def compare(
    countries: Annotated[list[str], "Countries."], years: int = 10, note: str = "", codes: list[str] | None = None
) -> ToolResult:
    """Compares."""
    return ToolResult("", "")


SIGNATURE = Signature(compare)
PLAIN = '{"countries": ["China", "India"], "years": 5}'

MEANT = {
    "as they should be": PLAIN,
    "encoded twice": json.dumps(PLAIN),
    "encoded three times": json.dumps(json.dumps(PLAIN)),
    "blanks around": f"\n {PLAIN} ",
    "in a list": f"[{PLAIN}]",
    "in a code block": f"```json\n{PLAIN}\n```",
    "after an empty object": "{}" + PLAIN,
    "a list as JSON text": '{"countries": "[\\"China\\", \\"India\\"]", "years": 5}',
    "a list as Python text": '{"countries": "[\'China\', \'India\']", "years": 5}',
    "a list with commas": '{"countries": "China, India", "years": 5}',
    "a number as a text": '{"countries": ["China", "India"], "years": "5"}',
    "null for what is left out": '{"countries": ["China", "India"], "years": 5, "note": null, "codes": null}',
    "a null beside a list as text": '{"countries": "China,India", "years": 5, "note": null}',
}


@pytest.mark.parametrize("case", MEANT)
def test_arguments_are_taken_as_they_were_meant(case):
    assert SIGNATURE.arguments(MEANT[case]) == {"countries": ["China", "India"], "years": 5, "note": "", "codes": None}


def test_one_item_is_a_list():
    assert SIGNATURE.arguments('{"countries": "China"}')["countries"] == ["China"]
    assert SIGNATURE.arguments('{"countries": [], "codes": "CN"}')["codes"] == ["CN"]


def test_a_text_is_never_made_a_list():
    assert SIGNATURE.arguments('{"countries": [], "note": "a, b"}')["note"] == "a, b"


@pytest.mark.parametrize(
    "text", ['"x"', "5", '{"countries": null}', '{"countries": 5}', '{"countries": [], "years": null5}']
)
def test_what_cannot_be_meant_is_said(text):
    with pytest.raises(ToolFailure, match="not right"):
        SIGNATURE.arguments(text)
