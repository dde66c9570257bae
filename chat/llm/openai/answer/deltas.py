"""The deltas of one streamed answer, and the check that it is complete.

`chunks` decodes an event, `tool_calls` assembles tool calls, `finish` interprets finish reasons.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from chat.errors import ModelError, ModelGarbled, ModelInterrupted, ModelNoAnswer
from chat.llm.openai.answer import chunks, control_events, finish
from chat.llm.openai.answer.chunks import (
    Chunk,
    Delta,
    decode,
    decode_loosely,
    delta_of,
    error_in,
    reason_in,
    reason_of,
)
from chat.llm.openai.answer.content import content_of, text_of
from chat.llm.openai.answer.message_extras import MessageExtras
from chat.llm.openai.answer.surrogates import whole_characters, without_half
from chat.llm.openai.answer.text_parts import (
    Kind,
    TextPart,
    has_other_fields,
    kind_of,
    plain_text_parts,
    reasoning_of,
    text_parts,
)
from chat.llm.openai.answer.thinking import ThinkingTags
from chat.llm.openai.answer.tool_calls import ToolCalls
from chat.llm.openai.answer.usage import counts_in
from chat.messages import Delta as AnswerDelta
from chat.messages import ReasoningDelta, TextDelta, Usage


class ReportedError(Exception):
    """An error object in the endpoint's stream; `body` is this object, unchanged."""

    def __init__(self, body: Any) -> None:
        super().__init__("the endpoint reported an error in its stream")
        self.body = body


