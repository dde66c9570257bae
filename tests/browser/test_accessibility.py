"""WCAG 2.2 AA: axe finds no error in any state of the page. More tests check what axe does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.axe import violations
from tests.browser.user_actions import (
    ENDLESS,
    SLOW,
    ask,
    ask_and_wait,
    choose_in_menu,
    field,
    list_item,
    wait_until_answering,
    wait_until_finished,
)
from tests.servers.parley import ParleyServer, wanting

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
NOT_THERE = "status of 404"
RICH = wanting(
    text=(
        "## A heading\n\nWords with a [link](https://example.org/x), `code`, $e = mc^2$ and **weight**.\n\n"
        "- one\n- two\n\n> a quotation\n\n```python\nprint('hello')\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
)


@pytest.fixture(params=["light", "dark"])
def user(new_person: Callable[..., BrowserContext], request: pytest.FixtureRequest) -> BrowserContext:
    """A user with a light system theme, and one with a dark one."""
    return new_person(forgive=NOT_THERE, color_scheme=request.param)


def test_the_start(user: BrowserContext, server: ParleyServer) -> None:
    page = user.new_page()
    page.goto(server.url)
    expect(page.locator(".note.demo")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Temporary chat").click()
    field(page).fill("x" * 32_001)
    expect(page.get_by_role("alert").filter(has_text="shorten")).to_be_visible()
    assert violations(page) == []


def test_an_answer_with_figures(user: BrowserContext, server: ParleyServer) -> None:
    page = user.new_page()
    page.goto(server.url)
    ask(page, "Show me China market data")
    wait_until_finished(page)
    expect(page.locator("figure.result .plot [role=img]").first).to_be_visible()
    assert violations(page) == []
    page.locator(".tool summary").first.click()
    page.locator("figure.result details summary").first.click()
    assert violations(page) == []


def test_a_running_answer_and_its_queue(user: BrowserContext, chat_server: ParleyServer) -> None:
    page = user.new_page()
    page.goto(chat_server.url)
    ask(page, "Talk. " + ENDLESS)
    wait_until_answering(page)
    ask(page, "And then this")
    field(page).fill("a draft")
    assert violations(page) == []
    field(page).fill("")
    field(page).press("Escape")
    expect(page.get_by_role("region", name="Waiting to be sent")).to_contain_text("did not complete")
    assert violations(page) == []


def test_an_ended_answer_with_all_that_markdown_has(user: BrowserContext, chat_server: ParleyServer) -> None:
    page = user.new_page()
    page.goto(chat_server.url)
    ask_and_wait(page, "Show off " + RICH)
    assert violations(page) == []
    page.locator("article.question").hover()
    page.locator("article.question").get_by_role("button", name="Edit").click()
    assert violations(page) == []


def test_an_answer_that_failed(user: BrowserContext, chat_server: ParleyServer) -> None:
    page = user.new_page()
    page.goto(chat_server.url)
    ask(page, "Fail " + wanting(fault="cut", at=3))
    expect(page.locator("article.answer .failed")).to_be_visible()
    assert violations(page) == []


def test_dialogs_menus_and_what_is_said_in_passing(user: BrowserContext, chat_server: ParleyServer) -> None:
    page = user.new_page()
    page.goto(chat_server.url)
    ask_and_wait(page, "Open everything")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("dialog").get_by_role("option")).to_have_count(1)
    assert violations(page) == []
    page.get_by_role("combobox", name="Search chats").fill("open")
    expect(page.get_by_role("dialog").get_by_role("status")).to_have_text("1 chat found")
    assert violations(page) == []
    page.get_by_role("combobox", name="Search chats").fill("xylophone")
    expect(page.get_by_role("dialog")).to_contain_text("Nothing found")
    assert violations(page) == []
    page.keyboard.press("Escape")
    for name in ("Settings", "Keyboard shortcuts"):
        page.get_by_role("button", name=name).click()
        expect(page.get_by_role("dialog", name=name)).to_be_visible()
        assert violations(page) == []
        page.keyboard.press("Escape")
    choose_in_menu(page, "Open everything", "Share")
    page.get_by_role("button", name="Create a link").click()
    expect(page.get_by_role("textbox", name="Link")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.locator("header.topbar").get_by_role("button", name="Actions for").click()
    expect(page.get_by_role("menuitem").first).to_be_focused()
    assert violations(page) == []
    page.keyboard.press("Escape")
    choose_in_menu(page, "Open everything", "Rename")
    assert violations(page) == []
    page.keyboard.press("Escape")
    choose_in_menu(page, "Open everything", "Delete")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    assert violations(page) == []


def test_many_chats_and_what_belongs_to_a_person(user: BrowserContext, chat_server: ParleyServer) -> None:
    page = user.new_page()
    page.goto(chat_server.url)
    ask_and_wait(page, "Put away")
    choose_in_menu(page, "Put away", "Archive")
    ask(page, f"Slowly. {SLOW}")
    wait_until_answering(page)
    page.get_by_role("link", name="New chat").first.click()
    expect(list_item(page, "Slowly").get_by_role("img", name="New answer")).to_be_visible()
    assert violations(page) == []
    choose_in_menu(page, "Slowly", "Select several")
    assert violations(page) == []
    page.get_by_role("button", name="End the selection").click()
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("textbox", name="Your instructions").fill("Be brief.")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Archived chats").click()
    expect(page.get_by_role("link", name="Put away")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Settings").click()
    page.get_by_role("button", name="Delete everything…").click()
    expect(page.get_by_role("dialog")).to_contain_text("2 chats")
    assert violations(page) == []
    page.get_by_role("checkbox").check()
    assert violations(page) == []
    page.keyboard.press("Escape")
    ask(page, f"Stop me. {ENDLESS}")
    wait_until_answering(page)
    page.get_by_role("button", name="Stop the answer").click()
    page.get_by_role("button", name="Answer in another way").click()
    assert violations(page) == []


def test_pages_that_are_not_there_and_pages_that_are_shared(user: BrowserContext, chat_server: ParleyServer) -> None:
    page = user.new_page()
    page.goto(f"{chat_server.url}/c/999999")
    expect(page.locator(".scroller")).to_contain_text("no such chat")
    assert violations(page) == []
    page.goto(f"{chat_server.url}/s/nothing")
    expect(page.locator("main")).to_contain_text("no shared chat")
    assert violations(page) == []
    page.goto(chat_server.url)
    ask_and_wait(page, "Share this " + RICH)
    conversation = page.url.rsplit("/", 1)[1]
    shared = page.request.post(f"{chat_server.url}/api/conversations/{conversation}/share", data={}).json()["url"]
    page.goto(chat_server.url + shared if shared.startswith("/") else shared)
    expect(page.locator("h1")).to_contain_text("Share this")
    assert violations(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone(new_person: Callable[..., BrowserContext], chat_server: ParleyServer, scheme: str) -> None:
    page = new_person(color_scheme=scheme, **PHONE).new_page()
    page.goto(chat_server.url)
    assert violations(page) == []
    ask_and_wait(page, "From a phone " + RICH)
    assert violations(page) == []
    page.get_by_role("button", name="Show chats").tap()
    expect(page.locator("nav.history")).to_be_in_viewport()
    assert violations(page) == []
    page.get_by_role("button", name="Settings").tap()
    assert violations(page) == []


def test_a_lost_connection(new_person: Callable[..., BrowserContext], chat_server: ParleyServer) -> None:
    page = new_person(forgive="net::ERR_").new_page()
    page.goto(chat_server.url)
    ask_and_wait(page, "Still there?")
    page.context.set_offline(True)
    expect(page.locator(".topbar-badge.offline")).to_be_visible()
    assert violations(page) == []
    page.context.set_offline(False)
    expect(page.locator(".topbar-badge.offline")).to_have_count(0)


def test_another_language(new_person: Callable[..., BrowserContext], chat_server: ParleyServer) -> None:
    page = new_person(locale="de-DE").new_page()
    page.goto(chat_server.url)
    expect(page.locator("h1")).to_have_text("Was möchten Sie wissen?")
    assert violations(page) == []


def test_an_answer_is_announced_once_and_not_word_by_word(window: Page) -> None:
    log = window.get_by_role("log")
    status = window.locator("#app > [role=status].visually-hidden")
    window.evaluate(
        """() => {
            window.heard = [];
            const said = document.querySelector('#app > [role=status].visually-hidden');
            new MutationObserver(() => said.textContent && heard.push(said.textContent))
                .observe(said, {childList: true, characterData: true, subtree: true});
        }"""
    )
    ask(window, "Slowly. " + SLOW)
    expect(status).to_have_text("Generating…")
    expect(log).to_have_attribute("aria-live", "off")
    wait_until_finished(window)
    assert window.evaluate("() => heard") == ["Generating…", "Response complete"]
    assert window.locator("[aria-live=assertive]").count() == 0


def test_landmarks_and_headings(window: Page) -> None:
    ask_and_wait(window, "Where is what?")
    expect(window.get_by_role("main")).to_have_count(1)
    expect(window.get_by_role("complementary")).to_have_count(1)
    expect(window.get_by_role("navigation", name="Chats")).to_have_count(1)
    expect(window.get_by_role("banner").or_(window.locator("header.topbar"))).to_have_count(1)
    expect(window.get_by_role("heading", level=1)).to_have_text("Where is what?")
    expect(window.get_by_role("log", name="Conversation")).to_have_count(1)


def from_the_top(page: Page) -> None:
    """Reset the focus as after loading: the next Tab goes to the first element."""
    page.evaluate(
        "() => { document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex'); }"
    )


def test_the_first_stop_leads_to_the_message_box(window: Page) -> None:
    ask_and_wait(window, "Skip to me")
    window.reload()
    expect(window.locator("h1")).to_have_text("Skip to me")
    from_the_top(window)
    window.keyboard.press("Tab")
    expect(window.get_by_role("link", name="Skip to the message box")).to_be_focused()
    window.keyboard.press("Enter")
    expect(field(window)).to_be_focused()


def test_the_focus_goes_through_the_page_in_reading_order(window: Page) -> None:
    ask_and_wait(window, "In what order?")
    from_the_top(window)
    places: list[str] = []
    for _ in range(40):
        window.keyboard.press("Tab")
        place = window.evaluate(
            "() => ['aside', 'header.topbar', '[role=log], .scroller', '.foot']"
            ".find(each => document.activeElement.closest(each)) ?? ''"
        )
        if place and (not places or places[-1] != place):
            places.append(place)
        if place == ".foot":
            break
    assert places == ["aside", "header.topbar", "[role=log], .scroller", ".foot"]


def test_nothing_that_has_the_focus_is_invisible(window: Page) -> None:
    ask_and_wait(window, "Can you see it?")
    window.locator("header.topbar").hover()
    more = list_item(window, "Can you see it?").get_by_role("button")
    more.focus()
    expect(more).to_have_css("opacity", "1")
    assert more.evaluate("each => getComputedStyle(each).outlineStyle") != "none" or window.evaluate(
        "() => document.activeElement.matches(':focus-visible')"
    )


def test_a_deletion_by_keyboard_leaves_the_focus_where_it_can_be_undone(window: Page) -> None:
    for text in ("One to keep", "One to delete"):
        ask_and_wait(window, text)
        window.get_by_role("link", name="New chat").first.click()
        expect(field(window)).to_be_focused()
    more = list_item(window, "One to delete").get_by_role("button")
    more.focus()
    window.keyboard.press("Enter")
    expect(window.get_by_role("menuitem").first).to_be_focused()
    window.keyboard.press("End")
    window.keyboard.press("Enter")
    expect(window.get_by_role("button", name="Undo")).to_be_focused()
    window.keyboard.press("Enter")
    expect(list_item(window, "One to delete")).to_be_visible()
    assert window.evaluate("() => document.activeElement !== document.body")


def test_motion_is_reduced_when_that_is_asked_for(
    new_person: Callable[..., BrowserContext], chat_server: ParleyServer
) -> None:
    page = new_person(reduced_motion="reduce", **PHONE).new_page()
    page.goto(chat_server.url)
    ask_and_wait(page, "Keep still")
    page.get_by_role("button", name="Show chats").tap()
    assert page.locator("aside.sidebar").evaluate("each => getComputedStyle(each).transitionDuration") == "0s"


def test_at_200_percent_and_320_pixels_nothing_is_cut_off(
    new_person: Callable[..., BrowserContext], chat_server: ParleyServer
) -> None:
    page = new_person(viewport={"width": 320, "height": 640}).new_page()
    page.goto(chat_server.url)
    ask_and_wait(page, "How narrow can you be? " + RICH)
    assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    expect(page.get_by_role("button", name="Send")).to_be_in_viewport(ratio=1)
    page.set_viewport_size({"width": 640, "height": 400})
    expect(page.get_by_role("button", name="Send")).to_be_in_viewport(ratio=1)
