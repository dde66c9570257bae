"""Arabic and Hebrew outside of answers: questions, titles, lists, the message box, the queue, search results."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.user_actions import SLOW, ask, ask_and_wait, choose_in_menu, field, list_item, wait_until_answering
from tests.servers.parley import ParleyServer, wanting

ARABIC = "نما الاقتصاد بنسبة 5.0% في عام 2024، وفق World Bank."
HEBREW = "OpenAI היא חברה שהוקמה בשנת 2015 (ראו GDP)."
ECHO = wanting(echo=1)

# The pieces of the words in the order in which they stand: line by line, from right to left.
PLACES = """(element, pieces) => {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  const found = [];
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    for (const piece of pieces) {
      const at = node.data.indexOf(piece);
      if (at < 0 || found.some((each) => each.piece === piece)) continue;
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + piece.length);
      const { left, top } = range.getBoundingClientRect();
      found.push({ piece, left, line: Math.round(top / 12) });
    }
  }
  return found.sort((one, other) => one.line - other.line || other.left - one.left).map(({ piece }) => piece);
}"""


TABLE = "| البلد | الوصف | النسبة |\n|---|---|---:|\n| الصين | نص قصير | 5.0% |\n| India | وصف آخر | ٦٫٥٪ |\n"
# The right edges of the words in the first column.
EDGES = """(table) => [...table.rows].map(({ cells: [cell] }) => {
  const range = document.createRange();
  range.selectNodeContents(cell.querySelector("button")?.firstChild ?? cell);
  return Math.round(range.getBoundingClientRect().right);
})"""


def expect_order(place: Locator, *pieces: str) -> None:
    assert place.evaluate(PLACES, list(pieces)) == list(pieces)


@pytest.mark.parametrize("width", [1280, 390])
def test_a_chat_from_right_to_left(
    new_person: Callable[..., BrowserContext], chat_server: ParleyServer, width: int
) -> None:
    page = new_person(viewport={"width": width, "height": 800}).new_page()
    page.goto(chat_server.url)
    ask_and_wait(page, f"{ARABIC}\n{ECHO}")
    expect_order(page.locator("article.question p"), "نما", "5.0%", "2024", "World")
    expect_order(page.locator("article.answer .markdown p").first, "نما", "5.0%", "2024", "World")
    expect(page.locator(".topbar h1")).to_have_css("direction", "rtl")
    expect(page.locator("article.question .line")).to_have_count(2)
    expect(page.locator("article.question .line").last).to_have_css("direction", "ltr")
    assert page.locator("article.question p").evaluate("each => each.textContent") == f"{ARABIC}\n{ECHO}"
    field(page).fill(HEBREW)
    expect(field(page)).to_have_css("direction", "rtl")
    ask_and_wait(page, f"{HEBREW}\n{ECHO}")
    expect_order(page.locator("article.question p").last, "OpenAI", "היא", "2015", "GDP")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width


def test_lists_boxes_queue_and_search_from_right_to_left(window: Page) -> None:
    ask_and_wait(window, f"{ARABIC} {ECHO}")
    title = window.locator(".topbar h1").inner_text()
    ask_and_wait(window, "table " + wanting(text=TABLE, first=0, gap=0))
    assert len(set(window.locator("article.answer table").last.evaluate(EDGES))) == 1
    expect(list_item(window, title).locator(".title")).to_have_css("direction", "rtl")
    field(window).fill(ARABIC)
    expect(field(window)).to_have_css("direction", "rtl")
    field(window).fill("")

    ask(window, f"{HEBREW} {SLOW}")
    wait_until_answering(window)
    ask(window, ARABIC)
    waiting = window.get_by_role("region", name="Waiting to be sent").locator("li p")
    expect_order(waiting, "نما", "5.0%", "2024", "World")
    window.get_by_role("button", name="Stop the answer").click()

    window.keyboard.press("Control+k")
    search = window.get_by_role("combobox", name="Search chats")
    search.fill("الاقتصاد")
    expect(search).to_have_css("direction", "rtl")
    expect(window.get_by_role("dialog").get_by_role("option").first.locator(".title")).to_have_css("direction", "rtl")
    window.keyboard.press("Escape")
    choose_in_menu(window, title, "Rename")
    expect(window.locator("input.title-field")).to_have_css("direction", "rtl")
