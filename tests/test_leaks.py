"""tests/leaks.py: the check sees every kind of thread and greenlet. Run once more under gevent, by `test_mode.py`."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from chat.runtime import mode, threads
from chat.runtime.native import NativePool
from chat.runtime.ticker import Ticker
from scripts.kit.waiting import poll
from tests import leaks

LONG_S = 20.0


def ticker() -> Callable[[], None]:
    ticker = Ticker("a ticker", 3_600.0, lambda: None)
    ticker.start()
    return ticker.stop


def thread() -> Callable[[], None]:
    end = threading.Event()
    threads.start("a turn", end.wait, LONG_S)
    return end.set


def joinable_thread() -> Callable[[], None]:
    end = threading.Event()
    threads.start_joinable("a server", end.wait, LONG_S)
    return end.set


def native_thread() -> Callable[[], None]:
    sleep, calls, ended = mode.native_sleep(), [], []

    def until_ended() -> None:
        while not ended:
            calls.append(True)
            sleep(0.01)

    mode.start_native(until_ended)
    poll(lambda: calls, LONG_S)
    return lambda: ended.append(True)


def native_pool() -> Callable[[], None]:
    pool = NativePool(1)
    pool.run(lambda: None)
    return pool.close


@pytest.mark.parametrize("start", [ticker, thread, joinable_thread, native_thread, native_pool])
def test_what_runs_on_is_seen(start: Callable[[], Callable[[], None]]) -> None:
    end = []
    with pytest.raises(AssertionError, match="left behind"), leaks.nothing_left_behind(timeout_s=0.1):
        end.append(start())
    end[0]()


@pytest.mark.parametrize("start", [ticker, thread, joinable_thread, native_thread, native_pool])
def test_what_ends_is_forgotten(start: Callable[[], Callable[[], None]]) -> None:
    with leaks.nothing_left_behind():
        start()()
