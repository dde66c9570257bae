"""The interface to a language model: messages and tools in, deltas out."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Protocol

from chat.cancellation import Cancellation
from chat.messages import Delta, Message, ToolSpec

# Replaces the result of an interrupted call, because endpoints refuse a context with a missing result.
INTERRUPTED = '{"error": "The call was interrupted."}'
# The instruction to a model after its own answer was cut off.
GO_ON = (
    "Your last answer was cut off. Go on exactly where it ends, in the same language and form: repeat nothing of it, "
    "add no introduction and no remark about the interruption."
)


class LanguageModel(Protocol):
    """A language model. One object serves all turns of a worker, from many threads at once."""

    def stream(
        self,
        model: str,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
        cancellation: Cancellation,
        may_call: bool = True,
    ) -> Generator[Delta, None, None]:
        """Yield the answer as it arrives; return when the model has completed it.

        Text and reasoning are yielded in order, one delta for the text that arrived together. Each ToolCall is yielded
        once, complete, after the text; Usage once for each request that counted its tokens. Without `may_call`, the
        model is instructed to answer without calling tools; it may ignore this. Blocks while the model is silent.
        Raises a ModelError, or TurnEnded if `cancellation` is cancelled. In both cases the deltas before stay valid,
        none follows, and the connection to the model is closed.
        """
        ...

    def warm_up(self) -> None:
        """Do the work of a first request in advance (late imports, TLS), without any traffic."""
        ...

    def close_unusable_connections(self) -> None:
        """Close idle connections that no request would use any more. Called every few seconds."""
        ...
