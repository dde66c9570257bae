"""Yields of a reader: it lets others run if data is always available, but not just after they have run."""

from __future__ import annotations

import time

import pytest

from chat.net import cancel_scope
from chat.net.cancel_scope import CancelScope


@pytest.fixture
def yields(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the times of the yields so far."""
    times: list[float] = []
    monkeypatch.setattr(cancel_scope, "yield_now", lambda: times.append(time.monotonic()))
    monkeypatch.setattr(cancel_scope, "_YIELD_EVERY_S", 5.0)  # so that a late test changes nothing
    return times


@pytest.fixture
def scope() -> CancelScope:
    return CancelScope(time.monotonic() + 60)


def read(scope: CancelScope) -> None:
    scope.receive(None, lambda _: b"data", TimeoutError)


def test_a_reader_that_never_waits_yields(scope: CancelScope, yields: list[float]) -> None:
    read(scope)
    assert len(yields) == 1


def test_a_reader_does_not_yield_again_just_after_a_pause(scope: CancelScope, yields: list[float]) -> None:
    scope.pause(0.0)
    read(scope)
    assert yields == []
