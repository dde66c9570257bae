"""The built-in demo model, used when no endpoint is configured. Deterministic, in this process, no network.

It calls the tools and describes their results. `requests` interprets questions, `answers` writes answers;
this module handles the conversation and the timing.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import date

from chat.cancellation import Cancellation
from chat.llm.contract import GO_ON, INTERRUPTED
from chat.llm.demo import answers
from chat.llm.demo.german import in_english, language_of
from chat.llm.demo.requests import interpret
from chat.llm.sleep import cancellable_sleep
from chat.messages import Delta, Message, TextDelta, ToolCall, ToolSpec, Usage

# The share of an answer's time before it calls tools.
_CALLING_SHARE = 0.1
# Seconds between deltas. Shorter gaps would not be visible, so a fast answer has several words per delta.
_MIN_GAP_S = 0.03

_WORD = re.compile(r"\S+\s*|\s+")


class DemoModel:
    """`chat.llm.contract.LanguageModel` without a model.

    `latency_s` is the time of a whole answer without its tools: a tenth of it passes before the tool calls, the text
    streams evenly over the rest. `clock`, `wait` and `today` are for tests.
    """

    def __init__(
        self,
        latency_s: float,
        clock: Callable[[], float] = time.monotonic,
        wait: Callable[[float, Cancellation], None] = cancellable_sleep,
        today: Callable[[], date] = date.today,
    ) -> None:
        self._latency_s = latency_s
        self._clock = clock
        self._wait = wait
        self._today = today

    def stream(
        self,
        model: str,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
        cancellation: Cancellation,
        may_call: bool = True,
    ) -> Generator[Delta, None, None]:
        """Answer the last question. Ignores `model` and `may_call`, since it calls tools only once."""
        del model, may_call
        cancellation.check()
        messages, before = _split_continuation(messages)
        questions = [message.text for message in messages if message.role == "user"]
        language = language_of(questions[-1]) if questions else "en"
        if results := _results(messages):
            text = _rest(answers.report(results, language), before)
            yield from self._stream_text(text, 1 - _CALLING_SHARE, messages, cancellation)
            return
        interpretation = interpret([in_english(question) for question in questions], self._today())
        if interpretation.request is None:
            text = _rest(answers.talk(interpretation.topic, language), before)
            yield from self._stream_text(text, 1, messages, cancellation)
            return
        calls = _calls(interpretation.request.calls(), messages, tools)
        if not calls:
            yield from self._stream_text(answers.unavailable(language), 1, messages, cancellation)
            return
        self._wait(_CALLING_SHARE * self._latency_s, cancellation)
        yield from calls
        yield _usage(messages, " ".join(call.arguments for call in calls))

    def close_unusable_connections(self) -> None:
        """Do nothing: there are no connections."""

    def warm_up(self) -> None:
        """Do nothing: a first request costs no more than others."""

    def _stream_text(
        self, text: str, share: float, messages: Sequence[Message], cancellation: Cancellation
    ) -> Iterator[Delta]:
        """Yield `text` in small pieces, the first at once, over `share` of an answer's time."""
        began_at = self._clock()
        time_s = share * self._latency_s
        pieces = _pieces(text, time_s)
        for position, piece in enumerate(pieces, 1):
            cancellation.check()
            yield TextDelta(piece)
            early_s = began_at + time_s * position / len(pieces) - self._clock()
            if early_s > 0:
                self._wait(early_s, cancellation)
        yield _usage(messages, text)


def _split_continuation(messages: Sequence[Message]) -> tuple[Sequence[Message], str]:
    """Return the messages up to the answer that is to be continued, and the text of that answer so far."""
    if not messages or messages[-1].text != GO_ON:
        return messages, ""
    earlier = [*messages[:-1]]
    before = earlier.pop().text if earlier[-1].role == "assistant" and not earlier[-1].tool_calls else ""
    if any(content == INTERRUPTED for _, content in _results(earlier)):
        # Calls without results are made again.
        while earlier[-1].role != "user":
            earlier.pop()
    return earlier, before


def _rest(text: str, before: str) -> str:
    """Return the part of `text` that comes after `before`."""
    return text[len(before) :] if text.startswith(before) else text


def _results(messages: Sequence[Message]) -> list[tuple[ToolCall, str]]:
    """Return the tool calls at the conversation's end with their results; none if it ends otherwise."""
    contents: dict[str, str] = {}
    for message in reversed(messages):
        if message.role != "tool":
            return [(call, contents[call.id]) for call in message.tool_calls if call.id in contents]
        contents[message.tool_call_id] = message.text
    return []


def _calls(
    requests: Sequence[tuple[str, dict[str, object]]], messages: Sequence[Message], tools: Sequence[ToolSpec]
) -> list[ToolCall]:
    """Return calls of the available tools, with ids that no earlier call of the conversation has."""
    names = {tool.name for tool in tools}
    earlier = sum(len(message.tool_calls) for message in messages)
    return [
        ToolCall(f"call_{earlier + number}", name, json.dumps(arguments, ensure_ascii=False, separators=(",", ":")))
        for number, (name, arguments) in enumerate(requests, 1)
        if name in names
    ]


def _pieces(text: str, time_s: float) -> list[str]:
    words = _WORD.findall(text)
    if time_s <= 0:
        return words
    a_piece = -(-len(words) // max(1, int(time_s / _MIN_GAP_S)))
    return ["".join(words[start : start + a_piece]) for start in range(0, len(words), a_piece)]


def _usage(messages: Sequence[Message], answer: str) -> Usage:
    """Return a rough count: words instead of tokens."""
    return Usage(sum(len(message.text.split()) for message in messages), len(answer.split()))
