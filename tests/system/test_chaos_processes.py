"""Turns survive faults of the server's processes and clocks."""

from __future__ import annotations

from pathlib import Path

import pytest

from .chaos import survive

SHORT = {
    "switches": (1, 8),
    "processes": (3, 6),
    "clock": (1, 6),
}


@pytest.mark.parametrize("name", SHORT)
def test_turns_survive(name: str, tmp_path: Path) -> None:
    # A start takes a second of both cores, and these scenes look how long it takes: the modes one after the other.
    survive(name, SHORT[name], tmp_path, at_once=False)
