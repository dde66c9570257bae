"""Endpoints without something that is optional: tools, the usage option, the system role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scripts.fake_model.dialects.dialect import FINAL, Dialect, Outcome, Whole, call, calling
from scripts.fake_model.request import Asked

ANSWERED = Outcome()
LACKING = Outcome(notices=("without_tools",))


def sends_tools(request: dict[str, Any]) -> bool:
    return "tools" in request or any(
        message["role"] == "tool" or "tool_calls" in message for message in request["messages"]
    )


def sends_usage(request: dict[str, Any]) -> bool:
    return "stream_options" in request


def sends_system(request: dict[str, Any]) -> bool:
    return any(message["role"] == "system" for message in request["messages"])


def _refusing(what: Callable[[dict[str, Any]], bool], reason: str) -> Callable[[dict[str, Any]], str]:
    return lambda request: reason if what(request) else ""


def _all(request: dict[str, Any]) -> str:
    if sends_usage(request):
        return "extra fields not permitted: stream_options"
    if sends_tools(request):
        return "tools is not supported"
    return "System role not supported" if sends_system(request) else ""


def _lacks(
    what: Callable[[dict[str, Any]], bool], reason: str, status: int, outcome: Outcome = ANSWERED, **more: Any
) -> Dialect:
    return Dialect(f"{status} {reason!r}", (FINAL,), outcome, _refusing(what, reason), status, **more)


def _late_refusal(asked: Asked, _seen: int) -> Any:
    if sends_tools(asked.request):
        return [
            Whole({"error": {"message": "Provider returned error", "metadata": {"raw": "tools not supported"}}}, 400)
        ]
    return FINAL


OPTIONAL: dict[str, Dialect] = {
    "no-tools": _lacks(sends_tools, "this model does not support tools", 400, LACKING),
    "no-tools-422": _lacks(sends_tools, "body.tools: Extra inputs are not permitted", 422, LACKING),
    "no-tools-404": _lacks(sends_tools, "No endpoints found that support tool use.", 404, LACKING),
    "no-tools-501": _lacks(sends_tools, "tool use not supported", 501, LACKING),
    "no-tools-500": _lacks(sends_tools, "Function calling is not supported", 500, LACKING),
    "no-tools-nameless": _lacks(sends_tools, "Bad Request", 400, LACKING),
    "no-tools-broker": Dialect("400 in a broker's words", _late_refusal, LACKING),
    "no-tools-second-question": _lacks(
        sends_tools, "tools is not supported", 400, LACKING, questions=("China?", "And India?", "And Japan?")
    ),
    "no-usage": _lacks(sends_usage, "extra fields not permitted: stream_options", 422),
    "no-usage-400": _lacks(sends_usage, "Unrecognized request argument supplied: stream_options", 400),
    "no-usage-nameless": _lacks(sends_usage, "Unprocessable", 422),
    "no-system": _lacks(sends_system, "System role not supported", 400),
    "no-system-developer": _lacks(sends_system, "Developer instruction is not enabled for models/gemma", 400),
    "no-system-template": _lacks(sends_system, "Conversation roles must alternate user/assistant/user/...", 500),
    "no-system-nameless": _lacks(sends_system, "Invalid request", 400),
    "no-options": Dialect("400 for each of the three in turn", (FINAL,), LACKING, _all),
    "no-options-nameless": Dialect(
        "400 without a word for any of the three", (FINAL,), LACKING, lambda request: "No" if _all(request) else ""
    ),
    "no-usage-with-tools": Dialect(
        "422 for the usage option, tools are taken",
        (calling(call()), FINAL),
        Outcome(calls=("market_data",)),
        _refusing(sends_usage, "stream_options: not permitted"),
        422,
    ),
}
