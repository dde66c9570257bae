"""The settings that a server goes on with when those that are written cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import current_settings, settings
from config.settings import SettingError


@pytest.fixture
def env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(current_settings, "_read", [])
    monkeypatch.setattr(settings, "ENV_FILE", tmp_path / ".env")
    monkeypatch.setenv("LOG_DIR", str(tmp_path / "logs"))
    monkeypatch.delenv("THREADS", raising=False)
    return tmp_path / ".env"


def test_outside_a_server_there_are_none(env_file: Path) -> None:
    assert current_settings.get() is None


def test_at_the_first_time_a_broken_file_is_refused(env_file: Path) -> None:
    env_file.write_text("THREADS=many\n")
    with pytest.raises(SettingError, match=r"^THREADS is 'many'"):
        current_settings.read()
    assert current_settings.get() is None


@pytest.mark.parametrize("broken", ["THREADS=many\n", 'THREADS="3\n', "LOG_DIR=/proc/nowhere\n", b"\xff"])
def test_later_the_last_good_ones_stay(
    env_file: Path, tmp_path: Path, broken: str | bytes, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    env_file.write_text("THREADS=3\n")
    assert current_settings.read().threads == 3
    assert capsys.readouterr() == ("", "")

    env_file.write_bytes(broken if isinstance(broken, bytes) else broken.encode())
    if "LOG_DIR" in str(broken):
        monkeypatch.delenv("LOG_DIR")
    for _ in range(2):
        assert current_settings.read().threads == 3
        errors = capsys.readouterr().err
        assert errors.startswith("parley: ")
        assert errors.endswith(" The server goes on with the settings that it had.\n")
        assert errors.count("\n") == 1
    assert current_settings.get() == current_settings.read()

    env_file.write_text(f"THREADS=4\nLOG_DIR={tmp_path}/logs\n")
    assert current_settings.read().threads == 4
