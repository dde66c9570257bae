"""`scripts/chaos.py` on a machine that has no nginx."""

from __future__ import annotations

import dataclasses
import tempfile
from pathlib import Path

import pytest

from scripts.chaos import command, nginx
from scripts.chaos.scenes import SCENES


@pytest.fixture(autouse=True)
def no_nginx(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(nginx, "program", lambda: None)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_its_scene_is_refused_where_it_is_asked_for(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert command.main(["--scene", "rolls", "--quick"]) == command.COULD_NOT_RUN
    out, errors = capsys.readouterr()
    assert out == ""
    assert errors == "The scene rolls cannot be played: nginx is not installed (Debian: apt-get install nginx).\n"
    assert not any(tmp_path.iterdir())


def test_and_left_out_where_all_are(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    played: list[str] = []
    for name, scene in SCENES.items():
        recorded = dataclasses.replace(scene, play=lambda _scene, name=name: played.append(name))
        monkeypatch.setitem(command.SCENES, name, recorded)
    monkeypatch.setattr(command, "play", lambda scene, *_: scene.play(None) or command.Outcome())
    assert command.main(["--mode", "sync"]) == command.PASSED
    behind_nginx = {"rolls", "servers", "roadless", "stalled"}
    assert played == [name for name in SCENES if name not in behind_nginx]
    printed = capsys.readouterr().out
    assert all(f"{name} is left out: nginx is not installed" in printed for name in behind_nginx)
