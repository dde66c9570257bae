"""The agent's tools: their specifications for the model, and their concurrent execution within limits."""

from __future__ import annotations

import json
import logging
import queue
import re
import string
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from chat.agent.arguments import decoded
from chat.cancellation import Cancellation
from chat.errors import ToolFailure, TurnEnded
from chat.messages import ToolCall, ToolResult, ToolSpec
from chat.metrics.metrics import Metrics
from chat.runtime import threads
from chat.runtime.clock import MACHINE_CLOCK, Clock
from chat.tool_contract import Tool, ToolContext
from config import log_fields

log = logging.getLogger(__name__)

TOOL_TIMEOUT_S = 30.0
# Limits of a result: neither the model's context nor the page has room for a large download.
_CONTENT_CHARS = 20_000
_SUMMARY_CHARS = 500
_DATA_BYTES = 300_000
_LABEL_CHARS = 120
_NOT_OF_A_NAME = re.compile(r"[^a-z0-9_]+")
# A line of progress is an event for every follower.
_PROGRESS_EVERY_S = 1.0


# Kinds of ends of a call, for the metrics.
ANSWERED, REFUSED, FAILED, TIMED_OUT, UNKNOWN = "ok", "refused", "failed", "timeout", "unknown_tool"


@dataclass(frozen=True, slots=True)
class ToolProgress:
    """A line about a running call; `index` is the call's position."""

    index: int
    text: str


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """The end of a call."""

    index: int
    result: ToolResult
    duration_ms: int
    kind: str = ANSWERED


_Report = ToolProgress | ToolOutcome
# None wakes the reader.
_Reports = queue.SimpleQueue[_Report | None]


class Toolbox:
    """Tools by name. Their calls are counted in `metrics`, and each may take `timeout_s`."""

    def __init__(
        self,
        tools: Sequence[Tool],
        metrics: Metrics | None = None,
        timeout_s: float = TOOL_TIMEOUT_S,
        clock: Clock = MACHINE_CLOCK,
    ) -> None:
        self._tools = {tool.spec.name: tool for tool in tools}
        self._metrics = metrics or Metrics()
        self._timeout_s = timeout_s
        self._clock = clock

    @property
    def specs(self) -> list[ToolSpec]:
        return [tool.spec for tool in self._tools.values()]

    def label(self, call: ToolCall) -> str:
        """Return the text that the page shows while the call runs."""
        try:
            spec = self._tools[self._known_name(call.name)].spec
            arguments = _defaults(spec) | decoded(call)
            text = string.Formatter().vformat(spec.label, (), {k: _label_value(v) for k, v in arguments.items()})
        except (KeyError, ToolFailure):
            text = ""
        return _line(text or f"Calling {call.name}", _LABEL_CHARS)

    def run(self, calls: Sequence[ToolCall], user_id: int, cancellation: Cancellation) -> Iterator[_Report]:
        """Run the calls concurrently; yield their progress, and an outcome for each as it ends.

        A call that fails or takes longer than 30 seconds has a result with an error message. Raises TurnEnded; then
        the results of calls that are still running are dropped.
        """
        reports: _Reports = queue.SimpleQueue()
        started_at = self._clock.monotonic()
        deadline = started_at + self._timeout_s
        fields = log_fields.current()

        def work(index: int, call: ToolCall) -> None:
            log_fields.replace(fields)
            progress = _Progress(lambda line: reports.put(ToolProgress(index, line)), self._clock)
            result, kind = self._call(call, ToolContext(user_id, deadline, cancellation, progress))
            reports.put(ToolOutcome(index, result, self._ms_since(started_at), kind))

        for index, call in enumerate(calls):
            threads.start(f"tool {call.name}", work, index, call)
        pending = set(range(len(calls)))
        with cancellation.closing(lambda: reports.put(None)):
            while pending:
                report = _next(reports, deadline - self._clock.monotonic(), cancellation)
                if report is None:
                    break
                if report.index not in pending:
                    continue
                if isinstance(report, ToolOutcome):
                    self._count(calls[report.index].name, report)
                    pending.discard(report.index)
                yield report
        for index in sorted(pending):
            failure = f"{calls[index].name} did not answer within {self._timeout_s:g} seconds."
            outcome = ToolOutcome(index, _failed(failure), self._ms_since(started_at), TIMED_OUT)
            self._count(calls[index].name, outcome)
            yield outcome

    def _ms_since(self, moment: float) -> int:
        return round((self._clock.monotonic() - moment) * 1000)

    def _count(self, name: str, outcome: ToolOutcome) -> None:
        known = self._known_name(name) or "unknown"  # the model writes names, in any number
        self._metrics.tool_calls.add(known, outcome.kind)
        self._metrics.tool_seconds.observe(outcome.duration_ms / 1000, known)

    def _known_name(self, name: str) -> str:
        """Return the tool's name in a name that a model wrote, such as `functions.market_data`, or ""."""
        if name in self._tools:
            return name
        words = set(_NOT_OF_A_NAME.split(name.lower().replace("-", "_")))
        known = [each for each in self._tools if each.lower() in words]
        return known[0] if len(known) == 1 else ""

    def _call(self, call: ToolCall, context: ToolContext) -> tuple[ToolResult, str]:
        """Return the result of a call, and the kind of its end."""
        tool = self._tools.get(self._known_name(call.name))
        if tool is None:
            failure = f"There is no tool called {call.name[:60]}; there are {', '.join(self._tools)}."
            return _failed(failure), UNKNOWN
        try:
            result = _bounded(tool.call(decoded(call), context))
            return result, ANSWERED if result.ok else REFUSED
        except (ToolFailure, TurnEnded) as failure:
            return _failed(failure.message), REFUSED
        except Exception:
            log.exception("The tool %s failed", call.name)
            return _failed(f"{call.name} failed because of an error in the tool."), FAILED


