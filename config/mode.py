"""The two modes of a worker, and the setting that chooses between them."""

from __future__ import annotations

from dataclasses import dataclass

from config.settings import Settings

FLAG = "USE_ASYNC_AGENT"


@dataclass(frozen=True, slots=True)
class Mode:
    """Mode of a worker. `flag`: value of the setting. `emoji`: beginning of the log line of a turn."""

    name: str
    flag: str
    worker_class: str
    emoji: str


ASYNC = Mode("async", "true", "gevent", "🚀")
SYNC = Mode("sync", "false", "gthread", "⏳")


def chosen(settings: Settings) -> Mode:
    """Return the mode that the settings choose."""
    return ASYNC if settings.use_async_agent else SYNC
