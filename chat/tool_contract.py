"""The contract of tools: what the agent asks of a tool, and what a tool may use during a call.

`tests/tools/test_tool_contract.py` tests every implementation.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from chat.cancellation import Cancellation
from chat.messages import ToolResult, ToolSpec


@dataclass(frozen=True, slots=True)
class ToolContext:
    """The circumstances of one call.

    `user_id` names the user who asked. `deadline`, a time of `time.monotonic()`, is the latest time at which a result
    is used. `cancellation` is the turn's: code that blocks registers there what ends it. `progress` shows the user one
    line about a call that takes long; it returns at once and may be called from any thread, but no more than one line
    a second is shown.
    """

    user_id: int
    deadline: float
    cancellation: Cancellation
    progress: Callable[[str], None]

    def remaining_s(self) -> float:
        """Return the seconds to the deadline of the call or of its turn, never negative."""
        return max(0.0, min(self.deadline - time.monotonic(), self.cancellation.remaining_s()))


class Tool(Protocol):
    """A tool. Many threads call it at once."""

    @property
    def spec(self) -> ToolSpec:
        """Return the description for the model; it never changes."""
        ...

    def call(self, arguments: Mapping[str, Any], context: ToolContext) -> ToolResult:
        """Return the result for `arguments`, an object as the model wrote it, which nobody has checked.

        May block until the context's deadline; returns or raises TurnEnded soon after a cancellation. Raises
        ToolFailure with a sentence that helps the model to correct itself.
        """
        ...
