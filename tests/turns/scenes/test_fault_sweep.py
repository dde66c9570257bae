"""Fail the first call to the database, then the second, and so on until no fault fires, as SQLite's own tests do.

One server all the while: whatever failed, it has to heal without a restart, or the next scene fails. Each call fails in
the kind of database that the command line names (`--database`), and each seventeenth in the other.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.servers.postgresql_databases import Databases

from ...store import postgresql_faults, sqlite_faults
from .invariants import check_invariants
from .whole_scene import Scene, SceneClock, SceneModel

Faults = sqlite_faults.Faults | postgresql_faults.Faults
PG = postgresql_faults
SAYINGS = {
    "sqlite": (sqlite_faults.LOCKED, sqlite_faults.FULL, sqlite_faults.BROKEN),
    "postgresql": (PG.LOCKED, PG.LOST, PG.FULL, PG.RACE, PG.BROKEN),
}


@pytest.fixture(params=list(SAYINGS))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stride(kind: str, request: pytest.FixtureRequest) -> int:
    return 1 if request.config.getoption("--database") == kind else 17


@pytest.fixture
def direct_url(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of the database without faults."""
    if kind == "sqlite":
        return f"sqlite:///{tmp_path}/chat.db"
    databases: Databases = request.getfixturevalue("postgresql_databases")
    return databases.url(str(tmp_path))


@pytest.fixture
def faults(kind: str, request: pytest.FixtureRequest) -> Iterator[Faults]:
    if kind == "sqlite":
        yield sqlite_faults.Faults(request.getfixturevalue("monkeypatch"))
        return
    with PG.Faults(request.getfixturevalue("postgresql").port) as faults:
        yield faults


@pytest.fixture
def database_url(direct_url: str, faults: Faults) -> str:
    return faults.url(direct_url) if isinstance(faults, PG.Faults) else direct_url


@pytest.fixture
def model() -> SceneModel:
    return SceneModel()


@pytest.fixture
def app(make_app: Callable[..., Flask], faults: Faults, clock: SceneClock, model: SceneModel) -> Flask:
    model.strike = clock.strike
    return make_app()


@pytest.fixture
def play(
    app: Flask,
    direct_url: str,
    model: SceneModel,
    clock: SceneClock,
    faults: Faults,
    caplog: pytest.LogCaptureFixture,
) -> Callable[..., tuple[list[str], int]]:
    """Play a scene with a fault and check the invariants. Return the failed statement and the number of 503s."""
    worker = app.extensions["parley"]

    def play(nth: int, says: str, **fault: Any) -> tuple[list[str], int]:
        scene = Scene(app, clock, nth)
        faults.arm(nth, says, **fault)
        try:
            scene.play()
            failed = faults.disarm()
            check_invariants(scene, model, worker.web.memory, direct_url)
            assert [record for record in caplog.records if record.exc_info] == [], "something unforeseen"
        except BaseException as error:
            error.add_note(f"call {nth}, {fault}: {says!r} in {faults.failed}")
            raise
        return failed, scene.refused

    return play


@pytest.mark.parametrize(
    ("fault", "step", "at_least"),
    [
        ({}, 1, 100),
        ({"times": 4}, 4, 100),
        ({"times": 15}, 15, 100),
        ({"calls": "row"}, 3, 15),
        ({"calls": "commit"}, 1, 12),
    ],
    ids=["once", "four times", "fifteen times", "while reading", "after the commit"],
)
def test_whichever_call_to_the_database_fails_the_invariants_hold(
    play: Callable[..., tuple[list[str], int]], kind: str, stride: int, fault: dict[str, Any], step: int, at_least: int
) -> None:
    fired: list[str] = []
    refused = 0
    sayings = itertools.cycle(SAYINGS[kind])
    for nth in itertools.count(1, step * stride):
        failed, refusals = play(nth, next(sayings), **fault)
        if not failed:
            break
        fired += failed
        refused += refusals
    print(f"{len(fired)} faults in {nth // (step * stride)} scenes, {refused} requests refused")
    assert len(fired) > at_least // stride
    # PostgreSQL's engine repeats what it reads when the connection is lost.
    repeated = kind == "postgresql" and fault.get("calls") == "row"
    if stride == 1 and not repeated:
        assert refused > 3
    assert refused == 0 or not repeated
