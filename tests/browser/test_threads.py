"""Messages: branches, errors, other windows, lost networks, dead workers."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext, Locator, Page, Request, Route, expect

from scripts.fake_llm import generated_text
from scripts.kit.network_link import NetworkLink
from tests.browser.conftest import fake_server
from tests.browser.user_actions import (
    ENDLESS,
    SLOW,
    answers,
    ask,
    ask_and_wait,
    wait_until_answering,
    wait_until_finished,
)
from tests.servers.parley import ParleyServer, wanting

STILL = "() => { globalThis.untouched = true; }"


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
