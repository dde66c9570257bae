"""The size of a process, in either kind of worker: see test_mode.py."""

from __future__ import annotations

import contextlib
import mmap
import threading
import time
from pathlib import Path

from chat.runtime import mode, native
from chat.runtime.process_stats import ProcessStats
from config.mode import ASYNC
from scripts.kit.waiting import poll

MB = 1024 * 1024


def test_the_figures_are_whole_and_plausible() -> None:
    figures = ProcessStats().figures()
    assert set(figures) == {"greenlets", "threads", "fds", "rss_bytes", "pss_bytes"}
    assert all(type(value) is int for value in figures.values())
    assert 5 * MB < figures["rss_bytes"] < 4096 * MB
    # The two are read one after the other.
    assert figures["rss_bytes"] // 10 < figures["pss_bytes"] <= figures["rss_bytes"] + 8 * MB
    assert 1 <= figures["threads"] < 500
    assert 3 <= figures["fds"] < 10_000


def test_memory_that_is_taken_shows() -> None:
    report = ProcessStats()
    before = report.figures()["rss_bytes"]
    block = bytearray(b"x") * (64 * MB)
    after = report.figures()["rss_bytes"]
    assert len(block) * 0.9 < after - before < len(block) * 2


def test_files_that_are_open_show() -> None:
    report = ProcessStats()
    before = report.figures()["fds"]
    with contextlib.ExitStack() as files:
        for _ in range(20):
            files.enter_context(Path(__file__).open("rb"))
        assert report.figures()["fds"] == before + 20
    assert report.figures()["fds"] == before


def settled(report: ProcessStats) -> dict[str, int]:
    """Return the figures once the system no longer counts threads that have just ended."""
    until = time.monotonic() + 20
    now = report.figures()
    while True:
        time.sleep(0.05)
        now, last = report.figures(), now
        if now["threads"] == last["threads"]:
            return now
        assert time.monotonic() < until


def test_threads_and_greenlets_show_where_they_belong() -> None:
    report = ProcessStats()
    before = settled(report)
    gate = threading.Event()
    started = threading.Barrier(6)

    def wait() -> None:
        started.wait(20)
        gate.wait(20)

    waiting = [threading.Thread(target=wait) for _ in range(5)]
    for thread in waiting:
        thread.start()
    started.wait(20)
    during = report.figures()
    gate.set()
    for thread in waiting:
        thread.join(20)
    poll(lambda: settled(report)["threads"] <= before["threads"], 20)
    after = settled(report)
    greenlets, threads = (5, 0) if mode.current() is ASYNC else (0, 5)
    assert during["greenlets"] - before["greenlets"] == greenlets
    assert during["threads"] - before["threads"] == threads
    assert after["greenlets"] == before["greenlets"]
    assert after["threads"] == before["threads"]


def test_native_threads_show_in_both_kinds() -> None:
    report = ProcessStats()
    before = settled(report)
    pool = native.NativePool(1)
    assert pool.run(lambda: report.figures()["threads"]) == before["threads"] + 1
    pool.close()


def test_the_proportional_size_is_not_measured_at_each_report() -> None:
    report = ProcessStats()
    first = report.figures()["pss_bytes"]
    # Straight from the system: what Python allocates may be memory that it has kept from before.
    with mmap.mmap(-1, 32 * MB) as block:
        block.write(b"x" * len(block))
        assert report.figures()["pss_bytes"] == first
        assert ProcessStats().figures()["pss_bytes"] > first
