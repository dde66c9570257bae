"""Yields of a reader: it lets others run if data is always available, but not just after they have run."""

from __future__ import annotations

import time

import pytest

from chat.net.cancel_scope import CancelScope


class CountingScope(CancelScope):
    """Scope that counts its yields instead of making them."""

    def __init__(self) -> None:
        super().__init__(time.monotonic() + 60)
        self.yields = 0

    def let_others_run(self) -> None:
        self.yields += 1


@pytest.fixture
def scope() -> CountingScope:
    return CountingScope()


class RareScope(CountingScope):
    """The same, which yields so rarely that a late test changes nothing."""

    yield_every_s = 5.0


@pytest.fixture
def rare_scope() -> RareScope:
    return RareScope()


def read(scope: CancelScope) -> None:
    scope.receive(None, lambda _: b"data", TimeoutError)


def test_a_reader_that_never_waits_yields(rare_scope: RareScope) -> None:
    read(rare_scope)
    assert rare_scope.yields == 1


def test_a_reader_does_not_yield_again_just_after_a_pause(rare_scope: RareScope) -> None:
    rare_scope.pause(0.0)
    read(rare_scope)
    assert rare_scope.yields == 0


def test_a_reader_that_always_has_something_to_read_lets_others_run(scope: CountingScope) -> None:
    began_at, reads = time.monotonic(), 0
    while scope.yields < 5:
        read(scope)
        reads += 1
        assert time.monotonic() - began_at < 30
    assert time.monotonic() - began_at >= 0.04  # not at each read
    assert reads > scope.yields
