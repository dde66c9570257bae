"""Like `test_fault_sweep.py`, for the model: the first request fails, then the second …, and each chunk of each."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from ..worker import text_of
from .faulty_endpoint import FaultyEndpoint
from .invariants import check_invariants
from .whole_scene import Scene, SceneClock

ALL_OF_IT = "The(0) market(1) "


@pytest.fixture
def model_timeout_s() -> float:
    """Return a timeout that a healthy model never exceeds, even on a busy machine."""
    return 1.0


@pytest.fixture
def app(make_app: Callable[..., Flask], clock: SceneClock) -> Flask:
    return make_app()


@pytest.fixture
def play(
    app: Flask, database_url: str, clock: SceneClock, endpoint: FaultyEndpoint, caplog: pytest.LogCaptureFixture
) -> Callable[..., Any]:
    """Play a scene with a fault and check the invariants. Return the number of faults, and the ends."""
    worker = app.extensions["parley"]
    numbers = itertools.count(1)

    def play(**fault: Any) -> tuple[int, list[str]]:
        scene = Scene(app, clock, next(numbers))
        endpoint.arm(**fault)
        try:
            scene.talk()
            failed = endpoint.disarm()
            check_answers(scene, endpoint)
            statuses = [followed.status for followed in scene.streams]
            check_invariants(scene, endpoint, worker.web.memory, database_url)
            assert [record for record in caplog.records if record.exc_info] == [], "something unforeseen"
        except BaseException as error:
            error.add_note(f"{fault}")
            raise
        return failed, statuses

    return play


def check_answers(scene: Scene, endpoint: FaultyEndpoint) -> None:
    """Check that answers are complete or end with a named error, and are retried only before the first text."""
    assert scene.refused == 0
    for followed in scene.streams:
        text = text_of(followed.events)
        if followed.status == "completed":
            assert text == ALL_OF_IT
        else:
            assert followed.status == "failed"
            error = followed.events[-2]
            assert (error.name, error.data["code"].split("_")[0]) == ("error", "model")
            assert ALL_OF_IT.startswith(text)
    for place in endpoint.broken_off:
        assert endpoint.seen[place + 1 : place + 2] != [endpoint.seen[place]]


@pytest.mark.parametrize(
    ("way", "times", "fails"),
    [
        ("401", 1, True),
        ("html", 1, False),
        ("html", 3, True),
        ("429", 1, False),
        ("500", 1, False),
        ("refuse", 1, False),
        ("429", 3, True),
        ("500", 3, True),
        ("refuse", 3, True),
    ],
)
def test_whichever_request_fails_the_invariants_hold(
    play: Callable[..., Any], way: str, times: int, fails: bool
) -> None:
    """Check that transient failures are retried, twice at most."""
    fired = 0
    ends: list[str] = []
    for nth in itertools.count(1):
        failed, statuses = play(nth=nth, times=times, fault=way)
        if not failed:
            break
        fired += failed
        ends += statuses
    print(f"{way}: {fired} faults, {ends.count('failed')} of {len(ends)} streams failed")
    assert fired >= 5
    assert ("failed" in ends) == fails


@pytest.mark.parametrize("way", ["reset", "cut", "end", "truncate", "badjson", "error", "huge", "empty", "drip"])
def test_whichever_chunk_fails_the_invariants_hold(play: Callable[..., Any], way: str) -> None:
    fired = 0
    ends: list[str] = []
    for nth in itertools.count(1):
        for at in itertools.count():
            failed, statuses = play(nth=nth, at=at, fault=way, hold=0.02)
            if not failed:
                break
            fired += failed
            ends += statuses
        if not at:
            break
    print(f"{way}: {fired} faults, {ends.count('failed')} of {len(ends)} streams failed")
    assert fired >= 15
    assert ("failed" in ends) == (way not in ("empty", "drip"))


@pytest.mark.parametrize(("way", "at"), [("mute", 0), ("stall", 0), ("stall", 1)])
def test_whichever_request_falls_silent_the_invariants_hold(play: Callable[..., Any], way: str, at: int) -> None:
    for nth in (1, 2):
        failed, statuses = play(nth=nth, at=at, fault=way)
        assert failed == 1
        assert "failed" in statuses
