"""Turns survive: a short run of each scene of `scripts/chaos.py`, on a real server of either kind, both at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from scripts.chaos.command import Outcome, play
from scripts.chaos.scenes import SCENES

MODES = ("async", "sync")
# How often the damage is done, and to how many people.
SHORT = {
    "kills": (2, 6),
    "resumes": (20, 4),
    "sends": (1, 1),
    "stops": (4, 4),
    "switches": (1, 8),
    "restarts": (1, 9),
    "rolls": (2, 8),
    "faults": (17, 16),
    "locks": (1, 8),
    "clock": (1, 6),
    "processes": (3, 6),
    "limits": (3, 6),
    "growth": (600, 6),
    "clients": (1, 1),
    "overload": (1, 8),
}
# The machine has other things to do, and this is about what happens, not about how fast.
SLACK = 3.0


@pytest.mark.parametrize("name", SCENES)
def test_turns_survive(name: str, tmp_path: Path) -> None:
    if lacking := SCENES[name].lacking():
        pytest.skip(lacking)
    modes = MODES[:1] if name == "switches" else MODES  # to the other and back: that is both
    with ThreadPoolExecutor(len(modes)) as both:
        outcomes = list(both.map(lambda mode: short(name, mode, tmp_path), modes))
    for mode, outcome in zip(modes, outcomes, strict=True):
        assert not outcome.failures, f"{mode} mode"
        assert outcome.counts["lost"] == outcome.counts["doubled"] == 0


def short(name: str, mode: str, home: Path) -> Outcome:
    folder = home / mode
    folder.mkdir()
    return play(SCENES[name], folder, mode, *SHORT[name], SLACK, WEB_CONCURRENCY=2)
