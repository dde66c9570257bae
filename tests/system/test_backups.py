"""A backup of a server under load, restored on another machine."""

from __future__ import annotations

from pathlib import Path

from .chaos import survive

SHORT = {"backups": (1, 8)}


def test_a_backup_restores(tmp_path: Path) -> None:
    survive("backups", SHORT["backups"], tmp_path)
