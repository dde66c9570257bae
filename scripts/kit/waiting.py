"""Waiting for a condition by polling it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

TIMEOUT_S = 30.0


def poll(condition: Callable[[], T], timeout_s: float = TIMEOUT_S, pause_s: float = 0.02) -> T:
    """Return the condition's first true value, or its last value when the time is over. An endless wait is `inf`."""
    until = time.monotonic() + timeout_s
    while not (value := condition()) and time.monotonic() < until:
        time.sleep(pause_s)
    return value


def wait_until(
    condition: Callable[[], T], what: str = "it came true", timeout_s: float = TIMEOUT_S, pause_s: float = 0.02
) -> T:
    """Return the condition's first true value. Raises AssertionError, with `what` did not happen in time."""
    value = poll(condition, timeout_s, pause_s)
    assert value, f"not within {timeout_s:g} s: {what}"
    return value
