"""Endpoints that refuse a conversation: its order, its length, and answers that end before they begin."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from scripts.fake_model.answers import CLOSE, RESET
from scripts.fake_model.dialects.dialect import (
    DONE,
    FINAL,
    Dialect,
    Outcome,
    Script,
    Whole,
    call,
    call_script,
    piece,
    words,
)
from scripts.fake_model.request import ChatRequest

ROOM = 30_000
CUT = Outcome(notices=("older_left_out",))
_LONG = ("one " * 4_000, "two " * 4_000, "And three?")
_FORBIDDEN = Whole({"error": {"message": "Not now"}}, 403)
_SHARE = 4  # characters to the token


def characters(request: dict[str, Any]) -> int:
    return sum(len(message.get("content") or "") for message in request["messages"])


def alternates(request: dict[str, Any]) -> bool:
    roles = [message["role"] for message in request["messages"] if message["role"] not in ("system", "tool")]
    return roles[:1] == ["user"] and all(one != other for one, other in itertools.pairwise(roles))


def asks_after_tool(request: dict[str, Any]) -> bool:
    roles = [message["role"] for message in request["messages"]]
    return ("tool", "user") in itertools.pairwise(roles)


def _broken_off(request: ChatRequest) -> Script:
    """Call a tool, and refuse to answer when it has its result."""
    return [_FORBIDDEN] if request.round > 1 else call_script(call())


def _too_long(words: str) -> Callable[[dict[str, Any]], str]:
    """Return a check that refuses more than `ROOM` characters, in `words` with {sent} and {limit} in tokens."""

    def refuses(request: dict[str, Any]) -> str:
        sent = characters(request)
        return words.format(sent=sent // _SHARE, limit=ROOM // _SHARE) if sent > ROOM else ""

    return refuses


def _refuses_length(name: str, words: str, status: int = 400) -> Dialect:
    return Dialect(f"{status} because of length, as {name} says it", (FINAL,), CUT, _too_long(words), status, _LONG)


def _fails_first(*how: Any) -> Callable[[ChatRequest, int], Script]:
    """Fail at each request of the first question and answer all others."""
    return lambda request, _attempt: list(how) if "first" in request.question else FINAL


def _once(*how: Any) -> Callable[[ChatRequest, int], Script]:
    """Fail at the first request of a question and answer the second."""
    return lambda _request, attempt: list(how) if attempt == 1 else FINAL


def _in_turn(summary: str, *how: Any) -> Dialect:
    refuses: Callable[[dict[str, Any]], str] = lambda request: "" if alternates(request) else "roles must alternate"  # noqa: E731
    return Dialect(summary, _fails_first(*how), refuses=refuses, questions=("The first?", "And the second?"))


STUCK: dict[str, Dialect] = {
    "alternate-refused": _in_turn("400 unless roles alternate, after a refusal", _FORBIDDEN),
    "alternate-empty": _in_turn("400 unless roles alternate, after an empty answer", piece({}, "stop"), DONE),
    "alternate-filtered": _in_turn(
        "400 unless roles alternate, after a filtered answer", piece({}, "content_filter"), DONE
    ),
    "alternate-after-tools": Dialect(
        "400 for a question after a tool's result, after a refusal in the middle of an answer",
        lambda request, _attempt: _broken_off(request) if "first" in request.question else FINAL,
        refuses=lambda request: "Unexpected role 'user' after role 'tool'" if asks_after_tool(request) else "",
        questions=("The first?", "And the second?"),
    ),
    "length-openai": _refuses_length(
        "OpenAI", "maximum context length is {limit} tokens. However, your messages resulted in {sent}."
    ),
    "length-anthropic": _refuses_length("Anthropic", "prompt is too long: {sent} tokens > {limit} maximum"),
    "length-gemini": _refuses_length(
        "Gemini", "The input token count ({sent}) exceeds the maximum number of tokens allowed ({limit})."
    ),
    "length-tgi": _refuses_length(
        "TGI", "`inputs` tokens + `max_new_tokens` must be <= {limit}. Given: {sent} `inputs` tokens", 422
    ),
    "length-groq": _refuses_length("Groq", "Please reduce the length of the messages or completion."),
    "length-ollama": _refuses_length("Ollama", "the input length exceeds the context length"),
    "length-bedrock": _refuses_length("Bedrock", "Input is too long for requested model."),
    "length-llama-cpp": _refuses_length("llama.cpp", "the request exceeds the available context size"),
    "length-dashscope": _refuses_length("DashScope", "<400> Algo: Range of input length should be [1, {limit}]"),
    "length-moonshot": _refuses_length(
        "Moonshot", "Your request exceeded model token limit: {limit} (requested: {sent})"
    ),
    "length-502": _refuses_length("a broker", "Upstream: maximum context length is {limit} tokens, got {sent}", 502),
    "length-finish": Dialect(
        "no answer and a finish reason because of length",
        lambda request, _attempt: (
            [piece({}, "model_context_window_exceeded"), DONE] if characters(request.body) > ROOM else FINAL
        ),
        CUT,
        questions=_LONG,
    ),
    "length-limit-alone": _refuses_length("a limit alone", "maximum context length is {limit} tokens"),
    "length-413": _refuses_length("a proxy", "Request Entity Too Large", 413),
    "length-question": Dialect(
        "400 because the question alone is too long",
        (FINAL,),
        Outcome("", "failed", "question alone is too long"),
        _too_long("maximum context length is {limit} tokens, the messages have {sent}"),
        questions=("word " * 6_200,),
    ),
    "early-end": Dialect("a stream that ends at once, the first time", _once(b": hello\n\n")),
    "early-close": Dialect("a stream that breaks off at once, the first time", _once(b": hello\n\n", CLOSE)),
    "early-reset": Dialect("a reset after the role, the first time", _once(piece({"role": "assistant"}), 0.05, RESET)),
    "early-garbage": Dialect("a first piece that is no JSON, the first time", _once(b"data: {broken\n\n")),
    "early-empty-piece": Dialect("an end after an empty piece, the first time", _once(words(""))),
    "early-page": Dialect(
        "a page of HTML with status 200, the first time", _once(Whole(b"<!doctype html>", kind="text/html"))
    ),
}
