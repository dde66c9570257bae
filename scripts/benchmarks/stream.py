"""One user's answer as it arrives, read at the lowest cost: names, counts and times of events, without decoding.

It relies on a property of both servers: an HTTP chunk holds whole events. Otherwise characters would be missing, and
the run would count as failed.
"""

from __future__ import annotations

import re

# The fake model's stamp (`stamp=1`): the time and the delay behind its schedule.
_STAMP = re.compile(rb"@(\d{10}\.\d{6})\+(\d\d\.\d{6}) ")
_TEXT = b'"text":"'


class Stream:
    """One stream. Times are seconds of the monotonic clock, 0.0 before the event has happened."""

    __slots__ = (
        "_block_of_first", "_block_of_last", "_head", "_rest", "chars", "deltas", "done", "failure", "first",
        "retry_after", "sent", "status", "turn",
    )  # fmt: skip

    def __init__(self) -> None:
        self.sent = self.turn = self.first = self.done = 0.0
        self.deltas = self.chars = self.status = 0
        self.failure = ""
        self.retry_after = ""
        self._head = self._rest = self._block_of_first = self._block_of_last = b""

    def feed(self, data: bytes, now: float) -> None:
        """Process received bytes."""
        if not self.status:
            data = self._after_head(data)
        *blocks, self._rest = (self._rest + data).split(b"\n\n")
        for block in blocks:
            at = block.find(b"event: ") + 7
            if at < 7:
                continue  # a comment, or the end of the head
            if block.startswith(b"delta", at):
                self.deltas += 1
                # The text is ASCII without a quotation mark, so it needs no decoding: behind it comes `"}`.
                self.chars += len(block) - block.find(_TEXT, at) - len(_TEXT) - 2
                if not self.first:
                    self.first, self._block_of_first = now, block
                self._block_of_last = block
            else:
                self._seldom(block, at, now)

    def ended(self) -> None:
        """Handle the end of the connection."""
        if not self.done and not self.failure:
            self.failure = f"HTTP {self.status}" if self.status not in (0, 200) else "cut off"

    def failed(self, why: str) -> None:
        self.failure = self.failure or why

    @property
    def stamps(self) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """Return `(written at, late by)` of the model's first and last token, None for a missing one."""
        first, last = _STAMP.findall(self._block_of_first), _STAMP.findall(self._block_of_last)
        if not first or not last:
            return None
        return (float(first[0][0]), float(first[0][1])), (float(last[-1][0]), float(last[-1][1]))

    def _after_head(self, data: bytes) -> bytes:
        self._head += data
        head, end, rest = self._head.partition(b"\r\n\r\n")
        if not end:
            return b""
        self.status = int(head[9:12])
        if self.status != 200:
            match = re.search(rb"\r\nretry-after: *([^\r]*)", head, re.IGNORECASE)
            self.retry_after = match[1].decode() if match else ""
            self.failed(f"HTTP {self.status}")
        self._head = b""
        return rest

    def _seldom(self, block: bytes, at: int, now: float) -> None:
        if block.startswith(b"turn", at):
            self.turn = now
        elif block.startswith(b"error", at):
            code = re.search(rb'"code":"(\w+)', block)
            self.failed(code[1].decode() if code else "error")
        elif block.startswith(b"done", at):
            self.done = now
            if b'"completed"' not in block:
                self.failed("not completed")
