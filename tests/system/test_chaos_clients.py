"""Turns survive hostile clients and too many users."""

from __future__ import annotations

from pathlib import Path

import pytest

from .chaos import survive

SHORT = {
    "clients": (1, 1),
    "overload": (1, 8),
}


@pytest.mark.parametrize("name", SHORT)
def test_turns_survive(name: str, tmp_path: Path) -> None:
    survive(name, SHORT[name], tmp_path, at_once=False)
