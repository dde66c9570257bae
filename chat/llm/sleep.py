"""A sleep that the end of a turn interrupts."""

from __future__ import annotations

import threading

from chat.cancellation import Cancellation


def cancellable_sleep(seconds: float, cancellation: Cancellation) -> None:
    """Wait `seconds`. Raises TurnEnded as soon as `cancellation` is cancelled or its deadline passes."""
    ended = threading.Event()
    with cancellation.closing(ended.set):
        ended.wait(min(seconds, cancellation.remaining_s()))
    cancellation.check()
