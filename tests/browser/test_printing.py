"""A printed chat: complete, light, without controls."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.test_tables import WIDE
from tests.browser.user_actions import ask_and_wait
from tests.servers.parley import ParleyServer, wanting

CHINA = ("market_data", {"country": "China"})
SECTIONS = "\n\n".join(
    f"## Section {number}\n\n" + " ".join(f"Words of section {number}." for _ in range(60)) for number in range(1, 15)
)
FORMULA = "$$" + " + ".join(f"a_{{{number}}}" for number in range(60)) + "$$"
A4 = 794
# What is on the paper and can be pressed there, and what sticks out of it at its right.
PRESSED = """() => [...document.querySelectorAll("button, textarea, select")]
  .filter((each) => each.checkVisibility() && !each.matches(".sort, .legend button")).map((each) => each.outerHTML)"""
CUT = """() => [...document.querySelectorAll("article *")]
  .filter((each) => each.checkVisibility() && !each.closest(".katex-mathml"))
  .filter((each) => each.getBoundingClientRect().right > innerWidth + 1)
  .map((each) => each.outerHTML.slice(0, 80))"""


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


def filled(page: Page) -> None:
    ask_and_wait(page, "China " + wanting(tool=[CHINA], text="The figures."))
    ask_and_wait(page, "long " + wanting(text=f"{SECTIONS}\n\n{WIDE}\n\n{FORMULA}\n\nThe very end."))
    for number in range(3):
        ask_and_wait(page, f"short {number} " + wanting(text=f"Answer {number}."))


def test_a_chat_prints_whole(new_person: Callable[..., BrowserContext], chat_server: ParleyServer) -> None:
    page = new_person(color_scheme="dark", viewport={"width": 1280, "height": 700}).new_page()
    page.goto(chat_server.url)
    filled(page)
    expect(page.locator(".math-display.rendered")).to_have_count(1)
    assert pages_of(page.pdf(format="A4", prefer_css_page_size=True)) >= 7
    # What the browser did for that is undone.
    expect(page.locator("html")).not_to_have_class("printing")

    page.set_viewport_size({"width": A4, "height": 1000})
    page.emulate_media(media="print", color_scheme="dark")
    expect(page.locator("html")).to_have_class("printing")
    assert page.evaluate(PRESSED) == []
    assert page.evaluate(CUT) == []
    for gone in (".sidebar", ".composer", ".topbar-badges"):
        expect(page.locator(gone)).to_be_hidden()
    for words in ("Section 14", "The very end.", "Answer 0."):
        expect(page.locator(".markdown").get_by_text(words, exact=True)).to_be_visible()
    heights = page.evaluate("[document.body.scrollHeight, document.querySelector('.scroller').clientHeight]")
    assert min(heights) > 4000
    expect(page.locator(".chart")).to_have_count(page.locator(".chart .plot path, .chart .plot .bar").count())
    for chart in page.locator(".chart").all():
        expect(chart.locator(".legend")).to_be_visible()
        expect(chart.locator(".plot svg")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"

    page.emulate_media(media="screen")
    expect(page.locator(".composer")).to_be_visible()
