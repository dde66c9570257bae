"""Missing chats, returning servers, copies, selections, questions, and the model of each chat."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.user_actions import (
    ENDLESS,
    ask,
    ask_and_wait,
    copy_answer,
    field,
    wait_until_answering,
    wait_until_finished,
)
from tests.servers.parley import ParleyServer, wanting


def test_a_chat_that_is_gone_says_so_and_offers_a_new_one(
    new_person: Callable[..., BrowserContext], chat_server: ParleyServer
) -> None:
    page = new_person(forgive="404").new_page()
    page.goto(f"{chat_server.url}/c/999999999999999999")
    expect(page.locator(".scroller")).to_contain_text("no such chat")
    field(page).fill("Asked all the same")
    page.get_by_role("button", name="Start a new chat").click()
    expect(page.locator("h1")).to_have_text("What would you like to know?")
    expect(field(page)).to_have_value("Asked all the same")


def test_a_chat_of_somebody_else_is_not_there_either(
    new_person: Callable[..., BrowserContext], chat_server: ParleyServer
) -> None:
    mine = new_person().new_page()
    mine.goto(chat_server.url)
    ask_and_wait(mine, "Mine alone")
    other = new_person(forgive="404").new_page()
    other.goto(mine.url)
    expect(other.locator(".scroller")).to_contain_text("no such chat")
    expect(other.get_by_role("button", name="Start a new chat")).to_be_visible()


def test_asking_in_a_chat_that_was_deleted_meanwhile_keeps_the_words(
    new_person: Callable[..., BrowserContext], chat_server: ParleyServer
) -> None:
    page = new_person(forgive="404").new_page()
    page.goto(chat_server.url)
    ask_and_wait(page, "Soon gone")
    page.evaluate("() => fetch(`/api/conversations/${location.pathname.split('/').pop()}`, { method: 'DELETE' })")
    ask(page, "Too late")
    expect(page.locator(".scroller")).to_contain_text("no such chat")
    expect(field(page)).to_have_value("Too late")
    field(page).press("Enter")
    expect(page.locator("h1")).to_have_text("What would you like to know?")
    expect(field(page)).to_have_value("Too late")
    field(page).press("Enter")
    wait_until_finished(page)
    expect(page.locator("article.question")).to_contain_text("Too late")


@pytest.mark.parametrize("status", [0, 502])
def test_that_the_server_is_away_is_said_until_it_is_back(
    new_person: Callable[..., BrowserContext], chat_server: ParleyServer, status: int
) -> None:
    page = new_person(forgive="502|ERR_FAILED|ERR_CONNECTION").new_page()
    page.goto(chat_server.url)
    ask_and_wait(page, "Rate me")
    away = True

    def answer(route: Route) -> None:
        if not away:
            route.fallback()
        elif status:
            route.fulfill(status=status, body="<html>Bad gateway</html>", content_type="text/html")
        else:
            route.abort()

    page.route("**/api/**", answer)
    page.route("**/healthz", answer)
    page.get_by_role("button", name="Good answer").click()
    banner = page.locator(".banner")
    expect(banner).to_contain_text("can’t be reached")
    expect(page.locator(".topbar-badge.offline")).to_be_visible()
    away = False
    expect(banner).to_have_count(0)
    expect(page.locator(".topbar-badge.offline")).to_have_count(0)


def test_copy_is_offered_where_there_is_something(window: Page) -> None:
    ask(window, "Nothing " + wanting(first=60))
    expect(window.get_by_role("button", name="Stop the answer")).to_be_visible()
    window.get_by_role("button", name="Stop the answer").click()
    expect(window.locator("article.answer")).to_contain_text("Stopped")
    expect(window.locator("article.answer").get_by_role("button", name="Copy")).to_have_count(0)
    expect(window.locator("article.question").get_by_role("button", name="Copy")).to_have_count(1)


def test_an_answer_is_copied_with_its_looks_and_its_figures(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask_and_wait(page, "Show me China market data")
    both = copy_answer(page)
    assert re.search(r"\| GDP \(current US\$\) \| [\d.]+ trillion US\$ \| \d{4} \|", both["text"])
    assert "Source: World Bank" in both["text"]
    assert "demo model" in both["text"]
    assert re.search(r"<table>.*<td>GDP \(current US\$\)</td><td>[\d.]+ trillion US\$</td>", both["html"], re.DOTALL)
    assert "demo model" in both["html"]
    assert "<button" not in both["html"]


def test_selecting_an_answer_takes_its_words_alone(page: Page) -> None:
    ask_and_wait(page, "Show me China market data")
    clipboard = page.evaluate(
        """() => {
          getSelection().selectAllChildren(document.querySelector("article.answer"));
          return getSelection().toString();
        }"""
    )
    assert "demo model" in clipboard
    assert "trillion US$" in clipboard
    assert "Indicator" in clipboard
    for word in ("CSV", "PNG", "Copy", "The answer"):
        assert word not in clipboard


def test_a_stream_that_ended_is_not_canceled(window: Page) -> None:
    failed: list[str] = []
    window.on("requestfailed", lambda request: failed.append(request.url))
    for number in range(4):
        ask_and_wait(window, f"Talk {number} " + wanting(text="Here it is."))
    window.wait_for_timeout(300)
    assert failed == []


CODE = 'Why does `a < b` fail in https://example.com/a(b)?\n```python\nif a < b:\n    print("**no**")\n```\nand *this*'


def test_a_question_has_code_and_links_and_is_otherwise_as_typed(window: Page) -> None:
    ask_and_wait(window, CODE)
    question = window.locator("article.question")
    expect(question.locator("p > code")).to_have_text("a < b")
    expect(question.locator("pre code")).to_have_text('if a < b:\n    print("**no**")', use_inner_text=True)
    expect(question.locator("a")).to_have_attribute("href", "https://example.com/a(b)")
    expect(question).to_contain_text("and *this*")
    expect(question.get_by_role("button", name="Show more")).to_have_count(0)


def test_a_long_question_folds(window: Page) -> None:
    ask_and_wait(window, "\n".join(f"Line {number} of a long question" for number in range(60)))
    question = window.locator("article.question")
    height = question.bounding_box()
    assert height
    assert height["height"] < 500
    question.get_by_role("button", name="Show more").click()
    expect(question.get_by_role("button", name="Show less")).to_be_visible()
    opened = question.bounding_box()
    assert opened
    assert opened["height"] > 1000


def test_the_chooser_is_as_wide_as_its_words(window: Page) -> None:
    choice = window.get_by_role("combobox", name="Model")
    narrow = choice.bounding_box()
    assert narrow
    assert narrow["width"] < 110
    choice.select_option("second")
    window.wait_for_function(
        "narrow => document.querySelector('select').getBoundingClientRect().width > narrow", arg=narrow["width"]
    )


def test_each_chat_has_its_model(window: Page, chat_server: ParleyServer) -> None:
    choice = window.get_by_role("combobox", name="Model")
    ask_and_wait(window, "The first chat")
    first = window.url
    choice.select_option("second")
    window.get_by_role("link", name="New chat").first.click()
    # A new chat takes what was chosen last.
    expect(choice).to_have_value("second")
    ask_and_wait(window, "The second chat")
    expect(window.locator("article.answer")).to_contain_text("second")
    choice.select_option("first")
    window.get_by_role("link", name="The first chat").first.click()
    expect(choice).to_have_value("second")
    other = window.context.new_page()
    other.goto(first)
    expect(other.get_by_role("combobox", name="Model")).to_have_value("second")
    window.reload()
    expect(choice).to_have_value("second")
    ask_and_wait(window, "And now")
    expect(window.locator("article.answer").last).to_contain_text("second")
    # On another device there is what answered last.
    window.evaluate("localStorage.clear()")
    window.reload()
    expect(choice).to_have_value("second")


def test_a_model_that_is_not_offered_any_more_is_said_to_be_gone(window: Page) -> None:
    ask_and_wait(window, "Ask the first")
    window.route(
        "**/api/me",
        lambda route: route.fulfill(
            json=route.fetch().json()
            | {
                "models": ["second", "third"],
                "default_model": "second",
            }
        ),
    )
    window.reload()
    expect(window.get_by_role("combobox", name="Model")).to_have_value("second")
    expect(window.locator(".composer")).to_contain_text("first is not offered any more")


def test_stop_waits_for_nobody(window: Page) -> None:
    ask(window, "Talk. " + ENDLESS)
    wait_until_answering(window)
    field(window).press("Escape")
    expect(window.locator("article.answer")).to_contain_text("Stopped")
