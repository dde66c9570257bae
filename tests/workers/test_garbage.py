"""Collecting garbage rarely: what was there is left alone, what comes later and goes in circles still goes."""

import subprocess
import sys

_PROGRAM = """
import gc, weakref
from chat.workers import garbage

class Ring:
    def __init__(self):
        self.me = self

kept = [[] for _ in range(100)]
garbage.collect_rarely()
assert gc.get_freeze_count() > 100, "what was there is still looked at"
gone = weakref.ref(Ring())
assert gone() is not None, "it was looked for at once"
kept += [[] for _ in range(100_000)]
assert gone() is None, "it was never looked for"
"""


def test_garbage_that_comes_later_is_still_found() -> None:
    # In a process of its own: what is frozen stays so.
    subprocess.run([sys.executable, "-c", _PROGRAM], check=True)
