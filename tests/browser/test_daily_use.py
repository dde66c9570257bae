"""Daily use in the browser: titles, instructions, continued answers, many chats, unread answers, suggestions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import BrowserContext, Page, expect

from tests.servers.parley import ParleyServer

from .conftest import fake_server
from .user_actions import (
    ENDLESS,
    SLOW,
    answered,
    ask,
    ask_and_wait,
    choose_in_menu,
    field,
    list_item,
    wait_until_answering,
    wait_until_finished,
)


def test_a_title_that_the_model_writes_comes_by_itself(
    new_person: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    with fake_server(tmp_path, TITLE_MODEL="titles") as server:
        page = new_person().new_page()
        page.goto(server.url)
        ask_and_wait(page, "Please tell me everything about the tides of the sea")
        expect(list_item(page, "Please tell me")).to_have_count(1)
        # What the fake model says to whatever it is asked.
        expect(list_item(page, "Please tell me")).to_have_count(0)
        title = page.locator(".topbar h1").inner_text()
        expect(list_item(page, title)).to_have_count(1)
        page.reload()
        expect(page.locator(".topbar h1")).to_have_text(title)


def test_instructions_are_kept_and_shown_as_on(window: Page) -> None:
    expect(window.get_by_role("button", name="Your instructions are on")).to_have_count(0)
    window.get_by_role("button", name="Settings").click()
    box = window.get_by_role("textbox", name="Your instructions")
    save = window.get_by_role("button", name="Save")
    expect(save).to_be_disabled()
    box.fill("x" * 4001)
    expect(save).to_be_disabled()
    box.fill("Answer in rhymes.")
    save.click()
    expect(window.get_by_text("Saved")).to_be_visible()
    window.keyboard.press("Escape")
    window.reload()
    window.get_by_role("button", name="Your instructions are on").click()
    expect(window.get_by_role("textbox", name="Your instructions")).to_have_value("Answer in rhymes.")
    window.get_by_role("textbox", name="Your instructions").fill("")
    window.get_by_role("button", name="Save").click()
    window.keyboard.press("Escape")
    expect(window.get_by_role("button", name="Your instructions are on")).to_have_count(0)


def test_a_stopped_answer_goes_on(window: Page) -> None:
    ask(window, f"Tell me. {ENDLESS}")
    wait_until_answering(window)
    window.get_by_role("button", name="Stop the answer").click()
    expect(window.locator(".stopped")).to_be_visible()
    before = window.locator("article.answer").last.locator(".markdown").inner_text()
    window.get_by_role("button", name="Continue").click()
    wait_until_finished(window)
    expect(window.locator("article.answer")).to_have_count(1)
    whole = window.locator("article.answer .markdown").inner_text()
    assert whole.startswith(before)
    assert len(whole) > len(before)
    expect(window.get_by_role("button", name="Continue")).to_have_count(0)
    expect(window.get_by_text("2/2")).to_be_visible()
    window.get_by_role("button", name="Previous version").click()
    expect(window.locator("article.answer").last.locator(".markdown")).to_have_text(before)


def test_another_answer_in_another_way(window: Page) -> None:
    ask_and_wait(window, "What is the sea?")
    for way, version in (("Shorter", "2/2"), ("More detailed", "3/3"), ("With second", "4/4")):
        window.get_by_role("button", name="Answer in another way").click()
        window.get_by_role("menuitem", name=way).click()
        wait_until_finished(window)
        expect(window.get_by_text(version)).to_be_visible()
    expect(window.locator("article.answer .about")).to_contain_text("second")


def test_up_in_the_empty_box_edits_the_last_question(window: Page) -> None:
    field(window).press("ArrowUp")  # there is none yet
    ask_and_wait(window, "First question")
    ask_and_wait(window, "Second question")
    field(window).fill("a draft")
    field(window).press("ArrowUp")
    expect(window.get_by_label("Your message")).to_have_count(0)
    field(window).fill("")
    field(window).press("ArrowUp")
    editor = window.get_by_label("Your message")
    expect(editor).to_have_value("Second question")
    expect(editor).to_be_focused()
    window.keyboard.press("Escape")
    expect(editor).to_have_count(0)


def test_typing_anywhere_lands_in_the_box(window: Page) -> None:
    ask_and_wait(window, "Hello")
    window.locator("article.answer").click()
    expect(field(window)).not_to_be_focused()
    window.keyboard.type("abc d")
    expect(field(window)).to_have_value("abc d")
    field(window).fill("")
    window.get_by_role("link", name="New chat").first.focus()
    window.keyboard.type("é")
    expect(field(window)).to_have_value("é")


def test_typing_into_other_things_stays_there(window: Page) -> None:
    ask_and_wait(window, "Hello")
    window.keyboard.press("Control+k")
    expect(window.locator(".search-field")).to_be_focused()
    window.keyboard.type("abc")
    expect(window.locator(".search-field")).to_have_value("abc")
    window.keyboard.press("Escape")
    expect(field(window)).to_have_value("")
    window.locator("article.answer").click()
    window.keyboard.press("Control+a")
    window.keyboard.press("Control+c")
    expect(field(window)).not_to_be_focused()
    line = list_item(window, "Hello")
    line.hover()
    line.get_by_role("button").click()
    window.keyboard.type("x")
    expect(field(window)).to_have_value("")


def test_archiving_and_taking_back(window: Page) -> None:
    ask_and_wait(window, "Porcelain")
    choose_in_menu(window, "Porcelain", "Archive")
    expect(list_item(window, "Porcelain")).to_have_count(0)
    window.get_by_role("button", name="Undo").click()
    expect(list_item(window, "Porcelain")).to_have_count(1)
    with answered(window, "PATCH"):
        choose_in_menu(window, "Porcelain", "Archive")
    window.reload()
    expect(list_item(window, "Porcelain")).to_have_count(0)
    window.keyboard.press("Control+k")
    window.locator(".search-field").fill("porcelain")
    expect(window.locator(".archived-sign")).to_have_text("Archived")
    window.keyboard.press("Escape")
    window.get_by_role("button", name="Settings").click()
    window.get_by_role("button", name="Archived chats").click()
    window.get_by_role("link", name="Porcelain").click()
    expect(window.locator(".topbar .topbar-badge")).to_have_text("Archived")
    ask_and_wait(window, "Once more")  # brings it back
    window.reload()
    expect(list_item(window, "Porcelain")).to_have_count(1)
    expect(window.locator(".topbar .topbar-badge")).to_have_count(0)


def test_several_at_once(window: Page) -> None:
    for name in ("One", "Two", "Three", "Four", "Five"):
        window.get_by_role("link", name="New chat").first.click()
        ask_and_wait(window, name)
    choose_in_menu(window, "Five", "Select several")
    bar = window.get_by_role("toolbar", name="Selected chats")
    expect(bar).to_contain_text("1 selected")
    window.get_by_role("checkbox", name="Three").click(modifiers=["Shift"])
    expect(bar).to_contain_text("3 selected")
    window.get_by_role("checkbox", name="Four").click()
    with window.expect_download() as download:
        bar.get_by_role("button", name="Export the selected chats").click()
    exported = json.loads(download.value.path().read_text())
    assert sorted(each["title"] for each in exported["conversations"]) == ["Five", "Three"]
    bar.get_by_role("button", name="Delete the selected chats").click()
    expect(bar).to_have_count(0)
    expect(window.locator("nav.history .item")).to_have_count(3)
    window.get_by_role("button", name="Undo").click()
    expect(window.locator("nav.history .item")).to_have_count(5)
    choose_in_menu(window, "One", "Select several")
    expect(window.get_by_role("checkbox", name="One")).to_be_focused()
    window.keyboard.press("Escape")
    expect(bar).to_have_count(0)
    choose_in_menu(window, "One", "Select several")
    bar.get_by_role("checkbox").click()
    bar.get_by_role("button", name="Archive the selected chats").click()
    expect(window.locator("nav.history .item")).to_have_count(0)


def test_deleting_everything_says_what_goes(window: Page) -> None:
    ask_and_wait(window, "Precious")
    window.get_by_role("button", name="Settings").click()
    window.get_by_role("button", name="Delete everything…").click()
    dialog = window.get_by_role("dialog")
    expect(dialog).to_contain_text("1 chat, archived and temporary ones too, with 2 messages")
    now = dialog.get_by_role("button", name="Delete everything now")
    expect(now).to_be_disabled()
    dialog.get_by_role("checkbox").check()
    now.click()
    expect(window.get_by_text("Your chats will be listed here.")).to_be_visible()
    ask_and_wait(window, "A new beginning")
    expect(list_item(window, "A new beginning")).to_have_count(1)


def test_an_answer_that_nobody_has_seen_is_marked(window: Page) -> None:
    ask(window, f"Slowly. {SLOW}")
    wait_until_answering(window)
    window.get_by_role("link", name="New chat").first.click()
    dot = list_item(window, "Slowly").get_by_role("img", name="New answer")
    expect(dot).to_be_visible()
    expect(window).to_have_title(re.compile(r"^\(1\) "))
    window.reload()
    expect(dot).to_be_visible()
    other = window.context.new_page()
    other.goto(window.url)
    expect(list_item(other, "Slowly").get_by_role("img", name="New answer")).to_be_visible()
    list_item(other, "Slowly").get_by_role("link").click()
    expect(list_item(other, "Slowly").get_by_role("img", name="New answer")).to_have_count(0)
    expect(dot).to_have_count(0)
    expect(window).to_have_title("Parley")


def test_a_notification_is_asked_for_only_by_the_setting(
    new_person: Callable[..., BrowserContext], chat_server: ParleyServer
) -> None:
    user = new_person()
    user.add_init_script("""
        window.shown = []; window.asked = 0;
        window.Notification = class { static permission = "default";
            constructor(title, options) {
                document.documentElement.dataset.shown = window.shown.push([title, options.tag]); }
            static async requestPermission() { window.asked += 1; return (this.permission = "granted"); } };
        document.hasFocus = () => window.away !== true;
    """)
    page = user.new_page()
    page.goto(chat_server.url)
    ask_and_wait(page, "First")
    assert page.evaluate("[asked, shown.length]") == [0, 0]
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("checkbox", name="Notify me").check()
    page.keyboard.press("Escape")
    assert page.evaluate("asked") == 1
    ask_and_wait(page, "Second")
    assert page.evaluate("shown") == []  # somebody is looking
    page.evaluate("away = true")
    ask(page, "Third")
    expect(page.locator("html")).to_have_attribute("data-shown", "1")
    (title, tag), *others = page.evaluate("shown")
    assert (title, others) == ("First", [])
    assert re.fullmatch(r"parley-\d+", tag)


def test_what_may_be_asked_next(page: Page) -> None:
    ask_and_wait(page, "Show me China market data")
    offered = page.get_by_role("list", name="Suggestions").get_by_role("button")
    expect(offered).to_have_text(
        [
            "Compare GDP growth of China and India",
            "Compare inflation of China and United States over 20 years",
            "Show me India market data",
        ]
    )
    offered.first.click()
    expect(page.locator("article.question").last).to_contain_text("Compare GDP growth of China and India")
    wait_until_finished(page)
    expect(page.locator("figure.result")).to_have_count(2)
    # What was asked already is not among them.
    expect(offered).to_have_text(["Compare inflation of China and India over 20 years", "Show me India market data"])


def test_the_words_of_whoever_runs_it(new_person: Callable[..., BrowserContext], tmp_path: Path) -> None:
    with fake_server(tmp_path, GREETING="Welcome to the bank", STARTERS="What is due?|Plan my week") as server:
        page = new_person().new_page()
        page.goto(server.url)
        expect(page.get_by_role("heading", level=1)).to_have_text("Welcome to the bank")
        starters = page.get_by_role("list", name="Suggestions").get_by_role("button")
        expect(starters).to_have_text(["What is due?", "Plan my week"])
        starters.first.click()
        expect(page.locator("article.question")).to_contain_text("What is due?")
