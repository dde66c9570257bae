"""The phases of a running turn, for the `timings` of its `done` event."""

from __future__ import annotations

import time

from chat.store.records import Timings


class TurnTimings:
    """Times of one turn. Its own thread calls the methods, none of them once per token."""

    def __init__(self) -> None:
        self._started_at = time.monotonic()
        self._agent_at: float | None = None
        self._model_at: float | None = None
        self._tools_s = 0.0
        self._running_tools = 0
        self._tools_at = 0.0

    def agent_began(self) -> None:
        """Record that the agent begins. Tools of an earlier answer, which this turn continues, do not count."""
        self._agent_at = time.monotonic()
        self._tools_s, self._running_tools = 0.0, 0

    def model_answered(self) -> None:
        """Record the first piece of the model's answer."""
        self._model_at = time.monotonic()

    def tool_began(self) -> None:
        """Record that a tool begins, perhaps beside others."""
        if not self._running_tools:
            self._tools_at = time.monotonic()
        self._running_tools += 1

    def tool_ended(self) -> None:
        """Record that a tool has ended. Time in which several run counts once."""
        self._running_tools -= 1
        if not self._running_tools:
            self._tools_s += time.monotonic() - self._tools_at

    def so_far(self) -> Timings | None:
        """Return the timings, or None if the agent has not begun."""
        if self._agent_at is None:
            return None
        model_at, tools_s = self._model_at, self._tools_s
        if self._running_tools:
            tools_s += time.monotonic() - self._tools_at
        return Timings(
            queued=_ms(self._agent_at - self._started_at),
            model_first=None if model_at is None else _ms(model_at - self._agent_at),
            tools=_ms(tools_s),
        )


def _ms(seconds: float) -> int:
    return round(seconds * 1000)
