"""An ended turn is freed at once, however it ended: no reference cycle is left to the collector."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from ...reference_cycles import no_reference_cycles
from .faulty_endpoint import FaultyEndpoint
from .whole_scene import Scene, SceneClock

_ALWAYS = 100


@pytest.fixture
def model_timeout_s() -> float:
    return 0.3


@pytest.fixture
def scene(make_app: Callable[..., Flask], clock: SceneClock) -> Scene:
    return Scene(make_app(), clock, 1)


def test_an_answer_leaves_no_circles(scene: Scene) -> None:
    scene.talk()
    with no_reference_cycles():
        scene.talk()


@pytest.mark.parametrize(
    "fault",
    [
        *({"fault": status} for status in ("400", "401", "403", "404", "429", "500", "html", "refuse")),
        *({"fault": name, "at": 1} for name in ("reset", "cut", "end", "truncate", "badjson", "error", "huge")),
        {"fault": "mute", "hold": 0.1},
        {"fault": "stall", "at": 1, "hold": 0.1},
    ],
    ids=lambda fault: fault["fault"],
)
def test_a_failed_answer_leaves_no_circles(scene: Scene, endpoint: FaultyEndpoint, fault: dict[str, Any]) -> None:
    scene.talk()

    def fail() -> None:
        endpoint.arm(nth=1, times=_ALWAYS, **fault)
        scene.talk()
        assert endpoint.disarm()

    fail()
    with no_reference_cycles():
        fail()


def test_a_stopped_answer_leaves_no_circles(scene: Scene, endpoint: FaultyEndpoint) -> None:
    scene.talk()

    def stop() -> None:
        endpoint.arm(nth=1, times=_ALWAYS, fault="stall", at=1)
        scene.stop(scene.ask("and tomorrow?"))
        endpoint.disarm()

    stop()
    with no_reference_cycles():
        stop()


def test_a_refused_begin_leaves_no_circles(scene: Scene) -> None:
    scene.talk()
    elsewhere = dataclasses.replace(scene, number=2)  # a user who does not own the conversation

    def refuse() -> None:
        for body in ({"text": "Hello"}, {"text": 5}, {"text": " "}):
            answer = elsewhere.client.post(f"/api/conversations/{scene.here}/turns", json=body)
            assert answer.status_code in (404, 422)

    refuse()
    with no_reference_cycles():
        refuse()
