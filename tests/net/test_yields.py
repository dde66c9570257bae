"""Yields of a reader: it lets others run if data is always available, but not just after they have run."""

from __future__ import annotations

import time

import pytest

from chat.net.cancel_scope import CancelScope


class CountingScope(CancelScope):
    """Scope that counts its yields instead of making them."""

    yield_every_s = 5.0  # so that a late test changes nothing

    def __init__(self) -> None:
        super().__init__(time.monotonic() + 60)
        self.yields = 0

    def let_others_run(self) -> None:
        self.yields += 1


@pytest.fixture
def scope() -> CountingScope:
    return CountingScope()


def read(scope: CancelScope) -> None:
    scope.receive(None, lambda _: b"data", TimeoutError)


def test_a_reader_that_never_waits_yields(scope: CountingScope) -> None:
    read(scope)
    assert scope.yields == 1


def test_a_reader_does_not_yield_again_just_after_a_pause(scope: CountingScope) -> None:
    scope.pause(0.0)
    read(scope)
    assert scope.yields == 0
