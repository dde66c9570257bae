"""The settings that a server keeps when those in `.env` cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.current_settings import CurrentSettings
from config.settings import SettingError, load


@pytest.fixture
def env_file(tmp_path: Path) -> Path:
    return tmp_path / ".env"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"LOG_DIR": str(tmp_path / "logs")}


@pytest.fixture
def current(env_file: Path, environ: dict[str, str]) -> CurrentSettings:
    return CurrentSettings(lambda: load(environ, env_file))


def test_outside_a_server_there_are_none(current: CurrentSettings) -> None:
    assert current.get() is None


def test_at_the_first_time_a_broken_file_is_refused(current: CurrentSettings, env_file: Path) -> None:
    env_file.write_text("THREADS=many\n")
    with pytest.raises(SettingError, match=r"^THREADS is 'many'"):
        current.read()
    assert current.get() is None


@pytest.mark.parametrize("broken", ["THREADS=many\n", 'THREADS="3\n', "LOG_DIR=/proc/nowhere\n", b"\xff"])
def test_later_the_last_good_ones_stay(
    current: CurrentSettings, env_file: Path, environ: dict[str, str], tmp_path: Path, broken: str | bytes,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    env_file.write_text("THREADS=3\n")
    assert current.read().threads == 3
    assert capsys.readouterr() == ("", "")

    env_file.write_bytes(broken if isinstance(broken, bytes) else broken.encode())
    if "LOG_DIR" in str(broken):
        del environ["LOG_DIR"]
    for _ in range(2):
        assert current.read().threads == 3
        errors = capsys.readouterr().err
        assert errors.startswith("parley: ")
        assert errors.endswith(" The server goes on with the settings that it had.\n")
        assert errors.count("\n") == 1
    assert current.get() == current.read()

    env_file.write_text(f"THREADS=4\nLOG_DIR={tmp_path}/logs\n")
    assert current.read().threads == 4
