"""A real Chromium over a real server. Any word on the console and any breach of the page's policy fails the test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.servers.market_data import MarketDataServer
from tests.servers.parley import ParleyServer

_CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if _CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_CHROMIUM, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def market_data() -> Iterator[MarketDataServer]:
    with MarketDataServer() as server:
        yield server


@pytest.fixture(scope="module")
def server(market_data: MarketDataServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParleyServer]:
    """Four gevent workers and the demo model, as somebody has them who has just installed Parley."""
    folder: Path = tmp_path_factory.mktemp("parley")
    with ParleyServer(
        folder,
        DEMO_LATENCY_S=3,
        WORLD_BANK_URL=market_data.world_bank_url,
        FRANKFURTER_URL=market_data.frankfurter_url,
    ) as running:
        yield running


@pytest.fixture
def new_person(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Makes browsers with cookies of their own."""
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(f"{message.type}: {message.text}")

    def make(**options: object) -> BrowserContext:
        options = {"viewport": {"width": 1280, "height": 800}} | options
        context = chromium.new_context(**options)  # type: ignore[arg-type]
        context.on("console", heard)
        context.on("weberror", lambda error: said.append(str(error.error)))
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert said == []


@pytest.fixture
def page(new_person: Callable[..., BrowserContext], server: ParleyServer) -> Page:
    opened = new_person().new_page()
    opened.goto(server.url)
    return opened
