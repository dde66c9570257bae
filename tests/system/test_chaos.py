"""Turns survive faults of their connections, their model and their database. More: test_chaos_*.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from .chaos import survive

SHORT = {
    "kills": (2, 6),
    "resumes": (20, 4),
    "sends": (1, 1),
    "stops": (4, 4),
    "faults": (17, 16),
    "locks": (1, 8),
}


@pytest.mark.parametrize("name", SHORT)
def test_turns_survive(name: str, tmp_path: Path) -> None:
    survive(name, SHORT[name], tmp_path)
