"""A real question to a model, for an operator who wants to know whether it answers."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chat.cancellation import Cancellation
from chat.errors import ModelNoAnswer
from chat.llm.contract import LanguageModel
from chat.messages import Message, Notice, ReasoningDelta, TextDelta, ToolCall, ToolSpec, Usage

# The answer is not needed to its end.
_MAX_DELTAS = 200
_QUESTION = "This is a test of the connection. Answer with the one word: ready"


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """The answer of a model. `pieces` is the number of texts that arrived separately.

    `notices` are codes of `chat.messages.Notice`. Times are in milliseconds from the question.
    """

    first_ms: int
    pieces: int
    called_tool: bool
    notices: tuple[str, ...]


def probe(
    model: LanguageModel,
    name: str,
    timeout_s: float,
    *,
    question: str = _QUESTION,
    tools: Sequence[ToolSpec] = (),
    timer: Callable[[], float] = time.perf_counter,
) -> ProbeAnswer:
    """Ask the model `name` a short question and return how it answers.

    `timer` measures its times. Raises ModelError if it does not answer, and TurnEnded if it has not after `timeout_s`
    seconds.
    """
    began_at = timer()
    cancellation = Cancellation(timeout_s)
    first_at: float | None = None
    pieces, called, notices = 0, False, []
    with contextlib.closing(
        model.stream(name, [Message("user", question)], tools, cancellation, bool(tools))
    ) as deltas:
        for number, delta in enumerate(deltas):
            if isinstance(delta, Notice):
                notices.append(delta.code)
            elif not isinstance(delta, Usage):
                first_at = first_at or timer()
                pieces += isinstance(delta, (TextDelta, ReasoningDelta))
                called |= isinstance(delta, ToolCall)
            if number >= _MAX_DELTAS:
                break
    if first_at is None:
        raise ModelNoAnswer("The model finished without an answer.")
    return ProbeAnswer(round((first_at - began_at) * 1000), pieces, called, tuple(notices))
