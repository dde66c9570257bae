"""One-shot waits with a timeout, in both kinds of worker."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest

from chat.runtime.waiter import waiter

LONG_S = 30.0


def woken_before_it_waits() -> None:
    mine = waiter()
    mine.wake()
    assert mine.wait(LONG_S)


def woken_while_it_waits() -> None:
    mine = waiter()
    outcomes: list[bool] = []
    thread = threading.Thread(target=lambda: outcomes.append(mine.wait(LONG_S)))
    thread.start()
    mine.wake()
    thread.join(LONG_S)
    assert outcomes == [True]


def woken_by_nobody() -> None:
    begun = time.monotonic()
    assert not waiter().wait(0.05)
    assert time.monotonic() - begun >= 0.045


def woken_too_late() -> None:
    mine, other = waiter(), waiter()
    assert not mine.wait(0.01)
    mine.wake()
    other.wake()
    assert other.wait(LONG_S)


SCENES = [woken_before_it_waits, woken_while_it_waits, woken_by_nobody, woken_too_late]


@pytest.mark.parametrize("scene", SCENES)
def test_under_threads(scene) -> None:
    scene()


@pytest.mark.parametrize("scene", SCENES)
def test_under_gevent(scene) -> None:
    program = f"from gevent import monkey; monkey.patch_all(); from {__name__} import {scene.__name__} as s; s()"
    subprocess.run([sys.executable, "-c", program], check=True, timeout=LONG_S)
