"""Threads that start without a wait of their creator. Run once more under gevent, by `test_mode.py`."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path

import chat
from chat.runtime import mode, threads
from config.mode import SYNC
from scripts.kit.waiting import poll

LONG_S = 30.0


def test_it_runs_beside_whoever_began_it():
    sent, received = threading.Event(), threading.Event()

    def run(*words):
        assert words == ("a", 1)
        assert sent.wait(LONG_S)
        received.set()

    threads.start("a turn", run, "a", 1)
    assert not received.is_set()
    sent.set()
    assert received.wait(LONG_S)


def test_many_run_side_by_side():
    together = threading.Barrier(50)
    met = []

    def run(number):
        together.wait(LONG_S)
        met.append(number)

    for number in range(50):
        threads.start(f"number {number}", run, number)
    poll(lambda: len(met) == 50, LONG_S)
    assert sorted(met) == list(range(50))


def test_it_has_its_name():
    names = []

    def run():
        here = threading.current_thread() if mode.current() is SYNC else gevent_greenlet()
        names.append(here.name)

    threads.start("turn 7", run)
    poll(lambda: names, LONG_S)
    assert names == ["turn 7"]


def gevent_greenlet():
    import gevent

    return gevent.getcurrent()


def test_busy_ones_let_others_go_on():
    seen = []

    def busy():
        for _ in range(5):
            threads.yield_now()
            seen.append("busy")

    for _ in range(3):
        threads.start("busy", busy)
    while seen.count("busy") < 15:
        time.sleep(0.001)
        seen.append("other")
    assert seen.index("other") < len(seen) - 1 - seen[::-1].index("busy")


def test_every_thread_is_started_here():
    """Check that threads of other modules cannot be without a name, or keep the process from ending."""
    folder = Path(chat.__path__[0])
    starts = re.compile(r"threading\.(Thread|Timer)\(|gevent\.spawn|Greenlet\(|\.start_new_thread\(")
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*.py") if starts.search(path.read_text())}
    assert files == {"runtime/threads.py", "runtime/mode.py"}
