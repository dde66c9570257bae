"""Turns survive hostile clients, too many users, and a lack of descriptors, memory or disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.chaos.scenes import SCENES

from . import test_backups, test_chaos, test_chaos_processes, test_chaos_servers
from .chaos import survive

SHORT = {
    "limits": (4, 6),
    "growth": (600, 6),
    "clients": (1, 1),
    "overload": (1, 8),
}


@pytest.mark.parametrize("name", SHORT)
def test_turns_survive(name: str, tmp_path: Path) -> None:
    survive(name, SHORT[name], tmp_path, at_once=name not in ("clients", "overload"))


def test_every_scene_has_a_short_run() -> None:
    scenes = SHORT | test_backups.SHORT | test_chaos.SHORT | test_chaos_processes.SHORT | test_chaos_servers.SHORT
    assert scenes.keys() == SCENES.keys()
