"""The views of a chart: ranges, series, forms, scales, enlarging, by pointer, touch and keyboard."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.user_actions import ask_and_wait
from tests.servers.parley import ParleyServer, wanting

TWO = ("compare_markets", {"countries": ["India", "China"], "indicator": "gdp"})
CHINA = ("market_data", {"country": "China"})


def chart_of(page: Page, tool: tuple[str, object], title: str) -> Locator:
    ask_and_wait(page, "chart " + wanting(tool=[tool], text="There."))
    chart = page.locator("article.answer").last.locator("section.chart", has_text=title).first
    chart.scroll_into_view_if_needed()
    return chart


def test_a_chart_shows_what_is_chosen_of_it(window: Page) -> None:
    chart = chart_of(window, TWO, "GDP")
    plot = chart.get_by_role("img")
    spans = re.compile(r"\d{4} to \d{4}")
    whole = spans.search(plot.get_attribute("aria-label") or "")
    chart.get_by_role("button", name="Last 5 years").click()
    expect(plot).to_have_attribute("aria-label", re.compile(r"2020 to 2025|2019 to 2024"))
    chart.get_by_role("button", name="All data").click()
    assert whole
    expect(plot).to_have_attribute("aria-label", re.compile(whole.group()))

    lines = plot.locator("path.line")
    expect(lines).to_have_count(2)
    colour = lines.nth(1).get_attribute("class")
    first, _ = chart.locator(".legend").get_by_role("button").all()
    first.click()
    expect(lines).to_have_count(1)
    assert lines.get_attribute("class") == colour
    first.click()
    expect(lines).to_have_count(2)

    chart.get_by_role("button", name="Rebased to 100").click()
    expect(chart.locator(".unit").first).to_have_text(re.compile(r"\d{4} = 100"))
    chart.get_by_role("button", name="Change in percent").click()
    expect(chart.locator(".unit").first).to_have_text(re.compile(r"% since \d{4}"))
    expect(chart.get_by_role("button", name="Logarithmic scale")).to_be_disabled()
    chart.get_by_role("button", name="Change in percent").click()
    chart.get_by_role("button", name="Logarithmic scale").click()
    expect(chart.locator(".unit").first).to_contain_text("logarithmic")


def test_a_chart_fills_the_window_with_the_same_choice(window: Page) -> None:
    chart = chart_of(window, TWO, "GDP")
    chart.get_by_role("button", name="Rebased to 100").click()
    opener = chart.get_by_role("button", name="Enlarge")
    opener.click()
    large = window.get_by_role("dialog")
    expect(large.get_by_role("button", name="Rebased to 100")).to_have_attribute("aria-pressed", "true")
    box = large.get_by_role("img").bounding_box()
    assert box
    assert box["width"] > 1000
    assert box["height"] > 400
    large.get_by_role("button", name="Change in percent").click()
    window.keyboard.press("Escape")
    expect(large).to_have_count(0)
    expect(chart.get_by_role("button", name="Change in percent")).to_have_attribute("aria-pressed", "true")
    expect(opener).to_be_focused()


def test_a_click_draws_no_box_and_the_keyboard_does(window: Page) -> None:
    plot = chart_of(window, CHINA, "GDP growth").get_by_role("img")
    plot.click()
    expect(plot).to_have_css("outline-style", "none")
    window.keyboard.press("Shift+Tab")
    window.keyboard.press("Tab")
    expect(plot).to_be_focused()
    expect(plot).to_have_css("outline-style", "solid")


@pytest.mark.parametrize("width", [390, 320])
def test_what_a_finger_touched_stays_until_it_touches_elsewhere(
    new_person: Callable[..., BrowserContext], chat_server: ParleyServer, width: int
) -> None:
    page = new_person(viewport={"width": width, "height": 780}, has_touch=True, is_mobile=True).new_page()
    page.goto(chat_server.url)
    chart = chart_of(page, CHINA, "GDP growth")
    date = chart.locator(".legend .date")
    latest = date.inner_text()
    chart.get_by_role("img").tap(position={"x": 120, "y": 100})
    expect(date).not_to_have_text(latest)
    touched = date.inner_text()
    page.wait_for_timeout(300)
    expect(date).to_have_text(touched)
    chart.get_by_role("img").tap(position={"x": 200, "y": 100})
    expect(date).not_to_have_text(touched)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    chart.get_by_role("button", name="Enlarge").tap()
    assert page.get_by_role("dialog").evaluate("each => each.scrollWidth <= each.clientWidth")
