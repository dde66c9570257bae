"""Refusals because of length, in the phrases of common servers, brokers and clouds."""

from __future__ import annotations

from typing import Any

import pytest

from chat.llm.openai.answer.deltas import ReportedError
from chat.llm.openai.answer.finish import fault_of
from chat.llm.openai.faults.length_refusals import TooLong, too_long
from tests.llm.openai.faults.cases import error, refusal

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
    "OpenAI, a minute's tokens": (
        429,
        error("Request too large for x on tokens per min (TPM): Limit 30000, Requested 60000. They must be reduced."),
        30000,
        0.5,
    ),
    "OpenAI, a large answer": (
        400,
        error(
            "'max_tokens' is too large: 2000. This model's maximum context length is 4096 tokens and your request has"
            " 2104 input tokens (2000 > 4096 - 2104)."
        ),
        4096,
        None,
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
    "Cohere, with the limit": (
        400,
        {"message": "too many tokens: size limit exceeded by 11326 tokens. The limit for this model is 128000 tokens."},
        128000,
        None,
    ),
    "Bedrock, characters": (400, {"message": "expected maxLength: 51200, actual: 102400, please reformat"}, 51200, 0.5),
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
    "TGI, inputs": (422, {"error": "`inputs` must have less than 4096 tokens. Given: 8192"}, 4096, 0.5),
    "llama.cpp, full": (500, error("context shift is disabled", type="server_error"), None, None),
    "Ollama, newer": (400, {"error": "prompt too long; exceeded max context length by 1404 tokens"}, None, None),
    "DashScope": (400, error("<400> InternalError.Algo: Range of input length should be [1, 30720]"), 30720, None),
    "Moonshot": (400, error("Your request exceeded model token limit: 8192 (requested: 16384)"), 8192, 0.5),
    "Zhipu": (400, error("tokens in request more than max tokens allowed", code="1210"), None, None),
    "Zhipu, in Chinese": (400, error("Prompt 超长", code="1261"), None, None),
    "in Chinese": (400, error("输入超过最大长度限制: 16384 > 8192"), 8192, 0.5),
    "Workers AI": (
        400,
        {"errors": [{"message": "AiError: a context window limit of 2800 tokens. The estimated (5600) exceeded it"}]},
        2800,
        0.5,
    ),
    "Copilot": (400, error("count of 256000 is over it: 128000", code="model_max_prompt_tokens_exceeded"), 128000, 0.5),
    "a broker's 502": (502, error("Upstream: maximum context length is 8192 tokens, got 16384"), 8192, 0.5),
    "an overloaded status": (503, error("prompt is too long: 16384 > 8192"), 8192, 0.5),
    "a generation that failed": (424, {"error": "Request failed during generation: Input is too long"}, None, None),
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
    "with thin blanks": (400, error("Context length of 16 384 exceeded by a prompt of 32 768 tokens"), 16384, 0.5),
    "with points": (400, error("Context length of 16.384 exceeded by a prompt of 32.768 tokens"), 16384, 0.5),
    "with apostrophes": (400, error("Context length of 16'384 tokens exceeded: 32'768"), 16384, 0.5),
    "in thousands": (400, error("context window is 128k tokens, you requested 256k tokens"), 128000, 0.5),
    "the limit after the number": (400, error("16384 tokens but only 8192 are available in the context"), 8192, 0.5),
    "a fraction": (400, error("You've exceeded the context. 16,384/8,192 tokens"), 8192, 0.5),
    "an id before": (400, error("[req 5839201] maximum context length is 8192 tokens; you sent 16384"), 8192, 0.5),
    "a proxy": (413, "<html><h1>413 Request Entity Too Large</h1></html>", None, None),
    "xAI": (400, {"error": "This model's maximum prompt length is 8192 but the request contains 16384"}, 8192, 0.5),
    "Azure in the stream": (0, {"code": "context_length_exceeded", "message": "Too long"}, None, None),
}  # fmt: skip


# Refusals whose only number is a code or an id: they state no limit.
NO_LIMIT = [
    "invalid params, context window exceeds limit (2013)",
    "Error code: 400 - The prompt is too long",
    "Error code: 400 - {'error': 'prompt is too long'}",
    "prompt is too long (code: 1261)",
    "The prompt is too long (status 400).",
    "Request failed with status code 413: context length exceeded",
    "upstream returned http_code=400, context length exceeded",
    "error 2013: context window exceeds limit",
    "HTTP 400 Bad Request: the input is too long",
    "400 Bad Request: the input is too long",
    "400: the input is too long",
    "[1210] The input is too long",
    "<400> The input is too long",
    "400 - The input is too long",
    "BrokerError: ErrorCode 40303: the prompt exceeds the context",
    "The context is too long (request id: 123456789)",
    'The context is too long, "code": "1261"',
    "The context is too long; code 1261, request_id=8273645",
    "The context is too long, trace 123456",
    "The prompt is too long (HTTP/1.1 400)",
    "输入超长 (错误码: 1261)",
]
# Numbers in the same places that are lengths.
LIMITS = [
    ("Error code: 400 - the prompt is too long; limit 8192, sent 16384", 8192, 0.5),
    ("invalid params, the context window of 8192 is exceeded (2013)", 8192, None),
    ("error: 4096 tokens is the maximum, and the prompt is too long", 4096, None),
    ("error 4096 tokens allowed, the prompt is too long", 4096, None),
    ("8192 tokens are the maximum: the prompt is too long", 8192, None),
    ("8k tokens are the maximum: the prompt is too long", 8000, None),
    ("The prompt is longer than the model's limit (2048)", 2048, None),
    ("[1, 30720] is the allowed range, and the input is too long", 30720, None),
    ("HTTP 400: max 2048 tokens, the prompt has 4096 tokens and is too long", 2048, 0.5),
]


@pytest.mark.parametrize("message", NO_LIMIT)
def test_a_code_or_an_id_is_no_limit(message: str) -> None:
    assert too_long(refusal(error(message), 400)) == TooLong(None, None)


@pytest.mark.parametrize(("message", "limit", "share"), LIMITS)
def test_a_length_beside_a_code_is_the_limit(message: str, limit: int, share: float | None) -> None:
    assert too_long(refusal(error(message), 400)) == TooLong(share, limit)


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
        (400, error("messages[3].tool_calls[0].id: string too long, 52 of 40", code="string_above_max_length")),
        (400, error("tools: string too long. Expected a string with maximum length 1024")),
        (400, error("the request took too long")),
        (400, error("Your key exceeded its monthly budget of tokens")),
        (500, error("Internal error: the request took too long")),
        (503, error("The request queue is too long")),
        (429, error("Rate limit reached on tokens per min (TPM): Limit 10000, Used 9000, Requested 2000")),
        (429, error("You exceeded your current quota of tokens per minute")),
        (401, error("Your key is too long")),
        (400, error("The messages must not be empty")),
        (400, {}),
    ],
)
def test_what_is_not_about_length(status, body):
    assert too_long(refusal(body, status)) is None


@pytest.mark.parametrize(
    ("finish_reason", "is_length"),
    [("model_context_window_exceeded", True), ("context_length", True), ("length", False), ("blue", False)],
)
def test_a_finish_reason_because_of_length(finish_reason, is_length):
    assert (too_long(fault_of(finish_reason)) is not None) is is_length
