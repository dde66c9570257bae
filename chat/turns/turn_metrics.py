"""Counts of turns, made once at each turn's end."""

from __future__ import annotations

from chat.errors import ParleyError
from chat.metrics.metrics import Metrics
from chat.runtime import mode
from chat.store.records import INTERRUPTED, Turn
from chat.turns.running_turn import RunningTurn

# The model of a turn that another worker has left behind is not read from the database for this.
_UNKNOWN = "unknown"


class TurnMetrics:
    """The turns of one worker, in its `metrics`."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._mode = mode.current().name

    def ended(self, running: RunningTurn, turn: Turn) -> None:
        """Count the end of a turn. `turn` is as committed."""
        metrics = self._metrics
        metrics.turns.add(turn.status, turn.mode, turn.model)
        if turn.duration_ms is not None:
            metrics.turn_seconds.observe(turn.duration_ms / 1000, turn.mode, turn.status)
        if running.first_text_s is not None:
            metrics.first_token_seconds.observe(running.first_text_s, turn.mode)
        metrics.tokens.add("prompt", turn.model, amount=turn.usage.prompt_tokens)
        metrics.tokens.add("completion", turn.model, amount=turn.usage.completion_tokens)

    def failed(self, turn: Turn, kind: str) -> None:
        """Count an error that ended a turn."""
        self._metrics.model_errors.add(kind, turn.model)

    def refused(self, refusal: ParleyError) -> None:
        """Count a turn that was not begun."""
        self._metrics.turns_refused.add(refusal.code)

    def interrupted(self, count: int) -> None:
        """Count turns of dead workers, which this worker has ended."""
        if count:
            self._metrics.turns.add(INTERRUPTED, self._mode, _UNKNOWN, amount=count)