class AnswerReader:
    """Reader of one streamed answer: returns text at once, and collects the parts that are whole only at the end."""

    def __init__(self) -> None:
        self.finish_reason = ""
        self.done = False  # [DONE] was received
        self.has_progress = False  # a part of the answer was received since this was last set to False
        self._started = False
        # The choice that is read: the first, which is the only one that was requested.
        self._choice_index: int | None = None
        self._calls = ToolCalls()
        self._extras = MessageExtras()
        self._thinking: ThinkingTags | None = ThinkingTags()
        self._half_character = ""  # first half of a surrogate pair at the end of the last text
        self._last_kind: Kind = TextDelta
        self._has_text = self._has_reasoning = False
        self._in_plain_text = False  # within the text: an event that has text alone needs no further checks
        self._error: Any = None
        # Whether text arrived without a finish reason, and whether text followed a finish reason. An endpoint that puts
        # the reason into every event does not mark the end with it.
        self._has_text_without_reason = self._reason_came_early = False
        self._message_text = ""
        self._has_line_events = False
        self._prompt_tokens = self._completion_tokens = 0
        self._counted = False

    @property
    def is_finished(self) -> bool:
        """Return whether the finish reason certainly marks the end."""
        return self.done or (bool(self.finish_reason) and self._has_text_without_reason and not self._reason_came_early)

    def accept(self, words: TextDelta | ReasoningDelta) -> bool:
        """Accept a delta that was decoded elsewhere. Return False if its event must be read here."""
        if type(words) is TextDelta:
            return self._in_plain_text
        if self.finish_reason or self._half_character:
            return False
        self._has_reasoning = True
        self._extras.add_reasoning(words.text)
        return True

    def read(self, events: Iterable[tuple[bytes, bytes]]) -> Iterator[AnswerDelta]:
        """Yield the deltas of events that arrived together; adjacent texts of one kind become one delta.

        Raises ModelGarbled and ReportedError, after the deltas of the events before.
        """
        kind: Kind = TextDelta
        texts: list[str] = []
        fault: ModelGarbled | ReportedError | None = None
        try:
            for name, data in events:
                for part_kind, text in self._event_parts(name, data):
                    if part_kind is not kind:
                        if texts:
                            yield kind("".join(texts))
                            texts = []
                        kind = part_kind
                    texts.append(text)
                if self._error is not None and not self.done:
                    raise ReportedError(self._error)
        except (ModelGarbled, ReportedError) as error:
            fault = error
        if texts:
            yield kind("".join(texts))
        if fault is not None:
            try:
                raise fault
            finally:
                del fault  # it refers to this frame

    def read_tail(self, events: Sequence[tuple[bytes, bytes]], is_document: bool) -> Iterator[AnswerDelta]:
        """Yield the deltas of an unfinished rest at the end of the body. A truncated event is ignored.

        Raises ReportedError for a document that has no choices.
        """
        try:
            yield from self.read(events)
        except ModelGarbled:
            if is_document:
                raise
        if is_document and self._choice_index is None and (body := chunks.document(events[0][1])):
            raise ReportedError(body)
        # A document that can be decoded is complete.
        self.done = self.done or (is_document and not self._has_line_events)

    def end(self) -> Sequence[AnswerDelta]:
        """End the answer. Return held back text, the tool calls if the answer is complete, and the usage."""
        rest: list[AnswerDelta] = [kind(text) for kind, text in self._flush()]
        if self._calls and self.fault() is None:
            rest += self._calls.complete(self._extras.as_text())
        if self._counted:
            rest.append(Usage(self._prompt_tokens, self._completion_tokens))
        return rest

    def fault(self) -> ModelError | None:
        """Return the error if the answer is not complete, otherwise None."""
        if not self._started:
            return ModelGarbled(
                "The model's endpoint answered, but not with a stream of events; check that OPENAI_BASE_URL"
                " leads to an OpenAI-compatible API (it often ends in /v1)."
            )
        if self.finish_reason:
            if fault := finish.fault_of(self.finish_reason):
                return fault
        elif not self.done:
            return ModelInterrupted("The connection to the model ended before its answer was complete.")
        if self._has_text or self._calls:
            return None
        if self._has_reasoning:
            return ModelNoAnswer("The model gave only its reasoning, and no answer.")
        return ModelNoAnswer("The model's answer was empty.")

    def _event_parts(self, name: bytes, data: bytes) -> Sequence[TextPart]:
        """Return the text parts of one event. Raises ModelGarbled and ReportedError."""
        try:
            chunk = decode(data)
        except (ValueError, RecursionError):
            return () if self._is_control_data(name, data) else self._loose_parts(name, data)
        if self._in_plain_text and not name:
            parts = plain_text_parts(chunk)
            if len(parts) == 1 and parts[0][0] is TextDelta:
                self.has_progress = True
                return parts
        if name and self._is_control_event(name, chunk, data):
            return ()
        if not chunk.choices:
            is_usage = chunk.choices is not None and isinstance(chunk.usage, dict) and not chunk.error
            return self._chunk_parts(chunk) if is_usage else self._loose_parts(name, data)
        self._error = error_in(chunk.error, chunks.document(data)) if chunk.error else None
        parts = self._chunk_parts(chunk)
        if not parts:
            self._extras.add_others(chunks.other_fields(data))
        return self._join_half_characters(parts) if self._half_character else parts

    def _loose_parts(self, name: bytes, data: bytes) -> Sequence[TextPart]:
        """Return the text parts of data that deviates from the format: of one chunk or of several."""
        try:
            decoded = decode_loosely(data)
        except ValueError:
            return self._line_parts(name, data)
        whole: list[TextPart] = []
        for chunk in decoded:
            if name and self._is_control_event(name, chunk, data):
                continue
            self._error = self._error or chunk.error or None
            parts = self._chunk_parts(chunk)
            if not parts and chunk.choices and len(decoded) == 1:
                self._extras.add_others(chunks.other_fields(data))
            whole += self._join_half_characters(parts)
        return whole

    def _line_parts(self, name: bytes, data: bytes) -> Sequence[TextPart]:
        """Read data that holds several events, from endpoints that put no empty line between them."""
        lines = data.split(b"\n")
        if len(lines) == 1:
            raise ModelGarbled("The model's endpoint sent a piece of an answer that cannot be read.")
        self._has_line_events = True
        return [part for line in lines for part in self._event_parts(name, line)]

    def _is_control_data(self, name: bytes, data: bytes) -> bool:
        """Return whether an event marks the end or means nothing. Raises ReportedError for an error in plain text."""
        if control_events.is_end(name, data):
            self.has_progress = self.has_progress or not self.done
            self.done = self._started = True
            return True
        if self.done:
            return True
        if control_events.is_error(name, data):
            try:
                raise ReportedError(chunks.document(data))
            except ValueError:
                raise ReportedError(data.decode("utf-8", "replace").strip()) from None
        return control_events.is_ping(name, data)

    def _is_control_event(self, name: bytes, chunk: Chunk, data: bytes) -> bool:
        """Return whether an event's name is its whole meaning. Raises ReportedError."""
        if name in control_events.ERROR_NAMES and not self.done:
            # Without an error object, an event of that name is itself the error.
            raise ReportedError(chunk.error or chunks.document(data))
        if name in control_events.END_NAMES and not chunk.choices:
            self.done = self._started = True
        return name in control_events.PING_NAMES

    def _chunk_parts(self, chunk: Chunk) -> Sequence[TextPart]:
        self._started = True
        if chunk.usage is not None:
            self._count(chunk.usage)
        elif isinstance(chunk.x_groq, dict):
            self._count(chunk.x_groq.get("usage"))
        choices = chunk.choices
        if not choices:
            self._finish_by(reason_in(chunk))
            return ()
        if self._choice_index is None:
            self._choice_index = min([each.index or 0 for each in choices])
        choice = choices[0]
        if (choice.index or 0) != self._choice_index:
            others = [each for each in choices if (each.index or 0) == self._choice_index]
            if not others:
                return ()
            choice = others[0]
        self._error = self._error or choice.error or None
        if choice.usage is not None:
            self._count(choice.usage)
        self.has_progress = True
        delta = choice.delta
        if choice.message is not None or choice.text is not None:
            delta = self._message_delta(choice)
        reason = reason_of(choice, chunk)
        has_reason = bool(reason) and not finish.is_none(str(reason))
        parts = () if delta is None else self._delta_parts(delta, has_reason)
        self._finish_by(reason)
        return parts

    def _finish_by(self, reason: str | None) -> None:
        if not reason or finish.is_none(reason):
            return
        self._in_plain_text = False
        if not self.finish_reason or finish.may_be_replaced(self.finish_reason):
            self.finish_reason = reason

    def _delta_parts(self, delta: Delta, with_reason: bool) -> Sequence[TextPart]:
        if has_other_fields(delta):
            self._calls.add(delta.tool_calls)
            if not delta.tool_calls:  # some endpoints send a call in both forms
                self._calls.add_older(delta.function_call)
            self._extras.add(delta)
        if reasoning_of(delta):
            self._extras.add_named(delta)
        elif delta.reasoning_details or delta.thinking_blocks:
            delta.reasoning = text_of(delta.reasoning_details) or text_of(delta.thinking_blocks)
        parts = text_parts(delta)
        if delta.content or delta.refusal or delta.tool_calls or delta.function_call:
            self._has_text_without_reason = self._has_text_without_reason or not with_reason
            self._reason_came_early = self._reason_came_early or bool(self.finish_reason)
        if parts:
            parts = self._classified(parts)
            self._in_plain_text = (
                self._has_text
                and self._has_text_without_reason
                and not self._choice_index
                and not (self._thinking or self.finish_reason or with_reason)
            )
        return parts

    def _classified(self, parts: Sequence[TextPart]) -> Sequence[TextPart]:
        """Return the parts with reasoning between tags separated from text."""
        if self._thinking is not None:
            parts = [part for each in parts for part in self._split_thinking(each)]
        for kind, text in parts:
            if kind is ReasoningDelta:
                self._has_reasoning = True
            elif not self._has_text:
                self._has_text = not text.isspace()
        return parts

    def _split_thinking(self, part: TextPart) -> Iterator[TextPart]:
        kind, text = part
        thinking = self._thinking
        if kind is ReasoningDelta or thinking is None:
            yield part
            return
        for is_reasoning, piece in thinking.feed(text):
            yield kind_of(is_reasoning), piece
        if thinking.in_text:
            self._thinking = None
            self._extras.add_prefix(thinking.prefix)

    def _flush(self) -> list[TextPart]:
        parts: list[TextPart] = []
        if self._half_character:
            self._half_character, parts = "", list(self._classified([(self._last_kind, "\ufffd")]))
        if self._thinking is not None:
            rest = self._thinking.end()
            self._extras.add_prefix(self._thinking.prefix)
            self._thinking = None
            parts += self._classified([(kind_of(is_reasoning), text) for is_reasoning, text in rest])
        return parts

    def _join_half_characters(self, parts: Sequence[TextPart]) -> Sequence[TextPart]:
        """Return the parts with surrogate halves joined; a half at the end is held back for the next event."""
        whole: list[TextPart] = []
        for kind, text in parts:
            if self._half_character and kind is not self._last_kind:
                whole.append((self._last_kind, "\ufffd"))
                self._half_character = ""
            self._last_kind = kind
            ready, self._half_character = without_half(self._half_character + text)
            self._in_plain_text = self._in_plain_text and not self._half_character
            if ready:
                whole.append((kind, whole_characters(ready)))
        return whole

    def _message_delta(self, choice: chunks.Choice) -> Delta | None:
        """Return the delta of a choice that has a whole message, or `text` as in the older API.

        Some endpoints send both a delta and a message, and some send the message so far each time.
        """
        delta = choice.delta
        message = delta_of(choice.message)
        if isinstance(choice.message, dict):
            self._extras.add_others(chunks.other_fields_of(choice.message))
        if message is None:
            message = Delta(content=text_of(choice.text))
        if delta is not None and (text_parts(delta) or has_other_fields(delta)):
            self._message_text += content_of(delta.content)[0]
            return delta
        self._calls.add_whole(message.tool_calls)
        if not self._calls:
            self._calls.add_older(message.function_call)
        message.tool_calls = message.function_call = None
        text = content_of(message.content)[0]
        self._has_text_without_reason = True  # a whole message's finish reason does mark the end
        if self._has_text and not self._message_text:
            return None
        if self._has_reasoning and not self._message_text:
            for name in chunks.REASONING_FIELDS:
                setattr(message, name, None)
        if self._message_text and text.startswith(self._message_text):
            text = text[len(self._message_text) :]
        self._message_text += text
        message.content = text
        return message

    def _count(self, usage: Any) -> None:
        """Store token counts. A null does not erase an earlier count."""
        prompt, completion = counts_in(usage)
        if prompt is not None or completion is not None:
            self._counted = self.has_progress = True
            self._prompt_tokens = prompt or self._prompt_tokens
            self._completion_tokens = completion or self._completion_tokens
