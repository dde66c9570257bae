"""Text and reasoning of an event, and a check for other contents."""

from __future__ import annotations

from collections.abc import Sequence

from chat.llm.openai.answer.chunks import Chunk, Delta, decode, has_reason
from chat.llm.openai.answer.content import content_of
from chat.messages import ReasoningDelta, TextDelta

Kind = type[TextDelta] | type[ReasoningDelta]
TextPart = tuple[Kind, str]


def decode_text_delta(data: bytes) -> TextDelta | ReasoningDelta | None:
    """Return an event's text or reasoning if it has nothing else; None otherwise."""
    try:
        chunk = decode(data)
    except (ValueError, RecursionError):
        return None
    match plain_text_parts(chunk):
        case [(kind, text)]:
            return kind(text)
    return None


def plain_text_parts(chunk: Chunk) -> Sequence[TextPart]:
    """Return a chunk's text and reasoning if it has nothing else; an empty sequence otherwise."""
    choices = chunk.choices
    if not choices or len(choices) > 1 or chunk.error or chunk.usage is not None or has_reason(chunk):
        return ()
    choice = choices[0]
    delta = choice.delta
    if delta is None or choice.index or choice.error or choice.message or choice.text or has_reason(choice):
        return ()
    return () if has_other_fields(delta) else text_parts(delta)


def text_parts(delta: Delta) -> Sequence[TextPart]:
    reasoning = reasoning_of(delta)
    text = delta.content or delta.refusal
    if text and not isinstance(text, str):
        text, thinking = content_of(text)
        reasoning = reasoning or thinking
    if text:
        return ((ReasoningDelta, reasoning), (TextDelta, text)) if reasoning else ((TextDelta, text),)
    return ((ReasoningDelta, reasoning),) if reasoning else ()


def reasoning_of(delta: Delta) -> str | None:
    return delta.reasoning_content or delta.reasoning or delta.thinking or delta.thought or delta.reasoning_text or None


def has_other_fields(delta: Delta) -> bool:
    return bool(
        delta.tool_calls
        or delta.function_call
        or delta.reasoning_details
        or delta.thinking_blocks
        or delta.extra_content
        or delta.thought_signature
        or delta.reasoning_opaque
        or has_reason(delta)
    )


def kind_of(is_reasoning: bool) -> Kind:
    return ReasoningDelta if is_reasoning else TextDelta
