"""A real Chromium over a real server. Any word on the console and any breach of the page's policy fails the test.

Two servers stand ready for all tests: `server` has the demo model and figures to look up, `chat_server` a fake model
whose answers the question sets. The users of each test are new to both. A test that stops a server,
kills its workers or needs another pace starts one of its own.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from scripts.fake_llm import FakeLLM
from tests.servers.market_data import MarketDataServer
from tests.servers.parley import ParleyServer

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# The same engine without a window: a page takes less than half of the CPU.
_HEADLESS = shutil.which("chromium-headless-shell") or CHROMIUM
# What a test leaves behind is not waited for at a server's end: neither an answer nor an idle connection.
BRIEF = {"GRACE_S": 0.5, "GUNICORN_CMD_ARGS": "--keep-alive 1"}
# Longest wait for anything that a test expects. A loaded machine may need it; a test that passes does not.
TIMEOUT_MS = 30_000
expect.set_options(timeout=TIMEOUT_MS)
ARGUMENTS = [
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
    if _HEADLESS is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_HEADLESS, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def market_data() -> Iterator[MarketDataServer]:
    with MarketDataServer() as server:
        yield server


@pytest.fixture(scope="session")
def server(market_data: MarketDataServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParleyServer]:
    """Two workers and the demo model without delays: for complete answers."""
    with demo_server(tmp_path_factory.mktemp("parley"), market_data) as running:
        yield running


@contextmanager
def demo_server(folder: Path, figures: MarketDataServer, **settings: object) -> Iterator[ParleyServer]:
    """The demo model with a source of market data."""
    addresses = {"WORLD_BANK_URL": figures.world_bank_url, "FRANKFURTER_URL": figures.frankfurter_url}
    with ParleyServer(folder, **(BRIEF | {"WEB_CONCURRENCY": 2} | addresses | settings)) as running:
        yield running


@pytest.fixture(scope="session")
def chat_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParleyServer]:
    """Two workers and a fake model with two names. It answers at once, unless the question contains other options."""
    with fake_server(tmp_path_factory.mktemp("parley"), WEB_CONCURRENCY=2, CHAT_MODEL="first,second") as running:
        yield running


@contextmanager
def fake_server(folder: Path, **settings: object) -> Iterator[ParleyServer]:
    """A server with its own fake model, by default with one worker."""
    with (
        FakeLLM(first=0, tokens=12, gap=0) as llm,
        ParleyServer(folder, **(BRIEF | {"WEB_CONCURRENCY": 1, "OPENAI_BASE_URL": llm.base_url} | settings)) as running,
    ):
        yield running


@pytest.fixture
def new_person(chromium: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Open browsers with separate cookies.

    `forgive` is a pattern of what this one's console may say: a request that is meant to fail is told there, too.
    """
    contexts: list[BrowserContext] = []
    messages: list[str] = []

    def make(forgive: str | None = None, **options: object) -> BrowserContext:
        def on_console(message: ConsoleMessage) -> None:
            forgiven = forgive is not None and re.search(forgive, message.text)
            if message.type in ("error", "warning") and not forgiven:
                messages.append(f"{message.type}: {message.text}")

        options = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB"} | options
        context = chromium.new_context(**options)  # type: ignore[arg-type]
        context.set_default_timeout(TIMEOUT_MS)
        context.on("console", on_console)
        context.on("weberror", lambda error: messages.append(str(error.error)))
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()
    assert messages == []


@pytest.fixture
def page(new_person: Callable[..., BrowserContext], server: ParleyServer) -> Page:
    return drawn(new_person(), server)


@pytest.fixture
def window(new_person: Callable[..., BrowserContext], chat_server: ParleyServer) -> Page:
    """A new user with the fake model."""
    return drawn(new_person(), chat_server)


def drawn(person: BrowserContext, server: ParleyServer) -> Page:
    """Open the start page and wait for what the page's program draws, which may come after the load event."""
    opened = person.new_page()
    opened.goto(server.url)
    expect(opened.locator("#message-field")).to_be_visible()
    return opened
