"""Rare garbage collection: early objects are never examined, and later reference cycles are still freed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from config.paths import ROOT

# Each in a process of its own: what is frozen stays so, and other tests leave garbage too.
_BEFORE = """
import gc, weakref
from chat.runtime import gc_policy

class Ring:
    def __init__(self):
        self.me = self

def ring():
    return weakref.ref(Ring())

kept = [[] for _ in range(100)]
gc_policy.collect_rarely()
running = 0
collector = gc_policy.Collector(lambda: running)
"""

_FOUND = """
assert gc.get_freeze_count() > 100, "what was there is still looked at"
gone = ring()
assert not collector.collect_if_due(), "it was looked for where there could only be little"
kept += [[] for _ in range(25_000)]
assert gone() is not None, "it was looked for while somebody waited"
assert collector.collect_if_due() and gone() is None, "it was never looked for"
assert not collector.collect_if_due(), "and again, with nothing new"
"""

_IN_USE = """
gone = ring()
running = 100
kept += [[] for _ in range(25_000)]
assert not collector.collect_if_due(), "what the running turns hold was taken for garbage"
kept += [[] for _ in range(40_000)]
assert collector.collect_if_due() and gone() is None, "a worker that is never idle never looked"
"""

_OLD = """
old = Ring()
kept = []
for _ in range(2):  # it grows old
    kept += [[] for _ in range(25_000)]
    assert collector.collect_if_due()
gone, old = weakref.ref(old), None
looks = 0
while gone() is not None:
    kept += [[] for _ in range(25_000)]
    assert collector.collect_if_due()
    looks += 1
    assert looks < 20, "what has grown old was not looked at"
"""

_BY_ITSELF = """
gone = ring()
kept += [[] for _ in range(1_100_000)]
assert gone() is None, "with no clock it was never looked for"
"""

_AT_THE_START = """
import gc

older = gc.get_stats()[1:]
import wsgi
assert gc.get_stats()[1:] == older, "it was looked for while the program was loaded"
assert gc.isenabled()
assert gc.get_freeze_count() > 10_000, "what was loaded is still looked at"
"""


def run(program: str) -> None:
    subprocess.run([sys.executable, "-c", _BEFORE + program], check=True)


def test_what_comes_later_is_still_found() -> None:
    run(_FOUND)


def test_what_running_turns_hold_is_no_garbage() -> None:
    run(_IN_USE)


def test_what_has_grown_old_is_found_now_and_then() -> None:
    run(_OLD)


def test_python_looks_by_itself_where_it_is_very_much() -> None:
    run(_BY_ITSELF)


def test_loading_the_program_looks_for_none(tmp_path: Path) -> None:
    environ = os.environ | {"DATA_DIR": str(tmp_path / "data"), "LOG_DIR": str(tmp_path / "logs")}
    subprocess.run([sys.executable, "-c", _AT_THE_START], check=True, cwd=ROOT, env=environ)
