"""A gevent process that blocks its own loop in known ways and prints what the watch saw, for `test_block_watch.py`."""

from __future__ import annotations

import ctypes
import fcntl
import functools
import gc
import hashlib
import json
import re
import tempfile
import threading
import time
import types
import zlib
from collections.abc import Callable
from pathlib import Path

import gevent
import gevent.libev.corecext
from gevent.monkey import get_original

from chat.runtime import gc_policy, mode
from chat.runtime.block_watch.watch import BlockWatch

SECONDS = 0.2
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


def loads_json() -> None:
    json.loads(AMOUNTS.json)


def dumps_json() -> None:
    json.dumps(AMOUNTS.rows)


def sorts() -> None:
    sorted(AMOUNTS.numbers)


def sorts_by_a_key() -> None:
    sorted(AMOUNTS.few_numbers, key=lambda number: -number)


def searches_a_list() -> str:
    return str(-1 in AMOUNTS.range)


def compresses() -> None:
    zlib.compress(AMOUNTS.data, 9)


def derives_a_key() -> None:
    hashlib.pbkdf2_hmac("sha256", b"x", b"y", AMOUNTS.iterations)


def waits_for_a_file_lock() -> None:
    with tempfile.NamedTemporaryFile() as first, Path(first.name).open("wb") as second:
        fcntl.flock(first, fcntl.LOCK_EX)
        mode.start_native(_unlock_later, first.fileno())
        fcntl.flock(second, fcntl.LOCK_EX)


def reads_a_file() -> None:
    end = time.thread_time() + SECONDS
    while time.thread_time() < end:
        AMOUNTS.path.read_bytes()


def waits_for_a_name() -> None:
    # As a resolver in C waits: for a datagram that nobody sends.
    descriptor = _libc.socket(2, 2, 0)
    timeout = (ctypes.c_long * 2)(0, int(SECONDS * 1e6))
    _libc.setsockopt(descriptor, 1, 20, timeout, ctypes.sizeof(timeout))
    _libc.recv(descriptor, ctypes.create_string_buffer(10), 10, 0)
    _libc.close(descriptor)


def collects_garbage() -> None:
    gc.collect()


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
    loads_json,
    dumps_json,
    sorts,
    sorts_by_a_key,
    searches_a_list,
    compresses,
    derives_a_key,
    waits_for_a_file_lock,
    reads_a_file,
    waits_for_a_name,
    collects_garbage,
    computes_in_the_hub,
]


def crowd_of_short_tasks() -> None:
    """Keep the loop busy with many greenlets, none of which blocks it: one callback of the loop wakes them all."""
    ready = threading.Event()

    def task() -> None:
        ready.wait()
        for _ in range(3):
            end = time.monotonic() + 0.004
            while time.monotonic() < end:
                pass
            gevent.sleep(0)

    threads = [threading.Thread(target=task) for _ in range(100)]
    for thread in threads:
        thread.start()
    ready.set()
    for thread in threads:
        thread.join()


def lock_held_by_another_thread() -> None:
    """Have a native thread hold the interpreter's lock while well-behaved greenlets run."""
    for _ in range(3):
        mode.start_native(_libc_with_lock.usleep, 200_000)
        end = time.monotonic() + 0.3
        while time.monotonic() < end:
            gevent.sleep(0.0005)


def stopped() -> None:
    """Stop the whole process for a while, as when a container is paused."""
    print("stop me", flush=True)
    end = time.monotonic() + 1.2
    while time.monotonic() < end:
        sum(range(1000))
        gevent.sleep(0)


def waiting() -> None:
    gevent.sleep(0.5)


HARMLESS = [crowd_of_short_tasks, lock_held_by_another_thread, stopped, waiting]


def _calibrated(run: Callable[[int], object], size: int, factor: float) -> int:
    """Return the size at which `run(size)` takes `SECONDS` of CPU, with a margin for a machine that is faster later."""
    while _seconds_of(functools.partial(run, size)) < 1.3 * SECONDS:
        size = max(size + 1, int(size * factor))
    return size


def _seconds_of(act: Callable[[], object]) -> float:
    """Return the CPU time that `act` takes."""
    began_at = time.thread_time()
    act()
    return time.thread_time() - began_at


def _calibrate() -> None:
    AMOUNTS.text = "a" * _calibrated(lambda size: re.match(r"(a+)+$", "a" * size + "b"), 20, 1.02) + "b"
    AMOUNTS.rows = [1.5] * _calibrated(lambda size: json.dumps([1.5] * size), 400_000, 1.5)
    AMOUNTS.json = json.dumps(AMOUNTS.rows * 2)
    AMOUNTS.numbers = [number * 7919 % 1_000_003 for number in range(2_000_000)]
    AMOUNTS.few_numbers = range(_calibrated(lambda size: sorted(range(size), key=lambda number: -number), 400_000, 1.5))
    AMOUNTS.range = [None] * _calibrated(lambda size: -1 in [None] * size, 10_000_000, 1.5)
    AMOUNTS.data = bytes(256) * _calibrated(lambda size: zlib.compress(bytes(256) * size, 9), 100_000, 1.5)
    AMOUNTS.iterations = _calibrated(lambda size: hashlib.pbkdf2_hmac("sha256", b"x", b"y", size), 100_000, 1.5)
    gc_policy.collect_rarely()
    AMOUNTS.path = Path(gevent.libev.corecext.__file__)
    AMOUNTS.objects = []
    while _seconds_of(gc.collect) < 1.3 * SECONDS:
        AMOUNTS.objects += [[] for _ in range(1_000_000)]


def _new_blocks(watch: BlockWatch, before: int, seconds: float) -> list[str]:
    """Wait for a new block, at most this time, because the watch may be late. Return the places of new blocks."""
    end = time.monotonic() + seconds
    while sum(total.blocks for total in watch.totals().values()) == before and time.monotonic() < end:
        gevent.sleep(0.02)
    new = sum(total.blocks for total in watch.totals().values()) - before
    return [block.where for block in watch.recent()[-new:]] if new else []


def main(kind: str, rounds: int) -> None:
    if kind == "blockers":
        _calibrate()
    watch = BlockWatch()
    watch.start()
    gevent.sleep(0.3)  # until its thread has begun
    for act in HARMLESS if kind == "harmless" else BLOCKERS * rounds:
        before = sum(total.blocks for total in watch.totals().values())
        gevent.spawn(act).join()
        places = _new_blocks(watch, before, 0.1 if kind == "harmless" else 3.0)
        watch.report_new()
        print(json.dumps({"act": act.__name__, "places": places}), flush=True)
    watch.stop()
