"""Endpoints without something that is optional: tools, the usage option, the system role."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from scripts.fake_model.dialects.dialect import FINAL, Dialect, Outcome, Whole, call, call_script
from scripts.fake_model.request import ChatRequest

COMPLETE = Outcome()
WITHOUT_TOOLS = Outcome(notices=("without_tools",))


def sends_tools(request: dict[str, Any]) -> bool:
    return "tools" in request or any(
        message["role"] == "tool" or "tool_calls" in message for message in request["messages"]
    )


def sends_usage(request: dict[str, Any]) -> bool:
    return "stream_options" in request


def sends_system(request: dict[str, Any]) -> bool:
    return any(message["role"] == "system" for message in request["messages"])


def _refuse_if(test: Callable[[dict[str, Any]], bool], reason: str) -> Callable[[dict[str, Any]], str]:
    return lambda request: reason if test(request) else ""


def _all(request: dict[str, Any]) -> str:
    if sends_usage(request):
        return "extra fields not permitted: stream_options"
    if sends_tools(request):
        return "tools is not supported"
    return "System role not supported" if sends_system(request) else ""


def _refusing_dialect(
    test: Callable[[dict[str, Any]], bool], reason: str, status: int, outcome: Outcome = COMPLETE, **more: Any
) -> Dialect:
    return Dialect(f"{status} {reason!r}", (FINAL,), outcome, _refuse_if(test, reason), status, **more)


def _late_refusal(request: ChatRequest, _attempt: int) -> Any:
    if sends_tools(request.body):
        return [
            Whole({"error": {"message": "Provider returned error", "metadata": {"raw": "tools not supported"}}}, 400)
        ]
    return FINAL


OPTIONAL: dict[str, Dialect] = {
    "no-tools": _refusing_dialect(sends_tools, "this model does not support tools", 400, WITHOUT_TOOLS),
    "no-tools-422": _refusing_dialect(sends_tools, "body.tools: Extra inputs are not permitted", 422, WITHOUT_TOOLS),
    "no-tools-404": _refusing_dialect(sends_tools, "No endpoints found that support tool use.", 404, WITHOUT_TOOLS),
    "no-tools-501": _refusing_dialect(sends_tools, "tool use not supported", 501, WITHOUT_TOOLS),
    "no-tools-500": _refusing_dialect(sends_tools, "Function calling is not supported", 500, WITHOUT_TOOLS),
    "no-tools-nameless": _refusing_dialect(sends_tools, "Bad Request", 400, WITHOUT_TOOLS),
    "no-tools-broker": Dialect("400 in a broker's words", _late_refusal, WITHOUT_TOOLS),
    "no-tools-502": _refusing_dialect(sends_tools, "upstream: tools are not supported", 502, WITHOUT_TOOLS),
    "no-tool-choice": Dialect(
        "422 for tool_choice, tools are taken",
        lambda request, _attempt: FINAL if request.round == 8 else call_script(call()),
        Outcome(calls=("market_data",) * 7),
        _refuse_if(lambda request: "tool_choice" in request, "tool_choice: Extra inputs are not permitted"),
        422,
    ),
    "no-tools-second-question": _refusing_dialect(
        sends_tools, "tools is not supported", 400, WITHOUT_TOOLS, questions=("China?", "And India?", "And Japan?")
    ),
    "no-usage": _refusing_dialect(sends_usage, "extra fields not permitted: stream_options", 422),
    "no-usage-400": _refusing_dialect(sends_usage, "Unrecognized request argument supplied: stream_options", 400),
    "no-usage-nameless": _refusing_dialect(sends_usage, "Unprocessable", 422),
    "no-system": _refusing_dialect(sends_system, "System role not supported", 400),
    "no-system-developer": _refusing_dialect(
        sends_system, "Developer instruction is not enabled for models/gemma", 400
    ),
    "no-system-template": _refusing_dialect(
        sends_system, "Conversation roles must alternate user/assistant/user/...", 500
    ),
    "no-system-listed": _refusing_dialect(
        sends_system, "Invalid value: 'system'. Supported values are: 'assistant', 'user', and 'function'.", 400
    ),
    "no-system-nameless": _refusing_dialect(sends_system, "Invalid request", 400),
    "no-options": Dialect("400 for each of the three in turn", (FINAL,), WITHOUT_TOOLS, _all),
    "no-others-nameless": Dialect(
        "400 without a word for the usage option or the system role",
        (call_script(call()), FINAL),
        Outcome(calls=("market_data",)),
        lambda request: "No" if sends_usage(request) or sends_system(request) else "",
    ),
    "no-options-nameless": Dialect(
        "400 without a word for any of the three",
        (FINAL,),
        WITHOUT_TOOLS,
        lambda request: "No" if _all(request) else "",
    ),
    "no-usage-with-tools": Dialect(
        "422 for the usage option, tools are taken",
        (call_script(call()), FINAL),
        Outcome(calls=("market_data",)),
        _refuse_if(sends_usage, "stream_options: not permitted"),
        422,
    ),
}
