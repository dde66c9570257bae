"""Scrolling: the place of the last question, followers, long histories."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.user_actions import ENDLESS, answers, ask, ask_and_wait, user_of, wait_until_answering
from tests.servers.parley import ParleyServer, wanting


def distance(page: Page) -> float:
    """Return the distance from the end, in pixels."""
    return float(page.locator(".scroller").evaluate("each => each.scrollHeight - each.clientHeight - each.scrollTop"))


def question_top(page: Page) -> float:
    """Return the distance of the last question from the top of the thread, in pixels."""
    question = page.locator("article.question").last
    return float(
        question.evaluate(
            "each => each.getBoundingClientRect().top - each.closest('.scroller').getBoundingClientRect().top"
        )
    )


def scroll_top(page: Page) -> float:
    return float(page.locator(".scroller").evaluate("each => each.scrollTop"))


TALL = "\n\n".join(f"Paragraph {number} of many." for number in range(400))


@pytest.mark.parametrize("width", [1280, 390])
def test_a_question_stays_at_the_top_while_its_answer_fills_the_window(
    new_person: Callable[..., BrowserContext], chat_server: ParleyServer, width: int
) -> None:
    window = new_person(viewport={"width": width, "height": 800}).new_page()
    window.goto(chat_server.url)
    ask_and_wait(window, "Long before " + wanting(text=TALL, first=0, gap=0))
    ask(window, "Long " + wanting(text=TALL, first=0.1, gap=0.01))
    down = window.get_by_role("button", name="Jump to the end")
    expect(answers(window)).to_have_count(2)
    expect(answers(window).last.locator("p").first).to_be_visible()
    assert 0 <= question_top(window) <= 24
    top = scroll_top(window)
    expect(answers(window).last.locator("p").nth(60)).to_be_attached()
    assert scroll_top(window) == top
    assert 0 <= question_top(window) <= 24
    expect(down).to_be_visible()
    window.get_by_role("button", name="Stop the answer").click()
    expect(window.locator(".stopped")).to_be_attached()
    assert abs(scroll_top(window) - top) <= 1
    # The same with an answer that never fills it, which stays there when it is complete.
    ask_and_wait(window, "Short " + wanting(text="Here."))
    expect(down).to_have_count(0)
    assert 0 <= question_top(window) <= 24


def test_an_answer_that_is_taken_up_again_has_its_question_at_the_top(window: Page) -> None:
    ask_and_wait(window, "Long before " + wanting(text=TALL, first=0, gap=0))
    ask(window, "Endless " + ENDLESS)
    wait_until_answering(window)
    window.reload()
    wait_until_answering(window)
    window.wait_for_timeout(300)
    assert 0 <= question_top(window) <= 24
    window.get_by_role("button", name="Stop the answer").click()


def test_the_figures_of_an_answer_stay_in_sight_on_a_phone(
    new_person: Callable[..., BrowserContext], server: ParleyServer
) -> None:
    page = new_person(viewport={"width": 390, "height": 844}, has_touch=True).new_page()
    page.goto(server.url)
    ask_and_wait(page, "Show me China market data")
    assert 0 <= question_top(page) <= 24
    expect(page.locator("figure.result table").first).to_be_in_viewport()
    ask_and_wait(page, "and India?")
    assert 0 <= question_top(page) <= 24
    expect(page.locator("figure.result table").last).to_be_in_viewport()


def test_the_page_follows_a_reader_who_goes_to_the_end_until_they_move(window: Page) -> None:
    ask(window, "Long " + wanting(text=TALL, first=0.1, gap=0.01))
    down = window.get_by_role("button", name="Jump to the end")
    down.click()
    expect(down).to_have_count(0)
    expect(answers(window).locator("p").nth(60)).to_be_attached()
    assert distance(window) < 5
    window.mouse.move(700, 400)
    window.mouse.wheel(0, -20)
    expect(down).to_be_visible()
    top = scroll_top(window)
    expect(answers(window).locator("p").nth(90)).to_be_attached()
    assert scroll_top(window) == top
    down.click()
    expect(down).to_have_count(0)
    assert distance(window) < 5
    window.get_by_role("button", name="Stop the answer").click()
    expect(window.locator(".stopped")).to_be_attached()


@contextmanager
def long_history(server: ParleyServer, page: Page, messages: int) -> Iterator[str]:
    """Write a conversation with this many messages into the database. Return its address."""
    user = user_of(page, server)
    conversation = user.conversation()
    with closing(sqlite3.connect(server.folder / "chat.db")) as database, database:
        parent = None
        for number in range(messages):
            role = "assistant" if number % 2 else "user"
            text = f"Message {number}. " + "Some **words** of `it`.\n\n- one\n- two\n" * (1 + number % 4)
            cursor = database.execute(
                "INSERT INTO messages (conversation_id, parent_id, role, text, reasoning, created_at)"
                " VALUES (?, ?, ?, ?, '', 0)",
                (conversation, parent, role, text),
            )
            parent = cursor.lastrowid
        database.execute("UPDATE conversations SET head_id = ?, title = 'Long' WHERE id = ?", (parent, conversation))
    yield f"{server.url}/c/{conversation}"


def test_a_long_conversation_opens_at_its_end_and_is_read_backwards(window: Page, chat_server: ParleyServer) -> None:
    with long_history(chat_server, window, 2000) as address:
        window.goto(address)
        expect(window.locator("article").last).to_contain_text("Message 1999.")
        assert window.locator("article").count() == 50
        assert distance(window) < 5
        for pages in (2, 3):
            with delayed_requests(window, "**/api/conversations/*before=*"):
                held = window.evaluate(HOLD)
            expect(window.locator("article")).to_have_count(50 * pages)
            assert abs(window.evaluate(MOVED, held)) <= 2
        expect(window.locator("article").first).to_contain_text("Message 1850.")


@contextmanager
def delayed_requests(page: Page, address: str) -> Iterator[None]:
    """Delay requests to this address until the block is left."""
    page.route(address, lambda _: None)
    yield
    page.unroute(address)


# Goes up to where older messages are asked for, waits until all is laid out, and names a message and its place.
HOLD = """async () => {
  const scroller = document.querySelector(".scroller");
  for (const top of [1400, 1000, 900]) {
    scroller.scrollTop = top;
    for (let frame = 0; frame < 10; frame += 1) await new Promise(requestAnimationFrame);
  }
  const top = scroller.getBoundingClientRect().top;
  const seen = [...document.querySelectorAll("article")].find((each) => each.getBoundingClientRect().bottom > top + 50);
  return { message: seen.dataset.message, top: seen.getBoundingClientRect().top };
}"""
MOVED = """async ({ message, top }) => {
  for (let frame = 0; frame < 10; frame += 1) await new Promise(requestAnimationFrame);
  return document.querySelector(`[data-message="${message}"]`).getBoundingClientRect().top - top;
}"""


def test_a_search_leads_to_a_message_far_back(window: Page, chat_server: ParleyServer) -> None:
    with long_history(chat_server, window, 700) as address:
        window.goto(address)
        expect(window.locator("article")).to_have_count(50)
        last = int(window.locator("article").last.get_attribute("data-message") or 0)
        positions = {
            "id": int(address.rsplit("/", 1)[1]),
            "title": "Long",
            "updated_at": "2026-01-01T00:00:00Z",
            "snippet": {"text": "Message 41.", "marks": [[0, 7]], "message_id": last - 699 + 41},
        }
        window.route("**/api/conversations?*q=*", lambda route: route.fulfill(json={"items": [positions]}))
        window.keyboard.press("Control+k")
        search = window.get_by_role("dialog", name="Search chats")
        search.get_by_role("combobox").fill("message 41")
        search.get_by_role("option").filter(has_text="Long").first.click()
        expect(window.locator("article", has_text="Message 41.")).to_be_in_viewport()
