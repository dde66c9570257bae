"""Fixtures of the scripts' tests: a fake model, and the concurrency check within this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from scripts.concurrency import command
from scripts.fake_llm import FakeLLM

from .concurrency_check import Done


@pytest.fixture(scope="session")
def llm() -> Iterator[FakeLLM]:
    with FakeLLM(first=0, gap=0.001, tokens=8) as fake:
        yield fake


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Run the command within this process, which is quicker."""

    def run(*arguments: Any, **env: str) -> Done:
        for name in ("HOST", "PORT"):
            monkeypatch.delenv(name, raising=False)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        try:
            status = command.main([str(argument) for argument in arguments])
        except SystemExit as end:
            status = int(str(end.code))
        return Done(status, *capsys.readouterr())

    return run
