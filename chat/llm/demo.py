"""The built-in demo model: answers when no endpoint is configured. Deterministic, in this process, no network.

It really calls the tools and says what they found. What it understands is in `demo_phrases`, what it says
in `demo_answers`; here is only the conversation and the pace.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from datetime import date

from chat.cancellation import Cancellation
from chat.llm import demo_answers
from chat.llm.contract import GO_ON, INTERRUPTED
from chat.llm.demo_german import in_english, language_of
from chat.llm.demo_phrases import understand
from chat.llm.sleep import cancellable_sleep
from chat.messages import Delta, Message, TextDelta, ToolCall, ToolSpec, Usage

# The part of an answer's time that passes before it calls tools.
_CALLING_SHARE = 0.1
# No more pieces than a person can see come: a short answer comes in lumps of a few words.
_MIN_GAP_S = 0.03

_WORD = re.compile(r"\S+\s*|\s+")


class DemoModel:
    """`chat.llm.contract.LanguageModel` without a model.

    `latency_s` is how long the whole answer takes, its tools not counted: a tenth of it before they are
    called, the rest while the text streams evenly. `clock`, `wait` and `today` are for tests.
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
        """`model` and `may_call` are of no account: it calls tools once."""
        del model, may_call
        cancellation.check()
        messages, before = _taken_up(messages)
        questions = [message.text for message in messages if message.role == "user"]
        language = language_of(questions[-1]) if questions else "en"
        if found := _results(messages):
            text = _rest(demo_answers.report(found, language), before)
            yield from self._told(text, 1 - _CALLING_SHARE, messages, cancellation)
            return
        understood = understand([in_english(question) for question in questions], self._today())
        if understood.request is None:
            text = _rest(demo_answers.talk(understood.topic, language), before)
            yield from self._told(text, 1, messages, cancellation)
            return
        calls = _calls(understood.request.calls(), messages, tools)
        if not calls:
            yield from self._told(demo_answers.unavailable(language), 1, messages, cancellation)
            return
        self._wait(_CALLING_SHARE * self._latency_s, cancellation)
        yield from calls
        yield _usage(messages, " ".join(call.arguments for call in calls))

    def warm_up(self) -> None:
        """There is nothing that a first question would pay for."""

    def _told(
        self, text: str, share: float, messages: Sequence[Message], cancellation: Cancellation
    ) -> Iterator[Delta]:
        """`text` in small pieces, the first at once, over `share` of the time an answer takes."""
        began = self._clock()
        time_s = share * self._latency_s
        pieces = _pieces(text, time_s)
        for position, piece in enumerate(pieces, 1):
            cancellation.check()
            yield TextDelta(piece)
            early_s = began + time_s * position / len(pieces) - self._clock()
            if early_s > 0:
                self._wait(early_s, cancellation)
        yield _usage(messages, text)


def _taken_up(messages: Sequence[Message]) -> tuple[Sequence[Message], str]:
    """Return the messages up to the answer that is to be continued, and the text of that answer so far."""
    if not messages or messages[-1].text != GO_ON:
        return messages, ""
    said = [*messages[:-1]]
    before = said.pop().text if said[-1].role == "assistant" and not said[-1].tool_calls else ""
    if any(content == INTERRUPTED for _, content in _results(said)):
        # Calls without their results are made again.
        while said[-1].role != "user":
            said.pop()
    return said, before


def _rest(text: str, before: str) -> str:
    """Return the part of `text` that comes after `before`."""
    return text[len(before) :] if text.startswith(before) else text


def _results(messages: Sequence[Message]) -> list[tuple[ToolCall, str]]:
    """The tool calls that the conversation ends with, each with what came of it; none if it ends otherwise."""
    contents: dict[str, str] = {}
    for message in reversed(messages):
        if message.role != "tool":
            return [(call, contents[call.id]) for call in message.tool_calls if call.id in contents]
        contents[message.tool_call_id] = message.text
    return []


def _calls(
    asked: Sequence[tuple[str, dict[str, object]]], messages: Sequence[Message], tools: Sequence[ToolSpec]
) -> list[ToolCall]:
    """The calls of tools that there are, under ids that no earlier call of the conversation has."""
    names = {tool.name for tool in tools}
    earlier = sum(len(message.tool_calls) for message in messages)
    return [
        ToolCall(f"call_{earlier + number}", name, json.dumps(arguments, ensure_ascii=False, separators=(",", ":")))
        for number, (name, arguments) in enumerate(asked, 1)
        if name in names
    ]


def _pieces(text: str, time_s: float) -> list[str]:
    words = _WORD.findall(text)
    if time_s <= 0:
        return words
    a_piece = -(-len(words) // max(1, int(time_s / _MIN_GAP_S)))
    return ["".join(words[start : start + a_piece]) for start in range(0, len(words), a_piece)]


def _usage(messages: Sequence[Message], answer: str) -> Usage:
    """Words for tokens: a rough count, there being no tokens here."""
    return Usage(sum(len(message.text.split()) for message in messages), len(answer.split()))
