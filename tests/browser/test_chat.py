"""A first visit: ask, watch, look at the figures, return later."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import BRIEF, demo_server
from tests.browser.user_actions import ask, wait_until_finished
from tests.servers.market_data import MarketDataServer
from tests.servers.parley import ParleyServer, wanting


@pytest.fixture(scope="module")
def unhurried(market_data: MarketDataServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParleyServer]:
    """The demo model, slow enough to act while it answers."""
    with demo_server(tmp_path_factory.mktemp("parley"), market_data, DEMO_LATENCY_S=4) as running:
        yield running


def test_two_windows_are_answered_at_the_same_time(
    new_person: Callable[..., BrowserContext], unhurried: ParleyServer
) -> None:
    china, india = new_person().new_page(), new_person().new_page()
    for window in (china, india):
        window.goto(unhurried.url)
    ask(china, "Show me China market data")
    ask(india, "Show me India market data")
    # Both are in the middle of their answers at one moment: words are there, and neither is complete.
    for window in (china, india):
        expect(window.locator("article.answer .markdown")).not_to_be_empty()
    for window in (china, india):
        expect(window.get_by_role("status").filter(has_text="Response complete")).to_have_count(0, timeout=100)
    for window, country in ((china, "China"), (india, "India")):
        wait_until_finished(window)
        expect(window.locator(".tool .tool-summary")).to_contain_text(country)
        expect(window.locator("figure.result table").first).to_contain_text("GDP")
        expect(window.locator("figure.result .plot [role=img]").first).to_be_visible()
        expect(window.locator("figure.result .sources")).to_contain_text("World Bank")
        expect(window.locator("article.answer .markdown").last).to_contain_text("demo model")
    assert "India" not in china.locator("article.answer").inner_text()
    assert "China" not in india.locator("article.answer").inner_text()


@pytest.mark.parametrize(
    ("suggestion", "drawn"),
    [
        ("Show me China market data", True),
        ("Compare GDP growth of India, China and Brazil", True),
        ("How has the euro moved against the dollar this year?", True),
        ("What can you do?", False),
    ],
)
def test_each_suggestion_is_answered(page: Page, suggestion: str, drawn: bool) -> None:
    page.get_by_role("button", name=suggestion).click()
    wait_until_finished(page)
    expect(page.locator("article.question")).to_contain_text(suggestion)
    expect(page.locator("article.answer .markdown").last).not_to_be_empty()
    if drawn:
        expect(page.locator("figure.result .plot [role=img]").first).to_be_visible()
    else:
        expect(page.locator("figure.result")).to_have_count(0)


def test_a_reload_in_mid_answer_goes_on_and_loses_nothing(
    new_person: Callable[..., BrowserContext], unhurried: ParleyServer
) -> None:
    page = new_person().new_page()
    page.goto(unhurried.url)
    ask(page, "Show me India market data")
    expect(page.locator("article.answer .markdown").last).not_to_be_empty()
    page.reload()
    expect(page.locator("article.question")).to_have_count(1)
    wait_until_finished(page)
    expect(page.locator("article.answer")).to_have_count(1)
    expect(page.locator("article.answer .markdown").last).to_contain_text("demo model")


def test_history_is_there_after_a_restart(new_person: Callable[..., BrowserContext], tmp_path: Path) -> None:
    with ParleyServer(tmp_path, WEB_CONCURRENCY=1, DEMO_LATENCY_S=0.2, **BRIEF) as own_server:
        window = new_person().new_page()
        window.goto(own_server.url)
        ask(window, "What can you do?")
        wait_until_finished(window)
        written = window.locator("article.answer .markdown").last.inner_text()
        address = window.url
        own_server.stop()
        own_server.start()
        window.goto(own_server.url)
        window.locator("nav.history").get_by_text("What can you do?").click()
        expect(window).to_have_url(address)
        expect(window.locator("article.answer .markdown").last).to_have_text(written, use_inner_text=True)


def test_what_a_model_writes_is_never_run(window: Page, chat_server: ParleyServer) -> None:
    hostile = (
        "<img src=x onerror=alert(1)><script>alert(2)</script> [link](javascript:alert(3)) "
        "<iframe src='https://example.org'></iframe> ![image](https://example.org/canary.png) **bold** "
    )
    requests: list[str] = []
    window.on("request", lambda request: requests.append(request.url))
    window.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
    ask(window, hostile + wanting(echo=1))
    wait_until_finished(window)
    answer = window.locator("article.answer .markdown").last
    expect(answer.locator("strong")).to_have_text("bold")
    assert answer.locator("script, iframe, img, [onerror], a[href^='javascript']").count() == 0
    assert requests
    assert all(address.startswith((chat_server.url, "data:")) for address in requests)
    expect(window.locator("article.question")).to_contain_text("<script>alert(2)</script>")


def test_a_failed_answer_says_why_and_can_be_tried_again(window: Page) -> None:
    ask(window, "Say why " + wanting(fault="cut", at=3, times=1))
    failed = window.locator("article.answer .failed")
    expect(failed).to_be_visible()
    failed.get_by_role("button", name="Retry").click()
    wait_until_finished(window)
    expect(window.locator("article.answer .failed")).to_have_count(0)
    expect(window.locator("article.question")).to_have_count(1)


def test_a_phone_has_the_history_in_a_drawer(new_person: Callable[..., BrowserContext], server: ParleyServer) -> None:
    window = new_person(viewport={"width": 390, "height": 844}, has_touch=True).new_page()
    window.goto(server.url)
    ask(window, "What can you do?")
    wait_until_finished(window)
    assert window.evaluate("document.documentElement.scrollWidth <= innerWidth")
    expect(window.locator("aside.sidebar")).not_to_be_in_viewport()
    window.locator("header.topbar button").first.click()
    expect(window.locator("nav.history")).to_be_in_viewport()
