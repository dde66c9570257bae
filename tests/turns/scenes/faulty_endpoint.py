"""A model's endpoint with injected faults: the Nth request fails, after a number of chunks.

A real server on loopback. What it sends are the bytes of `scripts/fake_model`, and it fails in each of its ways.
"""

from __future__ import annotations

import dataclasses
import math
import threading
from typing import Any

from scripts.fake_model.answers import CLOSE, RESET, answer
from scripts.fake_model.request import ChatRequest, Options
from tests.servers.scripted_server import Exchange, ScriptedServer

from ..worker import LONG_S

# A line of this size exceeds every limit; thirty million bytes are not needed.
_HUGE_BYTES = 2_000_000
_TWO_WORDS = Options(first=0.0, gap=0.001, tokens=2, size=_HUGE_BYTES)
_TOOL = ('look_up:{"what": "rain"}',)


class FaultyEndpoint:
    """Answers "look …" with a call of the tool, everything else with two words; counts requests while it is armed.

    `seen` holds the messages of every request; `broken_off` the places in it of those that failed in mid-sentence.
    """

    def __init__(self) -> None:
        self._server = ScriptedServer(self._serve)
        self._lock = threading.Lock()
        self._fault: dict[str, Any] = {}
        self._failing = range(0)
        self.seen: list[list[dict[str, Any]]] = []
        self.broken_off: list[int] = []
        self.failed = 0

    @property
    def url(self) -> str:
        return self._server.url

    def arm(self, nth: int, times: int = 1, **fault: Any) -> None:
        """Fail the `nth` request from now on and those after it, `times` of them. `fault`: the fake model's options."""
        with self._lock:
            self._fault, self._failing = fault, range(nth, nth + times)
            self.seen, self.broken_off, self.failed = [], [], 0

    def disarm(self) -> int:
        """Stop failing. Return the number of faults."""
        with self._lock:
            self._failing = range(0)
            return self.failed

    def close(self) -> None:
        self._server.close()

    def _serve(self, exchange: Exchange) -> None:
        request = ChatRequest(exchange.body, _TWO_WORDS)
        # An unanswered question precedes the next one, in the same message.
        tool = _TOOL if request.question.rpartition("\n\n")[2].startswith("look") else ()
        options = dataclasses.replace(_TWO_WORDS, tool=tool)
        chunks = sum(step[2] for step in answer(ChatRequest(exchange.body, options), 1))
        with self._lock:
            self.seen.append(request.messages)
            if len(self.seen) in self._failing and self._fault.get("at", 0) <= chunks:
                options = dataclasses.replace(options, **self._fault)
                self.failed += 1
        self._play(exchange, ChatRequest(exchange.body, options), len(self.seen) - 1)

    def _play(self, exchange: Exchange, request: ChatRequest, place: int) -> None:
        for wait, data, tokens in answer(request, 1):
            if math.isinf(wait):
                exchange.client_left(LONG_S)
                return
            threading.Event().wait(wait)
            if data is RESET:
                exchange.reset()
            if data in (RESET, CLOSE):
                return
            exchange.send(data)
            # Bytes after a fault in the first chunk are not read as text.
            if (
                tokens
                and request.options.fault
                and request.options.at
                and not request.calls
                and place not in self.broken_off
            ):
                self.broken_off.append(place)
        exchange.keep_alive = True
