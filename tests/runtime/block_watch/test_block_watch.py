"""Blocks of a gevent loop: the watch names those that `blocking_worker.py` causes, and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

from chat.runtime.block_watch.watch import BlockWatch

# `ROUNDS=6 pytest …` plants 102.
ROUNDS = int(os.environ.get("ROUNDS", "1"))


def run(kind: str, rounds: int = 1) -> Iterator[dict]:
    program = (
        "from gevent import monkey; monkey.patch_all(); "
        f"from tests.runtime.block_watch.blocking_worker import main; main({kind!r}, {rounds})"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        for line in process.stdout:
            if line == "stop me\n":
                time.sleep(0.2)
                process.send_signal(signal.SIGSTOP)
                time.sleep(0.5)
                process.send_signal(signal.SIGCONT)
            else:
                yield json.loads(line)
    assert process.returncode == 0


def test_each_planted_blocker_is_named_once() -> None:
    outcomes = list(run("blockers", ROUNDS))
    assert len(outcomes) == 17 * ROUNDS
    for outcome in outcomes:
        assert len(outcome["places"]) == 1, outcome
        place = outcome["places"][0]
        assert place.startswith("tests/runtime/block_watch/blocking_worker.py:"), outcome
        assert outcome["act"].removesuffix("_in_the_hub") in place, outcome
        # An explicit collection may be seen at its call, when it has just ended.
        assert outcome["act"] == "collects_garbage" or not place.endswith(" → garbage collection"), outcome


def test_nothing_else_is_named() -> None:
    assert [outcome["places"] for outcome in run("harmless")] == [[]] * 4


def test_a_worker_without_a_loop_is_not_watched() -> None:
    watch = BlockWatch()
    watch.start()
    watch.report_new()
    watch.stop()
    assert (watch.recent(), watch.totals()) == ([], {})
