"""A gevent process that blocks its own loop in known ways and prints what the watch saw, for `test_block_watch.py`."""

from __future__ import annotations

import ctypes
import fcntl
import json
import re
import tempfile
import threading
import time
import types
import zlib
from collections.abc import Callable
from itertools import islice
from pathlib import Path

import gevent
from gevent.monkey import get_original

from chat.runtime import mode
from chat.runtime.block_watch import BlockWatch

SECONDS = 0.16
# Amounts of work that take so long on this machine.
AMOUNTS = types.SimpleNamespace()
_libc = ctypes.CDLL(None)
_libc_with_lock = ctypes.PyDLL(None)
_native_sleep = get_original("time", "sleep")


def computes() -> None:
    end = time.thread_time() + SECONDS
    while time.thread_time() < end:
        sum(range(100))


def sleeps_unpatched() -> None:
    _native_sleep(SECONDS)


def sleeps_in_c() -> None:
    _libc.usleep(int(SECONDS * 1e6))


def sleeps_in_c_with_the_lock() -> None:
    _libc_with_lock.usleep(int(SECONDS * 1e6))


def matches() -> None:
    re.match(r"(a+)+$", AMOUNTS.text)


def dumps_json() -> None:
    json.dumps(AMOUNTS.rows)


def sorts() -> None:
    sorted(AMOUNTS.numbers, key=lambda number: -number)


def compresses() -> None:
    zlib.compress(AMOUNTS.data, 9)


def waits_for_a_file_lock() -> None:
    with tempfile.NamedTemporaryFile() as first, Path(first.name).open("wb") as second:
        fcntl.flock(first, fcntl.LOCK_EX)
        mode.start_native(_unlock_later, first.fileno())
        fcntl.flock(second, fcntl.LOCK_EX)


def waits_for_a_name() -> None:
    # As a resolver in C waits: for a datagram that nobody sends.
    descriptor = _libc.socket(2, 2, 0)
    timeout = (ctypes.c_long * 2)(0, int(SECONDS * 1e6))
    _libc.setsockopt(descriptor, 1, 20, timeout, ctypes.sizeof(timeout))
    _libc.recv(descriptor, ctypes.create_string_buffer(10), 10, 0)
    _libc.close(descriptor)


def computes_in_the_hub() -> None:
    gevent.get_hub().loop.run_callback(computes)


def _unlock_later(descriptor: int) -> None:
    _native_sleep(SECONDS)
    fcntl.flock(descriptor, fcntl.LOCK_UN)


BLOCKERS = [
    computes,
    sleeps_unpatched,
    sleeps_in_c,
    sleeps_in_c_with_the_lock,
    matches,
    dumps_json,
    sorts,
    compresses,
    waits_for_a_file_lock,
    waits_for_a_name,
    computes_in_the_hub,
]


def crowd_of_short_tasks() -> None:
    """Keep the loop busy with many greenlets, none of which blocks it."""
    ready = threading.Event()

    def task() -> None:
        ready.wait()
        for _ in range(3):
            end = time.monotonic() + 0.004
            while time.monotonic() < end:
                pass
            gevent.sleep(0)

    threads = [threading.Thread(target=task) for _ in range(200)]
    for thread in threads:
        thread.start()
    ready.set()
    for thread in threads:
        thread.join()


def lock_held_by_another_thread() -> None:
    """Have a native thread keep the interpreter's lock, while greenlets run that give control back."""
    for _ in range(5):
        mode.start_native(_libc_with_lock.usleep, 200_000)
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            gevent.sleep(0.0005)


def stopped() -> None:
    """Stop the whole process for a while, as a container that is paused."""
    print("stop me", flush=True)
    end = time.monotonic() + 1.5
    while time.monotonic() < end:
        sum(range(1000))
        gevent.sleep(0)


def waiting() -> None:
    gevent.sleep(1.0)


HARMLESS = [crowd_of_short_tasks, lock_held_by_another_thread, stopped, waiting]


def _calibrated(run: Callable[[int], object], size: int, factor: float) -> int:
    """Return the size at which `run(size)` takes twice `SECONDS` of CPU."""
    while True:
        began = time.thread_time()
        run(size)
        if time.thread_time() - began >= 2 * SECONDS:  # the machine may be faster later
            return size
        size = max(size + 1, int(size * factor))


def _blocks(watch: BlockWatch) -> int:
    return sum(count for count, _ in watch.totals().values())


def _wait_for_samples(watch: BlockWatch, before: int, seconds: float) -> None:
    """Wait until the watch has seen the end of a block, or found none within this time: it may be late itself."""
    end = time.monotonic() + seconds
    while _blocks(watch) == before and time.monotonic() < end:
        gevent.sleep(0.02)


def _calibrate() -> None:
    AMOUNTS.text = "a" * _calibrated(lambda size: re.match(r"(a+)+$", "a" * size + "b"), 18, 1.02) + "b"
    AMOUNTS.rows = [[1.5, "text"]] * _calibrated(lambda size: json.dumps([[1.5, "text"]] * size), 50_000, 1.5)
    AMOUNTS.numbers = range(_calibrated(lambda size: sorted(range(size), key=lambda number: -number), 100_000, 1.5))
    AMOUNTS.data = bytes(256) * _calibrated(lambda size: zlib.compress(bytes(256) * size, 9), 20_000, 1.5)


def main(kind: str, rounds: int) -> None:
    _calibrate()
    watch = BlockWatch()
    watch.start()
    for act in HARMLESS if kind == "harmless" else BLOCKERS * rounds:
        before = _blocks(watch)
        gevent.spawn(act).join()
        _wait_for_samples(watch, before, 0.1 if kind == "harmless" else 5.0)
        new = islice(reversed(watch.recent()), _blocks(watch) - before)
        print(json.dumps({"act": act.__name__, "places": [block["where"] for block in new]}), flush=True)
    watch.stop()
