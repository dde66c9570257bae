"""Real servers, in both modes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.fake_llm import FakeLLM
from tests.servers.market_data import MarketDataServer
from tests.servers.parley import ParleyServer


@pytest.fixture(scope="module")
def fake_llm() -> Iterator[FakeLLM]:
    with FakeLLM() as server:
        yield server


@pytest.fixture(scope="module")
def market_data() -> Iterator[MarketDataServer]:
    with MarketDataServer() as server:
        yield server


@pytest.fixture(scope="module", params=["true", "false"], ids=["gevent", "gthread"])
def flag(request: pytest.FixtureRequest) -> str:
    """USE_ASYNC_AGENT."""
    return str(request.param)


@pytest.fixture(scope="module")
def server(
    flag: str, fake_llm: FakeLLM, market_data: MarketDataServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ParleyServer]:
    """A server of four workers over the fake model."""
    folder: Path = tmp_path_factory.mktemp("parley")
    with ParleyServer(
        folder,
        USE_ASYNC_AGENT=flag,
        OPENAI_BASE_URL=fake_llm.base_url,
        CHAT_MODEL="fake?tokens=20&gap=0.01",
        MODEL_TIMEOUT_S=2,
        WORLD_BANK_URL=market_data.world_bank_url,
        FRANKFURTER_URL=market_data.frankfurter_url,
    ) as running:
        yield running
