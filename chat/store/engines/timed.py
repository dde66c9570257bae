"""Measurement of an engine's calls, as their callers wait for them."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable
from typing import Any, cast

from chat.errors import StoreUnavailable
from chat.metrics.metrics import Metrics
from chat.store.engines.contract import Engine

_OPERATIONS = {
    "read": "read",
    "snapshot": "read",
    "write": "write",
    "write_exclusive": "write",
    "write_batched": "write",
}


def timed(engine: Engine, metrics: Metrics) -> Engine:
    """Return `engine` with each call of a transaction timed and its failures counted in `metrics`."""
    return cast(Engine, _TimedEngine(engine, metrics))


class _TimedEngine:
    """An engine whose transactions are timed. Everything else is the engine's own."""

    timed: Engine

    def __init__(self, engine: Engine, metrics: Metrics) -> None:
        self.__dict__["timed"] = engine
        for name, operation in _OPERATIONS.items():
            self.__dict__[name] = _timed(getattr(engine, name), operation, metrics)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.timed, name)
        if inspect.ismethod(value):
            self.__dict__[name] = value  # found at once the next time
        return value

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self.timed, name, value)


def _timed(call: Callable[..., Any], operation: str, metrics: Metrics) -> Callable[..., Any]:
    observe, count_error, monotonic = metrics.database_seconds.observe, metrics.database_errors.add, time.monotonic

    def timed_call(*args: Any) -> Any:
        began_at = monotonic()
        try:
            return call(*args)
        except StoreUnavailable as error:
            count_error(type(error).__name__)
            raise
        finally:
            observe(monotonic() - began_at, operation)

    return timed_call
