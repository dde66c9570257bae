"""Causes of refusals, in the phrases of common servers, brokers and clouds."""

from __future__ import annotations

from typing import Any

import httpx2
import openai
import pytest

from chat.llm.openai.answer.deltas import ReportedError
from chat.llm.openai.faults.refusals import OPTIONS, SYSTEM, TOOLS, USAGE, may_lack_an_option, option_named, too_long


def refusal(body: Any, status: int = 400) -> openai.APIStatusError:
    response = httpx2.Response(status, json=body, request=httpx2.Request("POST", "http://model.test"))
    return openai.APIStatusError("", response=response, body=body)


def error(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, **more}}


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
]


@pytest.mark.parametrize(("status", "body", "option"), UNSUPPORTED)
def test_the_option_that_is_lacking(status, body, option):
    assert option_named(refusal(body, status), OPTIONS) == option


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, error("Bad Request")),
        (400, error("")),
        (404, error("The model `toolformer` does not exist")),
        (404, error("404 page not found")),
        (500, error("The tool server crashed")),
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
        (403, {}, False),
        (404, {}, False),
        (500, {}, False),
    ],
)
def test_whether_a_nameless_refusal_may_be_because_of_an_option(status, body, may):
    assert may_lack_an_option(refusal(body, status)) is may


# name: status, body, the stated limit, the share of what was sent that fits
LENGTHS: dict[str, tuple[int, Any, int | None, float | None]] = {
    "OpenAI": (
        400,
        error(
            "This model's maximum context length is 8192 tokens. However, your messages resulted in 10240 tokens."
            " Please reduce the length of the messages.",
            code="context_length_exceeded",
        ),
        8192,
        0.8,
    ),
    "OpenAI, with a completion": (
        400,
        error(
            "This model's maximum context length is 4096 tokens. However, you requested 8192 tokens (7192 in the"
            " messages, 1000 in the completion)."
        ),
        4096,
        0.5,
    ),
    "OpenAI, only a code": (400, error("No.", code="context_length_exceeded"), None, None),
    "OpenAI, characters": (
        400,
        error(
            "Invalid 'messages[1].content': string too long. Expected a string with maximum length 1048576, but got"
            " a string with length 2097152 instead.",
            code="string_above_max_length",
        ),
        1048576,
        0.5,
    ),
    "OpenAI, responses": (400, error("Your input exceeds the context window of this model."), None, None),
    "llama.cpp": (
        400,
        {
            "error": {
                "code": 400,
                "message": "the request exceeds the available context size. try increasing it",
                "type": "exceed_context_size_error",
                "n_prompt_tokens": 8192,
                "n_ctx": 4096,
            }
        },
        4096,
        0.5,
    ),
    "vLLM": (
        400,
        {
            "object": "error",
            "message": "This model's maximum context length is 2048 tokens. However, you requested 4096 tokens in the"
            " messages, Please reduce the length of the messages.",
            "type": "BadRequestError",
            "code": 400,
        },
        2048,
        0.5,
    ),
    "vLLM, newer": (
        400,
        error("The decoder prompt (length 8192) is longer than the maximum model length of 4096."),
        4096,
        0.5,
    ),
    "Ollama": (400, error("input length exceeds the context length"), None, None),
    "Anthropic": (400, error("prompt is too long: 250000 tokens > 200000 maximum"), 200000, 0.8),
    "Anthropic, newer": (
        400,
        error("input length and `max_tokens` exceed context limit: 199759 + 20000 > 200000, decrease input length"),
        200000,
        None,
    ),
    "Anthropic, bytes": (413, error("Request exceeds the maximum size", type="request_too_large"), None, None),
    "Mistral": (
        400,
        {
            "object": "error",
            "message": "Prompt contains 65536 tokens and 0 draft tokens, too large for model with 32768 maximum context"
            " length",
            "type": "invalid_request_error",
            "code": 3051,
        },
        32768,
        0.5,
    ),
    "Gemini": (
        400,
        [error("The input token count (2097152) exceeds the maximum number of tokens allowed (1048576).", code=400)],
        1048576,
        0.5,
    ),
    "Groq": (400, error("Please reduce the length of the messages or completion."), None, None),
    "Groq, a minute's tokens": (
        413,
        error("Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 12000, please reduce"),
        6000,
        0.5,
    ),
    "DeepSeek": (
        400,
        error("This model's maximum context length is 65536 tokens. However, you requested 131072 tokens (131072 in"),
        65536,
        0.5,
    ),
    "Cohere": (
        400,
        {"message": "too many tokens: size limit exceeded by 4096 tokens. Try using shorter or fewer inputs"},
        4096,
        None,
    ),
    "Bedrock": (400, {"message": "Input is too long for requested model."}, None, None),
    "TGI": (
        422,
        {
            "error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 8192 `inputs`"
            " tokens and 20 `max_new_tokens`",
            "error_type": "validation",
        },
        4096,
        0.5,
    ),
    "LM Studio": (
        400,
        {
            "error": "Trying to keep the first 8192 tokens when context the overflows. However, the model is loaded"
            " with context length of only 4096 tokens, which is not enough."
        },
        4096,
        0.5,
    ),
    "OpenRouter": (
        400,
        error(
            "Provider returned error",
            metadata={
                "raw": '{"error":{"message":"This endpoint\'s maximum context length is 32768 tokens. However, you'
                ' requested about 65536 tokens"}}'
            },
        ),
        32768,
        0.5,
    ),
    "with thousands": (400, error("Context length of 16,384 exceeded by a prompt of 32,768 tokens"), 16384, 0.5),
    "a proxy": (413, "<html><h1>413 Request Entity Too Large</h1></html>", None, None),
    "xAI": (400, {"error": "This model's maximum prompt length is 8192 but the request contains 16384"}, 8192, 0.5),
    "Azure in the stream": (0, {"code": "context_length_exceeded", "message": "Too long"}, None, None),
}  # fmt: skip


@pytest.mark.parametrize("name", LENGTHS)
def test_a_refusal_because_of_length(name):
    status, body, limit, share = LENGTHS[name]
    excess = too_long(refusal(body, status) if status else ReportedError(body))
    assert excess is not None
    if share is not None or limit is None:
        assert (excess.limit, excess.share) == (limit, pytest.approx(share) if share else None)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (400, error("The model `gpt-4-32768` does not exist")),
        (400, error("tools is not supported")),
        (400, error("Invalid value for temperature: must be at most 200")),
        (429, error("You exceeded your current quota of tokens per minute")),
        (401, error("Your key is too long")),
        (400, error("The messages must not be empty")),
        (400, {}),
    ],
)
def test_what_is_not_about_length(status, body):
    assert too_long(refusal(body, status)) is None
