"""What the chunks of a streamed chat completion say, as our deltas.

Endpoints differ more than the documentation admits, so everything that can be missing or null may be, and
unknown fields are passed over. Decoding into typed structs costs a few microseconds a token.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from chat.errors import ModelError, ModelGarbled, ModelInterrupted, ModelRejected
from chat.messages import Delta, ReasoningDelta, TextDelta, ToolCall, Usage

MAX_TOOL_CALLS = 64
MAX_ARGUMENTS_CHARACTERS = 256 * 1024

_DONE = b"[DONE]"

_Said = tuple[type[TextDelta] | type[ReasoningDelta], str]


class _Function(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: Any = None


class _CallFragment(msgspec.Struct, gc=False):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Delta(msgspec.Struct, gc=False):
    content: str | list[Any] | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[_CallFragment] | None = None


class _Choice(msgspec.Struct, gc=False):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Usage(msgspec.Struct, gc=False):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Chunk(msgspec.Struct, gc=False):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: Any = None


_decode = msgspec.json.Decoder(_Chunk).decode


def words_alone(data: bytes) -> TextDelta | ReasoningDelta | None:
    """The words of an event that has a meaning only by them; None for every other."""
    try:
        chunk = _decode(data)
    except (ValueError, RecursionError):
        return None
    if chunk.error or chunk.usage or not chunk.choices:
        return None
    choice = chunk.choices[0]
    if choice.finish_reason or choice.delta is None or choice.delta.tool_calls:
        return None
    match _said(choice.delta):
        case [(kind, text)]:
            return kind(text)
    return None


class ReportedError(Exception):
    """The endpoint put an error into its stream: `body` is that object, as it came."""

    def __init__(self, body: Any) -> None:
        super().__init__("the endpoint reported an error in its stream")
        self.body = body


class _PartialCall:
    """A tool call whose arguments are still arriving."""

    def __init__(self, fragment: _CallFragment) -> None:
        self.index = fragment.index
        self.id = fragment.id or ""
        self.name = ""
        self._arguments: list[str] = []
        self._characters = 0

    def ends_before(self, fragment: _CallFragment) -> bool:
        """Whether `fragment`, of the same index or of none, begins another call.

        Only a name can: by the book it comes once a call, but some servers repeat it, and some give whole
        calls that all have the index 0, or no index, or no id.
        """
        function = fragment.function
        if function is None or not function.name:
            return False
        if fragment.index is None or function.name != self.name:
            return True
        if fragment.id and self.id:
            return fragment.id != self.id
        return bool(function.arguments) and _is_json("".join(self._arguments))

    def add(self, fragment: _CallFragment) -> None:
        self.id = self.id or fragment.id or ""
        if fragment.function is None:
            return
        self.name = self.name or fragment.function.name or ""
        arguments = fragment.function.arguments
        if arguments is None:
            return
        text = arguments if isinstance(arguments, str) else msgspec.json.encode(arguments).decode()
        self._characters += len(text)
        if self._characters > MAX_ARGUMENTS_CHARACTERS:
            raise ModelGarbled("The model wrote arguments for a tool that are too long.")
        self._arguments.append(text)

    def whole(self) -> ToolCall:
        if not self.name:
            raise ModelGarbled("The model called a tool without naming it.")
        return ToolCall(self.id or f"call_{uuid.uuid4().hex[:24]}", self.name, "".join(self._arguments))


class AnswerReader:
    """One streamed answer: passes on at once what can be, and keeps what only the end makes whole."""

    def __init__(self) -> None:
        self.finish_reason = ""
        self.done = False
        self._begun = False
        self._calls: list[_PartialCall] = []
        self._usage: _Usage | None = None

    def read(self, events: Iterable[tuple[bytes, bytes]]) -> Iterator[Delta]:
        """The deltas of events that came together: words that follow each other are one delta.

        Raises ModelGarbled and ReportedError, once what came before has been taken.
        """
        kind: type[TextDelta] | type[ReasoningDelta] = TextDelta
        texts: list[str] = []
        fault: ModelGarbled | ReportedError | None = None
        try:
            for name, data in events:
                for said, text in self._take(name, data):
                    if said is not kind:
                        if texts:
                            yield kind("".join(texts))
                            texts = []
                        kind = said
                    texts.append(text)
        except (ModelGarbled, ReportedError) as error:
            fault = error
        if texts:
            yield kind("".join(texts))
        if fault is not None:
            raise fault

    def _take(self, name: bytes, data: bytes) -> Sequence[_Said]:
        """The words of one event. Raises ModelGarbled and ReportedError."""
        try:
            chunk = _decode(data)
        except (ValueError, RecursionError):
            if data.strip() != _DONE:
                raise ModelGarbled("The model's endpoint sent a piece of an answer that cannot be read.") from None
            self.done = True
            return ()
        if chunk.error or name == b"error":
            # Where an event of that name has no error object, it is one itself.
            raise ReportedError(chunk.error or msgspec.json.decode(data))
        self._begun = True
        self._usage = chunk.usage or self._usage
        if not chunk.choices:
            return ()
        choice = chunk.choices[0]
        self.finish_reason = choice.finish_reason or self.finish_reason
        return () if choice.delta is None else self._words(choice.delta)

    def _words(self, delta: _Delta) -> Sequence[_Said]:
        if delta.tool_calls:
            for fragment in delta.tool_calls:
                self._collect(fragment)
        return _said(delta)

    def _collect(self, fragment: _CallFragment) -> None:
        call = self._continued_by(fragment)
        if call is None:
            if len(self._calls) == MAX_TOOL_CALLS:
                raise ModelGarbled("The model called too many tools at once.")
            call = _PartialCall(fragment)
            self._calls.append(call)
        call.add(fragment)

    def _continued_by(self, fragment: _CallFragment) -> _PartialCall | None:
        if fragment.id:
            for call in self._calls:
                if call.id == fragment.id:
                    return call
        siblings = [call for call in self._calls if fragment.index is None or call.index == fragment.index]
        return None if not siblings or siblings[-1].ends_before(fragment) else siblings[-1]

    def rest(self) -> Sequence[Delta]:
        """After the stream's end: the tool calls, if the answer is whole, and the usage."""
        calls: list[Delta] = [] if self.fault() else [call.whole() for call in self._calls]
        return calls if self._usage is None else [*calls, _counted(self._usage)]

    def fault(self) -> ModelError | None:
        """Why what came is not a whole answer, or None."""
        if not self._begun:
            return ModelGarbled(
                "The model's endpoint answered, but not with a stream of events; check that OPENAI_BASE_URL"
                " leads to an OpenAI-compatible API (it often ends in /v1)."
            )
        if not self.finish_reason:
            return ModelInterrupted("The connection to the model ended before its answer was complete.")
        if self.finish_reason == "length":
            return ModelInterrupted("The model reached its limit on length, so its answer is not complete.")
        if self.finish_reason == "content_filter":
            return ModelRejected("The model's endpoint withheld the answer: its content filter stopped it.")
        return None


def _said(delta: _Delta) -> Sequence[_Said]:
    reasoning = delta.reasoning_content or delta.reasoning
    text = delta.content or delta.refusal
    if text and not isinstance(text, str):
        text = _joined(text)
    if text:
        return ((ReasoningDelta, reasoning), (TextDelta, text)) if reasoning else ((TextDelta, text),)
    return ((ReasoningDelta, reasoning),) if reasoning else ()


def _is_json(text: str) -> bool:
    try:
        msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return False
    return True


def _joined(parts: list[Any]) -> str:
    """Some endpoints send text as a list of typed parts."""
    texts = [part.get("text") for part in parts if isinstance(part, dict)]
    return "".join(text for text in texts if isinstance(text, str))


def _counted(usage: _Usage) -> Usage:
    return Usage(_count(usage.prompt_tokens), _count(usage.completion_tokens))


def _count(tokens: int | None) -> int:
    return min(max(tokens or 0, 0), 2**53)
