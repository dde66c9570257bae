"""The agent's tools: their specifications for the model, and their concurrent execution within limits."""

from __future__ import annotations

import json
import logging
import queue
import string
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec

from chat.agent.signature import Signature
from chat.cancellation import Cancellation
from chat.errors import ToolFailure
from chat.messages import Tool, ToolCall, ToolResult, ToolSpec

log = logging.getLogger(__name__)

_TOOL_TIMEOUT_S = 30.0
# Limits of a result: neither the model's context nor the page has room for a large download.
_CONTENT_CHARS = 20_000
_SUMMARY_CHARS = 500
_DATA_BYTES = 300_000
_LABEL_CHARS = 120


class Toolbox:
    """Tools by name. Raises TypeError for a function that cannot be a tool."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self._tools = {tool.function.__name__: (tool, Signature(tool.function)) for tool in tools}

    @property
    def specs(self) -> list[ToolSpec]:
        return [signature.spec for _, signature in self._tools.values()]

    def label(self, call: ToolCall) -> str:
        """Return the text that the page shows while the call runs."""
        try:
            tool, signature = self._tools[call.name]
            arguments = signature.arguments(call.arguments)
            text = string.Formatter().vformat(tool.label, (), {k: _shown(v) for k, v in arguments.items()})
        except (KeyError, ToolFailure):
            text = f"Calling {call.name}"
        text = " ".join(text.split())
        return text if len(text) <= _LABEL_CHARS else text[: _LABEL_CHARS - 1] + "…"

    def run(self, calls: Sequence[ToolCall], cancellation: Cancellation) -> Iterator[tuple[int, ToolResult, int]]:
        """Run the calls concurrently; yield (index, result, milliseconds) as each ends.

        A call that fails or takes longer than 30 seconds yields a result with an error message. Raises TurnEnded; calls
        that are still running then continue to their own time limits, and their results are dropped.
        """
        results: queue.SimpleQueue[tuple[int, ToolResult, int] | None] = queue.SimpleQueue()
        started = time.monotonic()

        def work(index: int, call: ToolCall) -> None:
            result = self._call(call)
            results.put((index, result, _milliseconds(started)))

        for index, call in enumerate(calls):
            threading.Thread(target=work, args=(index, call), name=f"tool {call.name}", daemon=True).start()
        pending = set(range(len(calls)))
        with cancellation.closing(lambda: results.put(None)):
            while pending:
                outcome = _next(results, started + _TOOL_TIMEOUT_S, cancellation)
                if outcome is None:
                    break
                pending.discard(outcome[0])
                yield outcome
        for index in sorted(pending):
            failure = f"{calls[index].name} did not answer within {_TOOL_TIMEOUT_S:g} seconds."
            yield index, _failed(failure), _milliseconds(started)

    def _call(self, call: ToolCall) -> ToolResult:
        entry = self._tools.get(call.name)
        if entry is None:
            return _failed(f"There is no tool called {call.name[:60]}; there are {', '.join(self._tools)}.")
        tool, signature = entry
        try:
            return _bounded(tool.function(**signature.arguments(call.arguments)))
        except ToolFailure as failure:
            return _failed(failure.message)
        except Exception:
            log.exception("The tool %s failed", call.name)
            return _failed(f"{call.name} failed because of an error in the tool.")


def _next(
    results: queue.SimpleQueue[tuple[int, ToolResult, int] | None], until: float, cancellation: Cancellation
) -> tuple[int, ToolResult, int] | None:
    """Return the next result, or None when the tools' time is over."""
    timeout_s = min(until - time.monotonic(), cancellation.remaining_s())
    try:
        outcome = results.get(timeout=max(0.0, timeout_s))
    except queue.Empty:
        outcome = None
    cancellation.check()
    return outcome


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


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _milliseconds(since: float) -> int:
    return round((time.monotonic() - since) * 1000)
