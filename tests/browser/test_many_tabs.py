"""More answers at once than a browser has connections: every tab loads, and Stop works in each."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.user_actions import ask, ask_and_wait, field, wait_until_finished
from tests.servers.parley import ParleyServer, wanting

TABS = 7
# Long enough for all of them to be running at once.
LONG = wanting(first=0.1, tokens=4000, gap=0.05)
# One browser in one window has one tab in front: the others are told that nobody sees them.
HIDE = """hidden => {
  Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
  Object.defineProperty(document, "visibilityState", { get: () => hidden ? "hidden" : "visible", configurable: true });
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def open_tabs(window: Page, server: ParleyServer, count: int = TABS) -> list[Page]:
    tabs = [window, *(window.context.new_page() for _ in range(count - 1))]
    for number, tab in enumerate(tabs, 1):
        tab.goto(server.url)
        ask(tab, f"Tab {number}. {LONG}")
    return tabs


def words(tab: Page) -> str:
    return tab.locator("article.answer .markdown").last.inner_text()


def grows(tab: Page) -> None:
    before = len(words(tab))
    tab.wait_for_function(
        "before => document.querySelector('article.answer .markdown').innerText.length > before", arg=before
    )


def stops(tab: Page) -> None:
    tab.get_by_role("button", name="Stop the answer").click()
    expect(tab.locator("article.answer")).to_contain_text("Stopped")


def test_seven_visible_tabs_load_and_are_answered_and_stopped(window: Page, chat_server: ParleyServer) -> None:
    tabs = open_tabs(window, chat_server)
    for tab in tabs:
        grows(tab)
    # A reload needs connections of its own, and takes up the answer where it was.
    tabs[3].reload()
    expect(tabs[3].get_by_role("button", name="Stop the answer")).to_be_visible()
    grows(tabs[3])
    another = window.context.new_page()
    another.goto(chat_server.url)
    ask_and_wait(another, "One more " + wanting(text="Here."))
    for tab in tabs:
        stops(tab)
    for tab in tabs:
        tab.reload()
        expect(tab.locator("article.answer")).to_contain_text("Stopped")


def test_seven_answers_in_one_window(window: Page, chat_server: ParleyServer) -> None:
    for number in range(1, TABS + 1):
        if number > 1:
            window.get_by_role("link", name="New chat").first.click()
        expect(field(window)).to_have_value("")
        ask(window, f"Chat {number}. {LONG}")
        expect(window.get_by_role("button", name="Stop the answer")).to_be_visible()
    for number in range(1, TABS + 1):
        window.locator("nav.history a").filter(has_text=f"Chat {number}.").click()
        grows(window)
        stops(window)


@pytest.mark.parametrize("visible", [0, 6])
def test_a_tab_that_is_seen_again_goes_on_and_the_hidden_end_too(
    window: Page, chat_server: ParleyServer, visible: int
) -> None:
    tabs = [window, *(window.context.new_page() for _ in range(TABS - 1))]
    for number, tab in enumerate(tabs, 1):
        tab.goto(chat_server.url)
        ask(tab, f"Tab {number}. " + wanting(first=0.1, tokens=200, gap=0.05))
        tab.evaluate(HIDE, True)
    tabs[visible].evaluate(HIDE, False)
    grows(tabs[visible])
    for tab in tabs:
        wait_until_finished(tab)
    texts = {words(tab) for tab in tabs}
    assert len(texts) == 1
