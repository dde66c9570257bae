"""A worker over a faulty endpoint, whose clock and periodic jobs move by hand."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from chat.llm.openai.client import OpenAIModel
from chat.services import Overrides

from .faulty_endpoint import FaultyEndpoint
from .whole_scene import BY_HAND, TOOLS, SceneClock


@pytest.fixture
def endpoint() -> Iterator[FaultyEndpoint]:
    endpoint = FaultyEndpoint()
    yield endpoint
    endpoint.close()


@pytest.fixture
def model_timeout_s() -> float:
    return 5.0


@pytest.fixture
def connection_clock() -> Callable[[], float]:
    """The clock by which the model's connections grow old."""
    return time.monotonic


@pytest.fixture
def model(
    endpoint: FaultyEndpoint, model_timeout_s: float, connection_clock: Callable[[], float]
) -> Iterator[OpenAIModel]:
    """A client of the endpoint that repeats its requests at once."""
    model = OpenAIModel("", endpoint.url, model_timeout_s, clock=connection_clock, backoff_s=lambda _attempt: 0.0)
    yield model
    model.close()


@pytest.fixture
def clock() -> SceneClock:
    return SceneClock()


@pytest.fixture
def overrides(model: OpenAIModel, clock: SceneClock) -> Overrides:
    return Overrides(model=model, clock=clock, tools=TOOLS, job_intervals=BY_HAND)
