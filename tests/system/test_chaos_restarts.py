"""Turns survive the end of a server, and of two behind nginx in turn."""

from __future__ import annotations

from pathlib import Path

import pytest

from .chaos import survive

SHORT = {
    "restarts": (1, 9),
    "rolls": (1, 8),
}


@pytest.mark.parametrize("name", SHORT)
def test_turns_survive(name: str, tmp_path: Path) -> None:
    survive(name, SHORT[name], tmp_path)
