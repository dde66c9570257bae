"""What people do on the page, for the tests: write, send, wait for the end of an answer."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.servers.parley import wanting

# Slow enough to act while it runs, and over soon after.
SLOW = wanting(first=0.1, tokens=60, gap=0.05)
# Longer than a test takes: it is to be stopped.
ENDLESS = wanting(first=0.1, tokens=2000, gap=0.05)


def field(page: Page) -> Locator:
    return page.locator("#message-field")


def ask(page: Page, text: str) -> None:
    field(page).fill(text)
    field(page).press("Enter")


def answering(page: Page) -> None:
    """Wait until words of the newest answer are there, and it is not over."""
    expect(page.locator("article.answer").last.locator(".markdown")).not_to_be_empty(timeout=10_000)
    expect(page.get_by_role("button", name="Stop the answer")).to_be_visible()


def drawn(page: Page) -> None:
    """Wait for the frame in which the page shows what was done last."""
    page.evaluate("() => new Promise(requestAnimationFrame)")


def finished(page: Page) -> None:
    # Until then it still says that the answer before this one is complete.
    drawn(page)
    expect(page.get_by_role("status").filter(has_text="Response complete")).to_have_count(1, timeout=20_000)


def asked(page: Page, text: str) -> None:
    """Ask, and wait for the whole answer."""
    ask(page, text)
    finished(page)


def in_list(page: Page, title: str) -> Locator:
    """The chat's line in the list at the left."""
    return page.locator("nav.history .item").filter(has_text=title)


def choose(page: Page, title: str, action: str) -> None:
    """Something from the menu of a chat in the list."""
    line = in_list(page, title)
    line.hover()
    line.get_by_role("button").click()
    page.get_by_role("menuitem", name=action).click()
