"""Fixtures: an answer that waits, and the application's log."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from chat.cancellation import Cancellation
from chat.messages import Delta, Message, TextDelta, Usage
from config.settings import Settings
from tests.conftest import ScriptedModel

from .api_client import converse
from .declared_responses import check_responses


class HeldAnswer:
    """The model's next answer: "One ", then a wait for `go`, then "two."."""

    def __init__(self, model: ScriptedModel) -> None:
        self._go = threading.Event()
        model.will_run(self._script)

    def go(self) -> None:
        self._go.set()

    def _script(self, _messages: Sequence[Message], cancellation: Cancellation) -> Iterator[Delta]:
        yield TextDelta("One ")
        with cancellation.closing(self._go.set):
            assert self._go.wait(20)
        cancellation.check()
        yield TextDelta("two.")
        yield Usage(5, 2)


@pytest.fixture
def make_app(make_app: Callable[..., Flask]) -> Iterator[Callable[..., Flask]]:
    """The usual function, for applications whose responses must all be as the OpenAPI document says."""
    undeclared: list[str] = []

    def make(**changes: Any) -> Flask:
        app = make_app(**changes)
        check_responses(app, undeclared)
        return app

    yield make
    assert undeclared == []


@pytest.fixture
def held(model: ScriptedModel) -> Iterator[HeldAnswer]:
    answer = HeldAnswer(model)
    yield answer
    answer.go()


@pytest.fixture
def conversation(alice: FlaskClient) -> int:
    """An empty conversation of Alice."""
    return converse(alice)


@pytest.fixture
def app_log(settings: Settings) -> Path:
    return settings.log_dir / "app.log"
