"""A worker over a faulty endpoint, whose clock and periodic jobs move by hand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chat.llm.openai.client import OpenAIModel
from chat.services import Overrides

from .faulty_endpoint import FaultyEndpoint
from .whole_scene import BY_HAND, TOOLS, SceneClock


@pytest.fixture
def endpoint() -> Iterator[FaultyEndpoint]:
    made = FaultyEndpoint()
    yield made
    made.close()


@pytest.fixture
def model_timeout_s() -> float:
    return 5.0


@pytest.fixture
def model(endpoint: FaultyEndpoint, model_timeout_s: float, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIModel]:
    """A client of the endpoint that repeats its requests at once."""
    monkeypatch.setattr("chat.llm.openai.client.random.uniform", lambda _low, _high: 0.0)
    made = OpenAIModel("", endpoint.url, model_timeout_s)
    yield made
    made.close()


@pytest.fixture
def clock() -> SceneClock:
    return SceneClock()


@pytest.fixture
def overrides(model: OpenAIModel, clock: SceneClock) -> Overrides:
    return Overrides(model=model, clock=clock, tools=TOOLS, job_intervals=BY_HAND)
