"""SQLite's own way of testing: fail the first call to the database, then the second … until no fault fires any more.

One server all the while: whatever failed, it has to heal without a restart, or the next scene fails.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from ...store import sqlite_faults
from ...store.sqlite_faults import Faults
from .invariants import check_invariants
from .whole_scene import Scene, SceneClock, SceneModel


@pytest.fixture
def model() -> SceneModel:
    return SceneModel()


@pytest.fixture
def app(make_app: Callable[..., Flask], faults: Faults, clock: SceneClock, model: SceneModel) -> Flask:
    model.strike = clock.strike
    return make_app()


@pytest.fixture
def faults(monkeypatch: pytest.MonkeyPatch) -> Faults:
    return Faults(monkeypatch)


@pytest.fixture
def play(
    app: Flask, model: SceneModel, clock: SceneClock, faults: Faults, caplog: pytest.LogCaptureFixture
) -> Callable[..., tuple[list[str], int]]:
    """Play a scene with a fault and check the invariants. Return the failed statement and the number of 503s."""
    worker = app.extensions["parley"]

    def play(nth: int, says: str, **fault: Any) -> tuple[list[str], int]:
        scene = Scene(app, clock, nth)
        faults.arm(nth, says, **fault)
        try:
            scene.play()
            failed = faults.disarm()
            check_invariants(scene, model, worker.web.memory, worker.store.engine.path)
            assert [record for record in caplog.records if record.exc_info] == [], "something unforeseen"
        except BaseException as error:
            error.add_note(f"call {nth}, {fault}: {says!r} in {faults.failed}")
            raise
        return failed, scene.refused

    return play


SAYINGS = (sqlite_faults.LOCKED, sqlite_faults.FULL, sqlite_faults.BROKEN)


@pytest.mark.parametrize(
    ("fault", "step", "at_least"),
    [
        ({}, 1, 150),
        ({"times": 4}, 4, 150),
        ({"times": 15}, 15, 150),
        ({"calls": "row"}, 3, 15),
        ({"calls": "commit"}, 1, 12),
    ],
    ids=["once", "four times", "fifteen times", "while reading", "after the commit"],
)
def test_whichever_call_to_the_database_fails_the_invariants_hold(
    play: Callable[..., tuple[list[str], int]], fault: dict[str, Any], step: int, at_least: int
) -> None:
    fired: list[str] = []
    refused = 0
    for nth in itertools.count(1, step):
        failed, refusals = play(nth, SAYINGS[nth % 3], **fault)
        if not failed:
            break
        fired += failed
        refused += refusals
    print(f"{len(fired)} faults in {nth // step} scenes, {refused} requests refused")
    assert len(fired) > at_least
    assert refused > 3
