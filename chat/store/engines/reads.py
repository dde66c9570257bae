"""Queued reads."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from chat.errors import StoreUnavailable
from chat.runtime.native import Call


class Read(Call):
    """One queued read. It is under way when the database has given it an answer, not when a thread has taken it.

    `on_answer` is called in that thread with the seconds that the database took. The time in the queue does not count.
    """

    __slots__ = ("_started_at", "on_answer", "read")

    def __init__(self, read: Callable[[Callable[[], None]], Any]) -> None:
        """Set the function that reads. It calls its argument when the database has answered."""
        super().__init__(lambda: None)
        self.read = read
        self.on_answer: Callable[[float], None] = _ignore
        self._started_at = 0.0

    def run(self) -> None:
        if self.abandoned:
            self.end(error=StoreUnavailable("The database was slow."))
            return
        self._started_at = time.monotonic()
        try:
            self.end(self.read(self.note_answer))
        except BaseException as error:  # noqa: BLE001 - raised in the caller
            self.end(error=error)

    def note_answer(self) -> None:
        """Note the database's first answer."""
        if not self.under_way_at:
            self.under_way_at = time.monotonic()
            self.on_answer(self.under_way_at - self._started_at)


def _ignore(_seconds: float) -> None:
    """Do nothing."""
