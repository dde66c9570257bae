"""All counters and histograms of a worker. The parts that do the work add to them.

Nothing here is done for each token: tokens are counted once at a turn's end. No label has a user's text in it.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from chat.metrics.counters import Counters, Key, totals
from chat.metrics.families import FAST_BUCKETS, TURN_BUCKETS, WAIT_BUCKETS, Counter, Family, Histogram
from chat.runtime.block_watch.watch import BlockTotal
from config.server import metric_rows


class Metrics:
    """One per worker, created after the fork. Outside a server its figures are its own."""

    def __init__(self) -> None:
        row = metric_rows.take_own()
        self._shared = row is not None
        self._row = row or metric_rows.private_row()
        self._cpu_counted_s = 0.0
        self._blocks_counted: dict[str, BlockTotal] = {}
        counters = Counters(self._row)

        def counter(name: str, help_text: str, *labels: str) -> Counter:
            return Counter(counters, name, help_text, labels)

        def histogram(name: str, help_text: str, bounds: tuple[float, ...], *labels: str) -> Histogram:
            return Histogram(counters, name, help_text, labels, bounds)

        self.turns = counter("parley_turns_total", "Turns that ended.", "status", "mode", "model")
        self.turns_refused = counter("parley_turns_refused_total", "Turns that were not begun.", "reason")
        self.turn_seconds = histogram(
            "parley_turn_duration_seconds", "Time from a turn's begin to its end.", TURN_BUCKETS, "mode", "status"
        )
        self.first_token_seconds = histogram(
            "parley_turn_first_token_seconds",
            "Time from a turn's begin to the first text of its answer, in turns that have any.",
            WAIT_BUCKETS,
            "mode",
        )
        self.tokens = counter("parley_tokens_total", "Tokens as counted by the models.", "kind", "model")
        self.model_errors = counter("parley_model_errors_total", "Turns ended by an error.", "kind", "model")
        self.model_retries = counter(
            "parley_model_retries_total", "Requests to a model that failed and were sent again.", "kind", "model"
        )
        self.tool_calls = counter("parley_tool_calls_total", "Tool calls that ended.", "tool", "outcome")
        self.tool_seconds = histogram("parley_tool_duration_seconds", "Time of tool calls.", WAIT_BUCKETS, "tool")
        self.database_seconds = histogram(
            "parley_database_seconds",
            "Time of calls to the database, with their waits in the queue and for locks.",
            FAST_BUCKETS,
            "operation",
        )
        self.database_errors = counter("parley_database_errors_total", "Calls to the database that failed.", "kind")
        self.redis_seconds = histogram("parley_redis_seconds", "Time of calls to Redis.", FAST_BUCKETS, "operation")
        self.redis_errors = counter("parley_redis_errors_total", "Calls to Redis that failed.", "kind")
        self.responses = counter("parley_http_responses_total", "Responses of the application.", "status")
        self.loop_blocks = counter("parley_loop_blocks_total", "Times that code held a worker's loop.", "place")
        self.loop_blocked_seconds = counter(
            "parley_loop_blocked_seconds_total", "Time for which code held a worker's loop.", "place"
        )
        self.cpu_seconds = counter("parley_cpu_seconds_total", "CPU time of the workers.")

    def count_cpu(self) -> None:
        """Count the CPU time since the last call."""
        now = time.process_time()
        self.cpu_seconds.add(amount=now - self._cpu_counted_s)
        self._cpu_counted_s = now

    def count_blocks(self, totals: Mapping[str, BlockTotal]) -> None:
        """Count the blocks of this worker's loop since the last call, by place."""
        for place, total in totals.items():
            before = self._blocks_counted.get(place, BlockTotal(0, 0.0))
            if total.blocks > before.blocks:
                self.loop_blocks.add(place, amount=total.blocks - before.blocks)
                self.loop_blocked_seconds.add(place, amount=total.seconds - before.seconds)
                self._blocks_counted[place] = total

    def families(self) -> Iterator[Family]:
        """Yield every family, in the order in which they are defined."""
        for each in vars(self).values():
            if isinstance(each, Family):
                yield each

    def totals(self) -> dict[Key, float]:
        """Return the counters' sums over all workers of this server, present and past."""
        return totals(metric_rows.filled() if self._shared else [self._row])
