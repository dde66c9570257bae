"""A log level for ten minutes."""

from __future__ import annotations

import logging
import time

from chat.runtime.looks.findings import Look

LASTS_S = 600


class LogLevel:
    """One per worker. Call `restore_if_due` periodically."""

    def __init__(self) -> None:
        self._usual: int | None = None
        self._until = 0.0

    def set(self, level: str) -> Look:
        """Set the level for ten minutes. Another call sets another level and restarts the time."""
        root = logging.getLogger()
        if self._usual is None:
            self._usual = root.level
        root.setLevel(level)
        self._until = time.monotonic() + LASTS_S
        summary = f"The log level is {level} for ten minutes, then {logging.getLevelName(self._usual)} again."
        return Look(summary=summary, figures={"seconds": LASTS_S}, findings=[])

    def restore_if_due(self) -> None:
        if time.monotonic() >= self._until:
            self.restore()

    def restore(self) -> None:
        """Restore the usual level."""
        if self._usual is not None:
            logging.getLogger().setLevel(self._usual)
            self._usual = None
