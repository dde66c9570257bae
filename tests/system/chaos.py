"""A short run of a scene of `scripts/chaos.py`, on a real server of either kind."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scripts.chaos.command import Outcome, play
from scripts.chaos.scenes import SCENES

MODES = ("async", "sync")
# Scenes that switch to the other mode themselves or depend little on the kind of server. `scripts/chaos.py` plays these
# in both modes, too; here each costs two more servers and their users.
ONE_MODE = (
    *("switches", "servers", "roadless", "stalled", "backups"),
    *("growth", "clock", "resumes", "sends", "locks", "faults", "rolls", "restarts", "overload"),
)
# Scenes with several servers, or about the end of a whole server.
ONE_WORKER = ("servers", "roadless", "stalled", "backups", "rolls", "restarts")
# The machine has other things to do, and this is about what happens, not about how fast.
SLACK = 3.0


def survive(name: str, short: tuple[int, int], home: Path, *, at_once: bool = True) -> None:
    """Play a scene. `short` has the number of faults and the number of users.

    Both kinds of server `at_once`, unless the scene needs both cores to see how late others are answered.
    """
    if missing := SCENES[name].missing():
        pytest.skip(missing)
    modes = MODES[:1] if name in ONE_MODE else MODES
    with ThreadPoolExecutor(len(modes) if at_once else 1) as both:
        outcomes = list(both.map(lambda mode: _play(name, mode, short, home), modes))
    for mode, outcome in zip(modes, outcomes, strict=True):
        assert not outcome.failures, f"{mode} mode: {outcome.failures}"
        assert outcome.counts["lost"] == outcome.counts["doubled"] == 0


def _play(name: str, mode: str, short: tuple[int, int], home: Path) -> Outcome:
    folder = home / mode
    folder.mkdir(parents=True)
    workers = 1 if name in ONE_WORKER else 2
    return play(SCENES[name], folder, mode, *short, SLACK, WEB_CONCURRENCY=workers)
