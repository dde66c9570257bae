"""Messages: branches, errors, other windows, lost networks, dead workers, long histories."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Request, Route, expect

from scripts.fake_llm import generated_text
from scripts.kit.network_link import NetworkLink
from tests.browser.conftest import fake_server
from tests.browser.user_actions import ENDLESS, SLOW, ask, ask_and_wait, wait_until_answering, wait_until_finished
from tests.servers.parley import ParleyServer, User, wanting

STILL = "() => { globalThis.untouched = true; }"


def answers(page: Page) -> Locator:
    return page.locator("article.answer")


def questions(page: Page) -> Locator:
    return page.locator("article.question > p")


def expect_texts(page: Page, text: str) -> None:
    expect(page.get_by_role("status").filter(has_text=text)).to_have_count(1)


def edit(page: Page, text: str) -> None:
    page.locator("article.question").last.get_by_role("button", name="Edit").click()
    field = page.get_by_role("textbox", name="Your message")
    expect(field).to_be_focused()
    field.fill(text)
    field.press("Enter")


def test_a_question_is_asked_in_other_words_and_both_versions_stay(window: Page) -> None:
    ask_and_wait(window, "First words " + wanting(text="First answer"))
    edit(window, "Other words " + wanting(text="Other answer"))
    expect(answers(window)).to_contain_text("Other answer")
    wait_until_finished(window)
    switcher = window.locator("article.question .branches")
    expect(switcher).to_have_text("2/2")
    switcher.get_by_role("button", name="Previous version").click()
    expect(questions(window)).to_contain_text("First words")
    expect(answers(window)).to_contain_text("First answer")
    expect(switcher).to_have_text("1/2")
    # What is asked now belongs to the branch that is shown.
    ask_and_wait(window, "And then " + wanting(text="Then that"))
    expect(questions(window)).to_have_count(2)
    window.reload()
    expect(answers(window)).to_have_count(2)
    expect(answers(window).first).to_contain_text("First answer")
    switcher.get_by_role("button", name="Next version").press("Enter")
    expect(answers(window)).to_have_count(1)
    expect(answers(window)).to_contain_text("Other answer")


def test_editing_is_given_up_with_escape_and_the_focus_comes_back(window: Page) -> None:
    ask_and_wait(window, "Some words")
    button = window.get_by_role("button", name="Edit")
    button.press("Enter")
    window.get_by_role("textbox", name="Your message").press("Escape")
    expect(window.get_by_role("textbox", name="Your message")).to_have_count(0)
    expect(button).to_be_focused()


def test_another_answer_stands_beside_the_first(window: Page) -> None:
    ask_and_wait(window, "Again please")
    window.get_by_role("button", name="Answer again").click()
    expect(window.locator("article.answer .branches")).to_have_text("2/2")
    expect(questions(window)).to_have_count(1)
    window.locator("article.answer").get_by_role("button", name="Previous version").click()
    expect(window.locator("article.answer .branches")).to_have_text("1/2")


def test_a_message_is_copied_and_an_answer_rated_by_keys_alone(window: Page) -> None:
    window.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask_and_wait(window, "Rate me " + wanting(text="A **good** one"))
    answers(window).get_by_role("button", name="Copy").press("Enter")
    expect(answers(window).get_by_role("button", name="Copied")).to_be_visible()
    assert window.evaluate("navigator.clipboard.readText()") == "A **good** one"
    good = answers(window).get_by_role("button", name="Good answer")
    with window.expect_response(re.compile("/feedback$")) as rated:
        good.press("Enter")
    assert rated.value.ok
    expect(good).to_have_attribute("aria-pressed", "true")
    window.reload()
    expect(good).to_have_attribute("aria-pressed", "true")


def test_what_was_refused_comes_back_to_where_it_was_typed(
    new_person: Callable[..., BrowserContext], chat_server: ParleyServer
) -> None:
    page = new_person(forgive="422").new_page()
    page.goto(chat_server.url)
    refusal = {"error": {"code": "invalid_value", "message": "That cannot be asked."}}
    page.route("**/turns", lambda route: route.fulfill(status=422, json=refusal))
    ask(page, "Precious words")
    expect(page.get_by_role("alert").filter(has_text="That cannot be asked.")).to_be_visible()
    expect(page.locator("#message-field")).to_have_value("Precious words")
    expect(questions(page)).to_have_count(0)
    page.unroute("**/turns")
    page.locator("#message-field").press("Enter")
    wait_until_finished(page)
    expect(questions(page)).to_have_text(["Precious words"])


def test_a_restarting_server_is_asked_again_quietly_with_the_same_request(
    new_person: Callable[..., BrowserContext], chat_server: ParleyServer
) -> None:
    bodies: list[str | None] = []
    restarting = {"error": {"code": "restarting", "message": "The server is restarting."}}

    def answer(route: Route, request: Request) -> None:
        bodies.append(request.post_data)
        if len(bodies) == 1:
            route.fulfill(status=503, headers={"Retry-After": "0"}, json=restarting)
        elif len(bodies) == 2:
            # It arrives, but nobody hears of it.
            route.fetch()
            route.abort()
        else:
            route.continue_()

    page = new_person(forgive="503|ERR_FAILED").new_page()
    page.goto(chat_server.url)
    page.route("**/turns", answer)
    ask_and_wait(page, "Once only")
    assert len(bodies) == 3
    assert len(set(bodies)) == 1
    page.reload()
    expect(questions(page)).to_have_text(["Once only"])
    expect(page.locator(".banner")).to_have_count(0)


def test_an_answer_that_failed_is_retried(window: Page) -> None:
    ask(window, "Try " + wanting(fault="cut", at=3, times=1, tokens=8))
    window.locator(".status-box.failed").get_by_role("button", name="Retry").click()
    wait_until_finished(window)
    expect(window.locator(".status-box")).to_have_count(0)
    expect(window.locator("article.answer .branches")).to_have_text("2/2")


def test_a_lost_network_is_bridged_without_a_reload(
    new_person: Callable[..., BrowserContext], chat_server: ParleyServer
) -> None:
    page = new_person(forgive="ERR_").new_page()
    with NetworkLink(chat_server.port) as link:
        page.goto(link.url)
        page.evaluate(STILL)
        ask(page, "Go on " + wanting(first=0.1, tokens=80, gap=0.05))
        wait_until_answering(page)
        link.cut()
        expect(page.locator(".progress.reconnecting")).to_have_text("Connection lost. Reconnecting…")
        link.mend()
        wait_until_finished(page)
        assert page.evaluate("() => globalThis.untouched")
        expect(answers(page).locator(".markdown")).to_have_text(generated_text(80).strip())
        expect(page.locator(".progress.reconnecting")).to_have_count(0)


def test_a_second_window_sees_what_the_first_one_asked(
    new_person: Callable[..., BrowserContext], chat_server: ParleyServer
) -> None:
    user = new_person()
    one, other = user.new_page(), user.new_page()
    one.goto(chat_server.url)
    ask_and_wait(one, "Hello")
    other.goto(one.url)
    expect(answers(other)).to_have_count(1)
    ask(one, "And more " + SLOW)
    # It is told, and follows the answer while it is written.
    expect(questions(other)).to_have_count(2)
    wait_until_answering(other)
    wait_until_finished(other)
    wait_until_finished(one)
    assert answers(one).last.inner_text() == answers(other).last.inner_text()


def test_any_window_stops_an_answer(new_person: Callable[..., BrowserContext], chat_server: ParleyServer) -> None:
    user = new_person()
    one, other = user.new_page(), user.new_page()
    one.goto(chat_server.url)
    ask(one, "On and on " + ENDLESS)
    wait_until_answering(one)
    other.goto(one.url)
    wait_until_answering(other)
    other.get_by_role("button", name="Stop the answer").click()
    for page in (one, other):
        expect(page.locator(".stopped")).to_have_text("Stopped")
        expect(page.get_by_role("button", name="Stop the answer")).to_have_count(0)
    expect(answers(one).locator(".markdown")).not_to_be_empty()
    expect(one.locator(".status-box")).to_have_count(0)


def test_a_reload_in_mid_answer_goes_on(window: Page) -> None:
    ask(window, "Reload " + wanting(first=0.1, tokens=60, gap=0.04))
    wait_until_answering(window)
    window.reload()
    expect(questions(window)).to_have_count(1)
    wait_until_finished(window)
    expect(answers(window).locator(".markdown")).to_have_text(generated_text(60).strip())


def test_a_worker_that_died_leaves_its_words_and_a_retry(
    new_person: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    with fake_server(tmp_path, WEB_CONCURRENCY=2) as own_server:
        page = new_person(forgive="ERR_|50[234]").new_page()
        page.goto(own_server.url)
        page.evaluate(STILL)
        ask(page, "Die " + wanting(first=0.1, tokens=400, gap=0.05, times=1, fault="stall", at=60))
        # Long enough for some of it to be in the database.
        expect(answers(page).locator(".markdown")).to_contain_text("(40)")
        for pid in own_server.workers:
            os.kill(pid, signal.SIGKILL)
        ended = page.locator(".status-box")
        expect(ended).to_contain_text("Interrupted")
        expect(answers(page).locator(".markdown")).to_contain_text("The(0) market(1)")
        assert page.evaluate("() => globalThis.untouched")
        ended.get_by_role("button", name="Retry").click()
        page.get_by_role("button", name="Stop the answer").click()
        expect(page.locator(".stopped")).to_be_visible()
        expect(page.locator("article.answer .branches")).to_have_text("2/2")


# Scrolling


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


# Long histories


@contextmanager
def long_history(server: ParleyServer, page: Page, messages: int) -> Iterator[str]:
    """Write a conversation with this many messages into the database. Return its address."""
    user = User(server.url)
    user.session.cookies.clear()
    for cookie in page.context.cookies():
        user.session.cookies.set(cookie["name"], cookie["value"])
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
