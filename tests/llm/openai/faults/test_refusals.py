"""Causes of refusals, in the phrases of common servers, brokers and clouds."""

from __future__ import annotations

import pytest

from chat.llm.openai.answer.deltas import ReportedError
from chat.llm.openai.faults.refusals import OPTIONS, SYSTEM, TOOL_CHOICE, TOOLS, USAGE, may_lack_an_option, option_named
from tests.llm.openai.faults.cases import error, refusal

UNSUPPORTED = [
    (400, error("registry.ollama.ai/library/gemma:2b does not support tools"), TOOLS),
    (404, error("No endpoints found that support tool use. To learn more about provider routing, visit: x"), TOOLS),
    (400, error("tools is not supported in this model"), TOOLS),
    (501, error("tool use not supported"), TOOLS),
    (500, error("Function calling is not supported by this model"), TOOLS),
    (400, error("`tool calling` is not supported with this model", code="tools_unsupported"), TOOLS),
    (400, {"detail": [{"loc": ["body", "tools"], "msg": "Extra inputs are not permitted"}]}, TOOLS),
    (422, {"detail": [{"type": "extra_forbidden", "loc": ["body", "tools"], "msg": "no", "input": []}]}, TOOLS),
    (400, error('"auto" tool choice requires --enable-auto-tool-choice and --tool-call-parser to be set'), TOOLS),
    (400, error("Unrecognized request argument supplied: tools"), TOOLS),
    (400, error("Unsupported parameter: 'functions'"), TOOLS),
    (400, error("tool_use is not supported"), TOOLS),
    (500, error("tools param requires --jinja flag"), TOOLS),
    (400, error('json: unknown field "tools"'), TOOLS),
    (501, b"Not Implemented: tools", TOOLS),
    (502, {"error": "upstream: tools are not supported"}, TOOLS),
    (424, {"error": "Template error: template does not support tools"}, TOOLS),
    (409, {"error": "tools are not supported"}, TOOLS),
    (400, error("<400> InternalError.Algo: This model does not support tool_calls"), TOOLS),
    (400, error("Invalid parameter", param="tools", code="unsupported_parameter"), TOOLS),
    (400, error("Extra inputs are not permitted", param="stream_options"), USAGE),
    (500, {"error": "streamOptions not supported"}, USAGE),
    (400, {"error": "stream-options: unknown"}, USAGE),
    (400, [error('Unknown name "stream_options": Cannot find field.', status="INVALID_ARGUMENT")], USAGE),
    (400, error("Invalid role: tool"), TOOLS),
    (422, {"detail": "extra fields not permitted: stream_options"}, USAGE),
    (400, error("Unknown parameter: 'stream_options'.", param="stream_options"), USAGE),
    (400, error("Unrecognized request argument supplied: stream_options"), USAGE),
    (422, {"detail": [{"loc": ["body", "stream_options"], "msg": "Extra inputs are not permitted"}]}, USAGE),
    (400, error("include_usage is not a permitted option"), USAGE),
    (400, error("System role not supported"), SYSTEM),
    (400, error("system role is not supported by this model"), SYSTEM),
    (400, [error("Developer instruction is not enabled for models/gemma-3-27b-it", status="INVALID_ARGUMENT")], SYSTEM),
    (400, error("Conversation roles must alternate user/assistant/user/assistant/..."), SYSTEM),
    (400, error("Only user and assistant roles are supported!"), SYSTEM),
    (400, error("messages.0.role: Input should be 'user' or 'assistant'"), SYSTEM),
    (422, error("unknown variant `system`, expected `user` or `assistant`"), SYSTEM),
    (400, error("Unsupported value: 'messages[0].role' does not support 'system' with this model."), SYSTEM),
    (400, error("This model does not support system messages"), SYSTEM),
    (400, error("The system prompt is not allowed"), SYSTEM),
    (400, error("not supported", param="messages[0].role"), SYSTEM),
    (400, error("Invalid value: 'system'. Supported values are: 'assistant', 'user', and 'function'."), SYSTEM),
    (400, error("'system' is not one of ['user', 'assistant'] - 'messages.0.role'"), SYSTEM),
    (400, error("chat template rejected the request: Unexpected message role."), SYSTEM),
    (400, error("Please use a valid role: user, model."), SYSTEM),
    (400, error("First message must have role 'user'"), SYSTEM),
    (400, error("messages must start with a user message"), SYSTEM),
    (400, error("system_instruction is not supported"), SYSTEM),
    (500, {"error": {"message": "Unexpected role 'system'", "type": "server_error"}}, SYSTEM),
]


@pytest.mark.parametrize(("status", "body", "option"), UNSUPPORTED)
def test_the_option_that_is_lacking(status, body, option):
    assert option_named(refusal(body, status), [each for each in OPTIONS if each != TOOL_CHOICE]) == option


@pytest.mark.parametrize(
    "message",
    ["tool_choice 'none' is not supported", "Unsupported value for `tool choice`", "toolChoice: extra inputs"],
)
def test_a_tool_choice_is_named_before_the_tools(message):
    assert option_named(refusal(error(message)), OPTIONS) == TOOL_CHOICE


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, error("Bad Request")),
        (400, error("")),
        (404, error("The model `toolformer` does not exist")),
        (404, error("404 page not found")),
        (500, error("The tool server crashed")),
        (500, error("Failed to parse tool call arguments as JSON: unexpected end of input")),
        (500, error("an error occurred in a function that cannot be recovered")),
        (503, error("unexpected system error; contact an admin role")),
        (501, b"<html><h1>501 Not Implemented</h1></html>"),
        (401, error("tools are not supported")),
        (429, error("tools are not supported")),
    ],
)
def test_none_is_named(status, body):
    assert option_named(refusal(body, status), OPTIONS) is None


def test_only_what_was_sent_can_be_lacking():
    failure = refusal(error("tools are not supported"))
    assert option_named(failure, [USAGE, SYSTEM]) is None


def test_an_error_in_the_stream_before_anything_else_is_a_refusal_too():
    assert option_named(ReportedError({"message": "tools is not supported"}), OPTIONS) == TOOLS


@pytest.mark.parametrize(
    ("status", "body", "may"),
    [
        (400, {}, True),
        (400, "Bad Request", True),
        (422, error("Unprocessable"), True),
        (400, error("The model `x` does not exist"), False),
        (400, error("Invalid API key"), False),
        (400, error("Your credit balance is too low"), False),
        (400, error("The response was filtered", code="content_filter"), False),
        (400, b"<html><h1>Bad Request</h1></html>", True),
        (501, b"", True),
        (403, {}, False),
        (404, {}, False),
        (500, {}, False),
    ],
)
def test_whether_a_nameless_refusal_may_be_because_of_an_option(status, body, may):
    assert may_lack_an_option(refusal(body, status)) is may
