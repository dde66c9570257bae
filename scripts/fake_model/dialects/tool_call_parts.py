"""Parts of the dialects of tool calls: fragments of calls, and checks of the requests that follow."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from scripts.fake_model.dialects.dialect import (
    DONE,
    FINAL,
    Outcome,
    Script,
    assistant_calls,
    call,
    call_script,
    event,
    piece,
)

ARGUMENTS = '{"country": "China"}'
TWICE = Outcome(calls=("market_data", "market_data"))
SIGNATURE = {"google": {"thought_signature": "EhsIARIXCg=="}}
AGAIN = ("China?", "And again?")


def function(name: Any = "market_data", arguments: Any = ARGUMENTS, **fields: Any) -> dict[str, Any]:
    return {"name": name, "arguments": arguments} | fields


def fragments(*calls: Any, finish: Any = "tool_calls") -> Script:
    """Return an answer whose events have one fragment of a call each."""
    return [*(piece({"tool_calls": [each]}) for each in calls), piece({}, finish), DONE]


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
        if not set(each) <= {"id", "type", "function"} or not _is_object(each["function"]["arguments"]):
            return "messages: extra inputs are not permitted"
    return ""


def _is_object(arguments: str) -> bool:
    try:
        return isinstance(json.loads(arguments), dict)
    except ValueError:
        return False


def call_while_offered(request: Any, _attempt: int) -> Script:
    """Call a tool as long as tools are offered."""
    return FINAL if request.body.get("tool_choice") == "none" and request.body.get("tools") else call_script(call())
