"""HUPs become reloads, each after a preflight. With a real master: `tests/system/test_master.py`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from config.server.reload.pending import PendingReload
from config.server.reload.preflight import Outcome, Preflight

READY = """echo '{"mode": "sync", "workers": 2}'"""


@pytest.fixture
def reload(tmp_path: Path) -> Iterator[Callable[[str], PendingReload]]:
    """Return a function that makes a reload whose preflight runs this shell script."""
    reloads = []

    def make(script: str) -> PendingReload:
        python = tmp_path / "python"
        python.write_text(f"#!/bin/sh\n{script}\n")
        python.chmod(0o755)
        reloads.append(PendingReload(lambda: Preflight(str(python), [], {}, tmp_path)))
        return reloads[-1]

    yield make
    for each in reloads:
        each.cancel()


def outcome(pending: PendingReload) -> Outcome:
    deadline = time.monotonic() + 20
    while (outcome := pending.advance(may_begin=False)) is None:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return outcome


def test_nothing_begins_unrequested(reload: Callable[[str], PendingReload]) -> None:
    pending = reload(READY)
    assert pending.advance(may_begin=True) is None
    assert not pending.in_preflight


def test_a_request_waits_until_it_may_begin(reload: Callable[[str], PendingReload]) -> None:
    pending = reload(READY)
    assert not pending.request()
    assert pending.advance(may_begin=False) is None
    assert not pending.in_preflight
    assert pending.advance(may_begin=True) is None
    assert pending.in_preflight
    assert outcome(pending) == Outcome("sync", 2)
    assert not pending.in_preflight


def test_requests_before_and_during_a_preflight_become_one_each(reload: Callable[[str], PendingReload]) -> None:
    pending = reload(READY)
    assert [pending.request() for _ in range(3)] == [False, True, True]
    pending.advance(may_begin=True)
    assert [pending.request() for _ in range(3)] == [True, True, True]
    outcome(pending)
    pending.advance(may_begin=True)
    assert pending.in_preflight
    outcome(pending)
    assert pending.advance(may_begin=True) is None
    assert not pending.in_preflight


def test_a_failure_is_reported_and_the_next_request_is_tried(reload: Callable[[str], PendingReload]) -> None:
    pending = reload("echo boom >&2; exit 1")
    for _ in range(2):
        pending.request()
        pending.advance(may_begin=True)
        assert outcome(pending).failure == "boom"


def test_a_process_that_cannot_be_started(tmp_path: Path) -> None:
    pending = PendingReload(lambda: Preflight(str(tmp_path / "python"), [], {}, tmp_path))
    pending.request()
    with pytest.raises(FileNotFoundError):
        pending.advance(may_begin=True)
    assert not pending.in_preflight


def test_a_cancelled_preflight_leaves_nothing_behind(reload: Callable[[str], PendingReload]) -> None:
    pending = reload("exec sleep 600")
    pending.request()
    pending.advance(may_begin=True)
    pending.cancel()
    assert not pending.in_preflight
    assert pending.advance(may_begin=True) is None