class _Progress:
    """The `progress` of one call."""

    def __init__(self, show: Callable[[str], None], clock: Clock) -> None:
        self._show = show
        self._clock = clock
        self._next_at = 0.0

    def __call__(self, text: str) -> None:
        now = self._clock.monotonic()
        if now >= self._next_at and (line := _line(_valid_text(text), _LABEL_CHARS)):
            self._next_at = now + _PROGRESS_EVERY_S
            self._show(line)


def _next(reports: _Reports, timeout_s: float, cancellation: Cancellation) -> _Report | None:
    """Return the next report, or None when the tools' time is over."""
    timeout_s = min(timeout_s, cancellation.remaining_s())
    try:
        report = reports.get(timeout=max(0.0, timeout_s))
    except queue.Empty:
        report = None
    cancellation.check()
    return report


def _defaults(spec: ToolSpec) -> dict[str, Any]:
    """Return the default values of a tool's parameters."""
    parameters = spec.parameters.get("properties", {})
    return {name: schema["default"] for name, schema in parameters.items() if "default" in schema}


def _line(text: str, chars: int) -> str:
    """Return `text` on one line of at most `chars` characters."""
    line = " ".join(text.split())
    return line if len(line) <= chars else line[: chars - 1] + "…"


def _failed(message: str) -> ToolResult:
    return _bounded(ToolResult(json.dumps({"error": message}, ensure_ascii=False), message, ok=False))


def _bounded(result: ToolResult) -> ToolResult:
    content = result.content
    if len(content) > _CONTENT_CHARS:
        content = content[:_CONTENT_CHARS] + " … (cut: too long)"
    if result.data is not None and len(msgspec.json.encode(result.data)) > _DATA_BYTES:
        result = replace(result, data=None)
    summary = " ".join(result.summary.split())[:_SUMMARY_CHARS]
    return replace(result, content=_valid_text(content), summary=_valid_text(summary))


def _valid_text(text: str) -> str:
    """Replace halves of surrogate pairs, which JSON can hold, but neither the database nor a socket."""
    return text.encode("utf-8", "replace").decode()


def _label_value(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
