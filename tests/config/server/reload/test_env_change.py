"""A change of `.env` and its undoing."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.server.reload.env_change import EnvChange
from config.server.reload.refusal import SwitchRefused


@pytest.fixture(params=[None, "THREADS=4\n", "THREADS=4\nFLAG=true\n"], ids=["no file", "not set", "set"])
def env_file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    path = tmp_path / ".env"
    if request.param is not None:
        path.write_text(request.param)
    return path


def content(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def test_nothing_is_written_before_it_is_applied(env_file: Path) -> None:
    before = content(env_file)
    EnvChange(env_file, "FLAG", "false")
    assert content(env_file) == before


def test_it_is_undone(env_file: Path) -> None:
    before = content(env_file)
    change = EnvChange(env_file, "FLAG", "false")
    change.apply()
    assert "FLAG=false\n" in env_file.read_text()
    assert change.undo() == f"{env_file} is as it was"
    assert content(env_file) == before


def test_an_interrupt_before_the_file_is_written_leaves_nothing_to_undo(env_file: Path) -> None:
    before = content(env_file)
    assert EnvChange(env_file, "FLAG", "false").undo() == f"{env_file} is as it was"
    assert content(env_file) == before


def test_the_change_of_another_program_stays(env_file: Path) -> None:
    change = EnvChange(env_file, "FLAG", "false")
    change.apply()
    env_file.write_text("THREADS=8\n")
    assert "was changed by another program" in change.undo()
    assert env_file.read_text() == "THREADS=8\n"


def test_a_file_that_cannot_be_written(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.symlink_to("/proc/nowhere/.env")
    with pytest.raises(SwitchRefused, match="cannot be written"):
        EnvChange(path, "FLAG", "false").apply()
