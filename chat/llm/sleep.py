"""Waiting that the turn's end cuts short: between attempts, and between the demo model's words."""

from __future__ import annotations

import threading

from chat.cancellation import Cancellation


def cancellable_sleep(seconds: float, cancellation: Cancellation) -> None:
    """Wait `seconds`, or raise TurnEnded as soon as `cancellation` says so or its deadline comes."""
    ended = threading.Event()
    with cancellation.closing(ended.set):
        ended.wait(min(seconds, cancellation.remaining_s()))
    cancellation.check()
