"""Commands whose output cannot be written, such as into a file on a full disk."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from flask.cli import FlaskGroup

from chat.app import create_app
from chat.store import Store
from config.settings import Settings

Give = Callable[..., tuple[int, str]]


@pytest.fixture
def give(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Give:
    """Return a function that runs a command whose output goes to a full disk, and returns its status and errors."""

    def run(*arguments: str) -> tuple[int, str]:
        app = create_app(settings)
        with open("/dev/full", "w", encoding="utf-8") as full, monkeypatch.context() as patch:  # noqa: PTH123
            patch.setattr(sys, "stdout", full)
            with pytest.raises(SystemExit) as end:
                FlaskGroup(create_app=lambda: app).main(list(arguments))
        app.extensions["parley"].store.close()
        return int(str(end.value.code)), capsys.readouterr().err

    return run


@pytest.mark.parametrize(
    "command",
    ["db check", "db migrate", "db backup FILE", "db backup --help", "doctor", "doctor --help", "mode show"],
)
def test_it_is_one_sentence(give: Give, store: Store, tmp_path: Path, command: str) -> None:
    words = [str(tmp_path / "backup") if word == "FILE" else word for word in command.split()]
    assert give(*words) == (1, "Error: The output cannot be written (No space left on device).\n")
