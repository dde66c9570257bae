"""Files that other users of the machine can read, and variables that the environment may not have."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from config.server import hardening


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch):
    """Set variables as a shell may have them, and restore them afterwards."""
    monkeypatch.setenv("SCRIPT_NAME", "/elsewhere")
    old = os.umask(0o022)
    yield
    os.umask(old)


def test_new_files_are_for_this_user_alone(surroundings: None, tmp_path: Path) -> None:
    hardening.harden()
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o700
    assert "SCRIPT_NAME" not in os.environ


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o664, 0o444])
def test_a_readable_env_file_is_named_in_one_line(tmp_path: Path, mode: int) -> None:
    env_file = tmp_path / ".env"
    env_file.touch()
    env_file.chmod(mode)
    sentence = hardening.exposure_warning(env_file)
    assert str(env_file) in sentence
    assert f"{mode:04o}" in sentence
    assert "\n" not in sentence


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_private_one_is_not(tmp_path: Path, mode: int) -> None:
    env_file = tmp_path / ".env"
    env_file.touch()
    env_file.chmod(mode)
    assert hardening.exposure_warning(env_file) == ""
    env_file.unlink()
    assert hardening.exposure_warning(env_file) == ""
