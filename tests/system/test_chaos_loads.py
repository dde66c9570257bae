"""Turns survive very many turns, and a lack of descriptors, memory or disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.chaos.scenes import SCENES

from . import (
    test_backups,
    test_chaos,
    test_chaos_clients,
    test_chaos_processes,
    test_chaos_restarts,
    test_chaos_servers,
)
from .chaos import survive

SHORT = {
    "limits": (4, 6),
    "growth": (600, 6),
}


@pytest.mark.parametrize("name", SHORT)
def test_turns_survive(name: str, tmp_path: Path) -> None:
    survive(name, SHORT[name], tmp_path)


def test_every_scene_has_a_short_run() -> None:
    files = (
        test_backups,
        test_chaos,
        test_chaos_clients,
        test_chaos_processes,
        test_chaos_restarts,
        test_chaos_servers,
    )
    scenes = SHORT | {name: short for file in files for name, short in file.SHORT.items()}
    assert scenes.keys() == SCENES.keys()
