"""The seam to a language model: messages and tools in, deltas out."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Protocol

from chat.cancellation import Cancellation
from chat.messages import Delta, Message, ToolSpec

# What stands in place of the result of a call that was cut off: endpoints refuse a context in which one is missing.
INTERRUPTED = '{"error": "The call was interrupted."}'
# What a model is told after an answer of its own that was cut.
GO_ON = (
    "Your last answer was cut off. Go on exactly where it ends, in the same language and form: repeat nothing of it, "
    "add no introduction and no remark about the interruption."
)


class LanguageModel(Protocol):
    """Something that answers. One object serves every turn of a worker, from many threads at once."""

    def stream(
        self,
        model: str,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
        cancellation: Cancellation,
        may_call: bool = True,
    ) -> Generator[Delta, None, None]:
        """Yield the answer as it arrives and return once the model said that it is done.

        Text and reasoning come in order, what arrived together as one delta; each ToolCall comes once,
        complete, after the text; Usage at most once. Unless `may_call`, the model is told to answer without calling
        any of the tools, whether it obeys or not. Blocks while the model is silent. Raises a ModelError
        (after which nothing more comes; what was yielded stands) or TurnEnded when `cancellation` says so,
        and in either case has closed the connection to the model.
        """
        ...

    def warm_up(self) -> None:
        """Pay what the first request would pay (late imports, TLS), without any traffic."""
        ...
