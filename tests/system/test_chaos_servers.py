"""Three servers behind nginx serve like one: with PostgreSQL and Redis, without Redis, and when Redis stops."""

from __future__ import annotations

from pathlib import Path

import pytest

from .chaos import survive

SHORT = {
    "servers": (1, 6),
    "roadless": (1, 6),
    "stalled": (1, 6),
}


@pytest.mark.parametrize("name", SHORT)
def test_turns_survive(name: str, tmp_path: Path) -> None:
    survive(name, SHORT[name], tmp_path)
