"""Writing and sending: growing, Enter, input methods, Stop, drafts, the queue, the choice of a model."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.user_actions import (
    ENDLESS,
    SLOW,
    ask,
    ask_and_wait,
    field,
    wait_until_answering,
    wait_until_finished,
)
from tests.servers.parley import ParleyServer, wanting


def wait_for_lines(page: Page, lines: int) -> None:
    """Wait until the box has this many lines. The page draws it in a frame after the input."""
    page.wait_for_function(
        "lines => { const box = document.querySelector('#message-field'); const s = getComputedStyle(box);"
        " const room = box.clientHeight - parseFloat(s.paddingTop) - parseFloat(s.paddingBottom);"
        " return Math.abs(room / parseFloat(s.lineHeight) - lines) < 0.1 }",
        arg=lines,
    )


@pytest.mark.parametrize(("width", "most"), [(1280, 8), (390, 4)])
def test_the_box_grows_with_its_text(
    new_person: Callable[..., BrowserContext], chat_server: ParleyServer, width: int, most: int
) -> None:
    window = new_person(viewport={"width": width, "height": 800}).new_page()
    window.goto(chat_server.url)
    wait_for_lines(window, 1)
    field(window).fill("\n".join("abc"))
    wait_for_lines(window, 3)
    field(window).fill("\n".join("x" * 30))
    wait_for_lines(window, most)
    field(window).fill("")
    wait_for_lines(window, 1)


def test_enter_sends_and_shift_enter_breaks_the_line(window: Page) -> None:
    field(window).press_sequentially("one")
    field(window).press("Shift+Enter")
    field(window).press_sequentially("two")
    expect(field(window)).to_have_value("one\ntwo")
    expect(window.locator("article.question")).to_have_count(0)
    field(window).press("Enter")
    expect(window.locator("article.question p")).to_have_text("one\ntwo", use_inner_text=True)
    expect(field(window)).to_have_value("")
    wait_until_finished(window)


@pytest.mark.parametrize("second_thoughts", [False, True])
def test_enter_pressed_before_the_chat_is_there_sends_once_it_is(window: Page, second_thoughts: bool) -> None:
    ask_and_wait(window, "Something to come back to")
    held: list[Route] = []
    window.route("**/api/conversations/*", lambda route: held.append(route))  # noqa: PLW0108 - it takes no built-in
    window.reload(wait_until="load")
    ask(window, "In a hurry")
    if second_thoughts:
        field(window).press_sequentially("?")
    expect(window.locator("article.question")).to_have_count(0)
    for _ in range(1000):
        if not held:
            window.wait_for_timeout(10)
    held.pop().continue_()
    expect(window.locator("article.question").first).to_be_visible()
    if second_thoughts:
        expect(field(window)).to_have_value("In a hurry?")
        expect(window.locator("article.question")).to_have_count(1)
    else:
        expect(window.locator("article.question p").last).to_have_text("In a hurry")
        expect(field(window)).to_have_value("")
        wait_until_finished(window)


@pytest.mark.parametrize("door", ["a.sidebar-link", "nav.history a"])
def test_another_chat_is_shown_with_the_caret_in_the_box(window: Page, door: str) -> None:
    ask_and_wait(window, "Something to leave")
    window.get_by_role("link", name="New chat").first.click()
    expect(window.locator("h1")).to_have_text("What would you like to know?")
    if door == "a.sidebar-link":
        window.locator("nav.history a").first.click()
        expect(window.locator("h1")).to_have_text("Something to leave")
    # In the very frame that shows it: who goes on by keyboard then is not called back.
    focused = """door => new Promise(resolve => {
      document.activeElement.blur();
      document.querySelector(door).click();
      requestAnimationFrame(() => resolve(document.activeElement.id));
    })"""
    assert window.evaluate(focused, door) == "message-field"


def test_enter_belongs_to_the_input_method_while_it_composes(window: Page) -> None:
    devtools = window.context.new_cdp_session(window)
    field(window).focus()
    devtools.send("Input.imeSetComposition", {"text": "にほん", "selectionStart": 3, "selectionEnd": 3})
    # As Chromium reports the key that ends a composition: with the code 229, or as composing.
    devtools.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", "key": "Enter", "windowsVirtualKeyCode": 229})
    field(window).dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    devtools.send("Input.insertText", {"text": "日本"})
    expect(field(window)).to_have_value("日本")
    expect(window.locator("article.question")).to_have_count(0)
    field(window).press("Enter")
    expect(window.locator("article.question")).to_contain_text("日本")
    wait_until_finished(window)


def test_send_becomes_stop_and_stop_keeps_what_was_written(window: Page) -> None:
    expect(window.get_by_role("button", name="Send")).to_be_disabled()
    ask(window, "Talk. " + ENDLESS)
    wait_until_answering(window)
    expect(window.get_by_role("button", name="Send")).to_have_count(0)
    window.get_by_role("button", name="Stop the answer").click()
    expect(window.get_by_role("button", name="Send")).to_be_visible()
    expect(window.locator("article.answer")).to_contain_text("Stopped")
    expect(window.locator("article.answer .markdown")).not_to_be_empty()
    expect(field(window)).to_be_focused()
    window.reload()
    expect(window.locator("article.answer")).to_contain_text("Stopped")


def test_escape_in_the_empty_box_stops_and_elsewhere_does_not(window: Page) -> None:
    ask(window, "Talk. " + ENDLESS)
    wait_until_answering(window)
    field(window).fill("a draft")
    field(window).press("Escape")
    expect(window.get_by_role("button", name="Stop the answer")).to_be_visible()
    field(window).fill("")
    field(window).press("Escape")
    expect(window.get_by_role("button", name="Stop the answer")).to_have_count(0)


def test_a_draft_of_each_chat_survives_a_reload(window: Page) -> None:
    ask_and_wait(window, "The first chat")
    field(window).fill("half a thought")
    window.get_by_role("link", name="New chat").first.click()
    expect(field(window)).to_have_value("")
    field(window).fill("something new")
    window.reload()
    expect(field(window)).to_have_value("something new")
    window.locator("nav.history").get_by_text("The first chat").click()
    expect(field(window)).to_have_value("half a thought")
    expect(window.locator("article.answer")).to_be_visible()
    field(window).press("Enter")
    wait_until_finished(window)
    window.reload()
    expect(field(window)).to_have_value("")


def test_what_is_sent_while_an_answer_runs_waits_for_its_end(window: Page) -> None:
    ask(window, "First. " + SLOW)
    wait_until_answering(window)
    ask(window, "Second.")
    ask(window, "Third.")
    queue = window.get_by_role("region", name="Waiting to be sent")
    expect(queue.get_by_role("listitem")).to_have_text(["Second.", "Third."])
    expect(window.locator("article.question")).to_have_count(1)
    expect(window.locator("article.question")).to_have_count(3)
    expect(queue).to_have_count(0)
    wait_until_finished(window)
    texts = [each.split("\n")[0] for each in window.locator("article.question p").all_inner_texts()]
    assert texts[1:] == ["Second.", "Third."]
    expect(window.locator("article.answer")).to_have_count(3)


def test_a_queued_message_can_be_edited_and_deleted(window: Page) -> None:
    ask(window, "First. " + ENDLESS)
    wait_until_answering(window)
    ask(window, "Change me")
    ask(window, "Delete me")
    queue = window.get_by_role("region", name="Waiting to be sent")
    queue.get_by_role("listitem").filter(has_text="Delete me").get_by_role("button", name="Delete").click()
    expect(queue.get_by_role("listitem")).to_have_text(["Change me"])
    queue.get_by_role("button", name="Edit").click()
    expect(queue).to_have_count(0)
    expect(field(window)).to_have_value("Change me")
    expect(field(window)).to_be_focused()
    window.get_by_role("button", name="Stop the answer").click()
    expect(window.get_by_role("button", name="Send")).to_be_enabled()


def test_send_now_stops_the_answer_first(window: Page) -> None:
    ask(window, "First. " + ENDLESS)
    wait_until_answering(window)
    ask(window, "Second.")
    ask(window, "Urgent.")
    queue = window.get_by_role("region", name="Waiting to be sent")
    queue.get_by_role("listitem").filter(has_text="Urgent.").get_by_role("button", name="Send now").click()
    expect(window.locator("article.question").nth(1)).to_contain_text("Urgent.")
    expect(window.locator("article.answer").first).to_contain_text("Stopped")
    # The one before it in the queue follows, since this answer came to its end.
    expect(window.locator("article.question").nth(2)).to_contain_text("Second.")
    wait_until_finished(window)


def test_a_stopped_answer_holds_the_queue(window: Page) -> None:
    ask(window, "First. " + ENDLESS)
    wait_until_answering(window)
    ask(window, "Second.")
    window.get_by_role("button", name="Stop the answer").click()
    queue = window.get_by_role("region", name="Waiting to be sent")
    expect(queue).to_contain_text("did not complete")
    expect(window.locator("article.question")).to_have_count(1)
    queue.get_by_role("button", name="Send now").click()
    wait_until_finished(window)
    expect(window.locator("article.question").nth(1)).to_contain_text("Second.")
    expect(queue).to_have_count(0)


def test_the_queue_survives_a_reload_and_still_goes_out(window: Page) -> None:
    ask(window, "First. " + SLOW)
    wait_until_answering(window)
    ask(window, "Second.")
    window.reload()
    expect(window.get_by_role("region", name="Waiting to be sent")).to_contain_text("Second.")
    expect(window.locator("article.question").nth(1)).to_contain_text("Second.")
    wait_until_finished(window)
    expect(window.get_by_role("region", name="Waiting to be sent")).to_have_count(0)
    window.reload()
    expect(window.locator("article.question")).to_have_count(2)


def test_two_windows_send_a_queued_message_once(window: Page) -> None:
    # Long enough for a second window to be opened meanwhile, also on a machine that has much to do.
    ask(window, "First. " + wanting(first=0.1, tokens=160, gap=0.05))
    wait_until_answering(window)
    other = window.context.new_page()
    other.goto(window.url)
    wait_until_answering(other)
    ask(window, "Second.")
    expect(other.get_by_role("region", name="Waiting to be sent")).to_contain_text("Second.")
    for each in (window, other):
        expect(each.locator("article.question").nth(1)).to_contain_text("Second.")
        expect(each.locator("article.answer")).to_have_count(2)
    wait_until_finished(window)
    window.reload()
    expect(window.locator("article.question")).to_have_count(2)


def test_the_queue_of_a_chat_that_is_not_open_goes_out_too(window: Page) -> None:
    ask(window, "First. " + SLOW)
    wait_until_answering(window)
    ask(window, "Second.")
    address = window.url
    window.get_by_role("link", name="New chat").first.click()
    expect(window.get_by_role("img", name="Answering")).to_be_visible()
    ask_and_wait(window, "Another chat")
    expect(window.get_by_role("img", name="Answering")).to_have_count(0)
    window.goto(address)
    expect(window.locator("article.question").nth(1)).to_contain_text("Second.")


def test_the_chosen_model_answers_and_is_remembered(window: Page) -> None:
    choice = window.get_by_role("combobox", name="Model")
    expect(choice).to_have_value("first")
    choice.select_option("second")
    ask_and_wait(window, "Who are you?")
    expect(window.locator("article.answer")).to_contain_text("second")
    window.goto(window.url.split("/c/")[0])
    expect(choice).to_have_value("second")


def test_a_message_that_is_too_long_says_so_and_stays(window: Page) -> None:
    limit = 32_000
    field(window).fill("x" * (limit + 1))
    expect(window.get_by_role("alert").filter(has_text="shorten")).to_contain_text("32,001")
    field(window).press("Enter")
    expect(window.locator("article.question")).to_have_count(0)
    expect(window.get_by_role("button", name="Send")).to_be_disabled()
