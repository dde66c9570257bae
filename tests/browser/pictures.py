"""Pictures of the page's main states, for the README: `python -m tests.browser.pictures [folder]`.

Against the real server with the demo model and the figures it is tested with; nothing in them is drawn by hand.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM
from tests.browser.user_actions import ask, ask_and_wait, field, wait_until_answering
from tests.servers.parley import ROOT, ParleyServer

WIDE = {"viewport": {"width": 1280, "height": 800}}
HIGH = {"viewport": {"width": 1280, "height": 1000}}
PHONE = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True, "device_scale_factor": 1.5}


def welcome(page: Page) -> None:
    expect(page.locator(".note.demo")).to_be_visible()


def answer(page: Page) -> None:
    for question in ("What can you do?", "How has the euro moved against the dollar this year?"):
        ask_and_wait(page, question)
        page.get_by_role("link", name="New chat").first.click()
    ask_and_wait(page, "Compare GDP growth of India, China and Brazil")
    page.locator(".scroller").evaluate("each => each.scrollTo(0, 0)")


def queue(page: Page) -> None:
    ask(page, "Show me China market data")
    wait_until_answering(page)
    ask(page, "And what about India?")
    expect(page.get_by_role("region", name="Waiting to be sent")).to_be_visible()


def search(page: Page) -> None:
    answer(page)
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search chats").fill("growth")
    expect(page.get_by_role("dialog").get_by_role("status")).to_contain_text("found")


def figures(page: Page) -> None:
    ask_and_wait(page, "Show me China market data")
    page.locator(".scroller").evaluate("each => each.scrollTo(0, 0)")


STATES: dict[str, tuple[Callable[[Page], None], dict[str, object]]] = {
    "welcome": (welcome, WIDE),
    "answer": (answer, HIGH),
    "dark": (figures, HIGH | {"color_scheme": "dark"}),
    "queue": (queue, WIDE),
    "search": (search, WIDE),
    "phone": (figures, PHONE),
}


@contextmanager
def server() -> Iterator[ParleyServer]:
    """A new installation; the figures are the bundled ones, which never change."""
    with (
        tempfile.TemporaryDirectory() as folder,
        ParleyServer(Path(folder), WEB_CONCURRENCY=2, DEMO_LATENCY_S=3) as running,
    ):
        yield running


def photograph(browser: Browser, url: str, name: str, folder: Path) -> Path:
    reach, options = STATES[name]
    context = browser.new_context(locale="en-GB", reduced_motion="reduce", **options)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(url)
    expect(field(page)).to_be_visible()
    reach(page)
    # The pointer nowhere, and what was fading in there.
    page.mouse.move(640, 2)
    page.wait_for_timeout(400)
    path = folder / f"{name}.png"
    page.screenshot(path=path)
    context.close()
    return path


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "images"
    folder.mkdir(parents=True, exist_ok=True)
    with server() as running, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        for name in STATES:
            path = photograph(browser, running.url, name, folder)
            print(f"{path} ({path.stat().st_size // 1024} KB)")
        browser.close()


if __name__ == "__main__":
    main()
