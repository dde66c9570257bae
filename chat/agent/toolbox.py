"""The tools the agent may call: told to the model, run side by side, each within its limits."""

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
# What a tool may hand on: a model's context and a page are not the place for a download.
_CONTENT_CHARS = 20_000
_SUMMARY_CHARS = 500
_DATA_BYTES = 300_000
_LABEL_CHARS = 120


class Toolbox:
    """The tools by name. Raises TypeError for a function that cannot be a tool."""

    def __init__(self, tools: Sequence[Tool]) -> None:
        self._tools = {tool.function.__name__: (tool, Signature(tool.function)) for tool in tools}

    @property
    def specs(self) -> list[ToolSpec]:
        return [signature.spec for _, signature in self._tools.values()]

    def label(self, call: ToolCall) -> str:
        """The line a person reads while the call runs."""
        try:
            tool, signature = self._tools[call.name]
            arguments = signature.arguments(call.arguments)
            text = string.Formatter().vformat(tool.label, (), {k: _spoken(v) for k, v in arguments.items()})
        except (KeyError, ToolFailure):
            text = f"Calling {call.name}"
        text = " ".join(text.split())
        return text if len(text) <= _LABEL_CHARS else text[: _LABEL_CHARS - 1] + "…"

    def run(self, calls: Sequence[ToolCall], cancellation: Cancellation) -> Iterator[tuple[int, ToolResult, int]]:
        """Run the calls at the same time; yield (index, result, milliseconds) as each ends.

        A call that fails or takes longer than half a minute has a result that says so. Raises TurnEnded;
        what still runs then is left to its own time limits, its result to nobody.
        """
        results: queue.SimpleQueue[tuple[int, ToolResult, int] | None] = queue.SimpleQueue()
        started = time.monotonic()

        def work(index: int, call: ToolCall) -> None:
            result = self._call(call)
            results.put((index, result, _milliseconds(started)))

        for index, call in enumerate(calls):
            threading.Thread(target=work, args=(index, call), name=f"tool {call.name}", daemon=True).start()
        waiting = set(range(len(calls)))
        with cancellation.closing(lambda: results.put(None)):
            while waiting:
                ended = _next(results, started + _TOOL_TIMEOUT_S, cancellation)
                if ended is None:
                    break
                waiting.discard(ended[0])
                yield ended
        for index in sorted(waiting):
            failure = f"{calls[index].name} did not answer within {_TOOL_TIMEOUT_S:g} seconds."
            yield index, _failed(failure), _milliseconds(started)

    def _call(self, call: ToolCall) -> ToolResult:
        found = self._tools.get(call.name)
        if found is None:
            return _failed(f"There is no tool called {call.name[:60]}; there are {', '.join(self._tools)}.")
        tool, signature = found
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
    """The next result, or None when the tools' time is up."""
    patience = min(until - time.monotonic(), cancellation.remaining_s())
    try:
        ended = results.get(timeout=max(0.0, patience))
    except queue.Empty:
        ended = None
    cancellation.check()
    return ended


def _failed(message: str) -> ToolResult:
    return _bounded(ToolResult(json.dumps({"error": message}, ensure_ascii=False), message, ok=False))


def _bounded(result: ToolResult) -> ToolResult:
    content = result.content
    if len(content) > _CONTENT_CHARS:
        content = content[:_CONTENT_CHARS] + " … (cut: too long)"
    if result.data is not None and len(msgspec.json.encode(result.data)) > _DATA_BYTES:
        result = replace(result, data=None)
    summary = " ".join(result.summary.split())[:_SUMMARY_CHARS]
    return replace(result, content=_whole(content), summary=_whole(summary))


def _whole(text: str) -> str:
    """Without halves of characters, which JSON may bring in and nothing takes out: no database, no socket."""
    return text.encode("utf-8", "replace").decode()


def _spoken(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _milliseconds(since: float) -> int:
    return round((time.monotonic() - since) * 1000)
