"""A second click that comes too early: one message, one new answer, one deleted chat, and no stop."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.user_actions import (
    ENDLESS,
    ask,
    ask_and_wait,
    choose_in_menu,
    field,
    list_item,
    wait_until_answering,
)
from tests.servers.parley import ParleyServer, wanting

DELAYS_MS = [0, 8, 40, 120, 300]


def click_twice(page: Page, target: Locator, delay_ms: int) -> None:
    """Click the control, and then the same place again, whatever is there."""
    target.scroll_into_view_if_needed()
    box = target.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.click(x, y)
    page.wait_for_timeout(delay_ms)
    page.mouse.click(x, y)


def still_answering_once(page: Page) -> None:
    wait_until_answering(page)
    expect(page.locator("article.question")).to_have_count(1)
    expect(page.locator("article.answer")).to_have_count(1)
    expect(page.get_by_role("region", name="Waiting to be sent")).to_have_count(0)
    expect(page.locator("article.answer")).not_to_contain_text("Stopped")
    page.get_by_role("button", name="Stop the answer").click()


@pytest.mark.parametrize("delay_ms", DELAYS_MS)
def test_send_clicked_twice_sends_once_and_stops_nothing(window: Page, delay_ms: int) -> None:
    field(window).fill("Talk. " + ENDLESS)
    click_twice(window, window.get_by_role("button", name="Send"), delay_ms)
    still_answering_once(window)


@pytest.mark.parametrize("presses", ["el.click(); el.click();", "el.form.requestSubmit(); el.form.requestSubmit();"])
def test_send_pressed_twice_in_one_frame_sends_once(window: Page, presses: str) -> None:
    field(window).fill("Talk. " + ENDLESS)
    window.get_by_role("button", name="Send").evaluate(f"el => {{ {presses} }}")
    still_answering_once(window)


def test_enter_pressed_twice_sends_once(window: Page) -> None:
    field(window).fill("Talk. " + ENDLESS)
    field(window).press("Enter")
    field(window).press("Enter")
    still_answering_once(window)


def test_send_tapped_twice_sends_once(new_person: Callable[..., BrowserContext], chat_server: ParleyServer) -> None:
    page = new_person(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True).new_page()
    page.goto(chat_server.url)
    field(page).fill("Talk. " + ENDLESS)
    box = page.get_by_role("button", name="Send").bounding_box()
    assert box
    for _ in range(2):
        page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    still_answering_once(page)


def test_a_suggestion_clicked_twice_is_asked_once(page: Page) -> None:
    click_twice(page, page.get_by_role("button", name="What can you do?"), 8)
    expect(page.locator("article.question")).to_have_count(1)
    expect(page.locator("article.answer")).to_contain_text("demo model")
    expect(page.locator("article.question")).to_have_count(1)


def test_stop_clicked_twice_does_not_send_the_draft(window: Page) -> None:
    ask(window, "Talk. " + ENDLESS)
    wait_until_answering(window)
    field(window).fill("Not yet finished")
    click_twice(window, window.get_by_role("button", name="Stop the answer"), 120)
    expect(window.get_by_role("button", name="Send")).to_be_visible()
    expect(window.locator("article.answer")).to_contain_text("Stopped")
    expect(field(window)).to_have_value("Not yet finished")
    expect(window.locator("article.question")).to_have_count(1)


@pytest.mark.parametrize("delay_ms", [8, 120, 300])
def test_answer_again_and_retry_clicked_twice_ask_once(window: Page, delay_ms: int) -> None:
    ask_and_wait(window, "Again please " + wanting(text="Here."))
    click_twice(window, window.get_by_role("button", name="Answer again"), delay_ms)
    expect(window.locator("article.answer .branches")).to_have_text("2/2")
    window.wait_for_timeout(300)
    expect(window.locator("article.answer .branches")).to_have_text("2/2")
    ask(window, f"Fail after {delay_ms} ms " + wanting(fault="cut", at=3, times=2))
    click_twice(window, window.get_by_role("button", name="Retry"), delay_ms)
    expect(window.locator("article.answer .branches").last).to_have_text("2/2")
    window.wait_for_timeout(300)
    expect(window.locator("article.answer .branches").last).to_have_text("2/2")


@pytest.mark.parametrize("delay_ms", [8, 120])
def test_delete_clicked_twice_deletes_one_chat_and_opens_none(window: Page, delay_ms: int) -> None:
    for title in ("One", "Two", "Three"):
        ask_and_wait(window, title)
        window.get_by_role("link", name="New chat").first.click()
    line = list_item(window, "Three")
    line.hover()
    line.get_by_role("button").click()
    click_twice(window, window.get_by_role("menuitem", name="Delete"), delay_ms)
    expect(list_item(window, "Three")).to_have_count(0)
    expect(window.locator("nav.history .item")).to_have_count(2)
    expect(window.locator("h1")).to_have_text("What would you like to know?")
    choose_in_menu(window, "Two", "Delete")
    expect(window.locator("nav.history .item")).to_have_count(1)
