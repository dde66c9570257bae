"""Finding, keeping, sharing: search, renaming, pinning, deleting with undo, files, links, temporary chats."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from playwright.sync_api import APIResponse, BrowserContext, Page, Route, expect

from scripts.kit.waiting import wait_until
from tests.browser.user_actions import (
    ENDLESS,
    answered,
    ask,
    ask_and_wait,
    choose_in_menu,
    field,
    list_item,
    wait_until_answering,
    wait_until_finished,
)
from tests.servers.parley import ParleyServer, wanting


def home(page: Page) -> None:
    page.get_by_role("link", name="New chat").first.click()


def test_a_chat_that_is_begun_while_the_list_is_on_its_way_is_in_it(window: Page) -> None:
    held: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        """Get the response now and give it to the page later."""
        if route.request.method == "GET":
            held.append((route, route.fetch()))
        else:
            route.continue_()

    window.route(re.compile(r"/api/conversations(\?.*)?$"), hold)
    window.reload(wait_until="load")
    ask_and_wait(window, "Begun in a hurry")
    assert held
    for route, answer in held:
        route.fulfill(response=answer)
    window.wait_for_timeout(300)
    expect(window.locator("nav.history")).to_contain_text("Begun in a hurry")


def test_search_finds_words_in_messages_and_shows_them(window: Page) -> None:
    ask_and_wait(window, "Herons fish at dawn " + wanting(text="The kingfisher 🐦 waits on a café terrace."))
    home(window)
    ask_and_wait(window, "Something else entirely")
    window.keyboard.press("Control+k")
    search = window.get_by_role("dialog", name="Search chats")
    box = search.get_by_role("combobox")
    expect(box).to_be_focused()
    expect(search.get_by_role("option")).to_have_count(2)
    box.fill("cafe kingf")
    expect(search.get_by_role("option")).to_have_count(1)
    expect(search.locator(".snippet")).to_contain_text("kingfisher 🐦 waits on a café terrace")
    # Of the last word, which may not be written to its end yet, what is there.
    assert set(search.locator(".snippet mark").all_inner_texts()) == {"kingf", "café"}
    expect(search.get_by_role("status")).to_have_text("1 chat found")
    box.press("Enter")
    expect(search).to_have_count(0)
    expect(window.locator("article.answer")).to_contain_text("kingfisher")
    expect(window.locator("h1")).to_contain_text("Herons")


def test_search_by_arrow_keys_and_what_is_said_when_nothing_is_found(window: Page) -> None:
    for text in ("Apples and pears", "Apples and plums"):
        ask_and_wait(window, text)
        home(window)
    window.get_by_role("button", name="Search", exact=True).click()
    search = window.get_by_role("dialog", name="Search chats")
    box = search.get_by_role("combobox")
    box.fill("xylophone")
    expect(search).to_contain_text("Nothing found for “xylophone”.")
    box.fill("apples")
    options = search.get_by_role("option")
    expect(options).to_have_count(2)
    expect(options.nth(0)).to_have_attribute("aria-selected", "true")
    box.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    assert box.get_attribute("aria-activedescendant") == options.nth(1).get_attribute("id")
    wanted = options.nth(1).locator(".title").inner_text()
    box.press("Enter")
    expect(window.locator("h1")).to_have_text(wanted)


def test_search_shuts_by_escape_and_the_focus_returns(window: Page) -> None:
    opener = window.get_by_role("button", name="Search", exact=True)
    opener.click()
    expect(window.get_by_role("combobox", name="Search chats")).to_be_focused()
    window.keyboard.press("Escape")
    expect(window.get_by_role("dialog")).to_have_count(0)
    expect(opener).to_be_focused()


def test_a_chat_is_renamed_in_the_list_and_at_the_top(window: Page) -> None:
    ask(window, "A first name " + wanting(tokens=20, gap=0.05))
    wait_until_answering(window)
    choose_in_menu(window, "A first name", "Rename")
    name = window.get_by_role("textbox", name="New title")
    expect(name).to_be_focused()
    name.fill("A second name")
    # The end of an answer draws the list again.
    wait_until_finished(window)
    expect(name).to_have_value("A second name")
    with answered(window, "PATCH"):
        name.press("Enter")
    expect(window.locator("h1")).to_have_text("A second name")
    expect(list_item(window, "A second name").get_by_role("link")).to_be_focused()
    window.locator("header.topbar").get_by_role("button", name="Actions for").click()
    window.get_by_role("menuitem", name="Rename").click()
    name.fill("Discarded")
    name.press("Escape")
    expect(window.locator("h1")).to_have_text("A second name")
    expect(window.locator("header.topbar").get_by_role("button", name="Actions for")).to_be_focused()
    window.reload()
    expect(window.locator("h1")).to_have_text("A second name")


def test_a_pinned_chat_stays_at_the_top_until_it_is_unpinned(window: Page) -> None:
    ask_and_wait(window, "Keep this near")
    home(window)
    ask_and_wait(window, "A newer one")
    with answered(window, "PATCH"):
        choose_in_menu(window, "Keep this near", "Pin")
    headings = window.locator("nav.history h2")
    expect(headings).to_have_text(["Pinned", "Today"])
    window.reload()
    expect(headings).to_have_text(["Pinned", "Today"])
    expect(window.locator("nav.history section").first).to_contain_text("Keep this near")
    choose_in_menu(window, "Keep this near", "Unpin")
    expect(headings).to_have_text(["Today"])


def test_deleting_can_be_undone(window: Page) -> None:
    ask_and_wait(window, "Delete me, or not")
    address = window.url
    choose_in_menu(window, "Delete me", "Delete")
    expect(list_item(window, "Delete me")).to_have_count(0)
    expect(window.locator("h1")).to_have_text("What would you like to know?")
    window.get_by_role("button", name="Undo").click()
    expect(list_item(window, "Delete me")).to_be_visible()
    expect(window).to_have_url(address)
    window.reload()
    expect(window.locator("article.question")).to_contain_text("Delete me, or not")


def test_a_deletion_that_is_not_undone_is_for_good(
    new_person: Callable[..., BrowserContext], chat_server: ParleyServer
) -> None:
    window = new_person(forgive="status of 404").new_page()
    window.goto(chat_server.url)
    ask_and_wait(window, "Delete me for good")
    address = window.url
    choose_in_menu(window, "Delete me", "Delete")
    with answered(window, "DELETE"):
        window.get_by_role("button", name="Dismiss").click()
    window.goto(address)
    expect(window.locator(".scroller")).to_contain_text("no such chat")
    expect(window.locator("nav.history")).to_contain_text("Your chats will be listed here.")


def test_leaving_the_page_completes_a_deletion(window: Page, chat_server: ParleyServer) -> None:
    ask_and_wait(window, "Delete me and go")
    choose_in_menu(window, "Delete me", "Delete")
    expect(window.get_by_role("button", name="Undo")).to_be_visible()
    window.goto("about:blank")
    window.goto(chat_server.url)
    expect(window.locator("nav.history")).to_contain_text("Your chats will be listed here.")


def test_a_chat_in_which_an_answer_runs_can_be_deleted(window: Page, chat_server: ParleyServer) -> None:
    ask(window, "Delete me while I talk. " + ENDLESS)
    wait_until_answering(window)
    choose_in_menu(window, "Delete me", "Delete")
    window.goto("about:blank")
    chats = f"{chat_server.url}/api/conversations"
    wait_until(lambda: window.request.get(chats).json()["items"] == [])


def test_export_as_markdown_and_json(window: Page) -> None:
    ask_and_wait(window, "Export/me: please " + wanting(text="Here **it** is."))
    with window.expect_download() as download:
        choose_in_menu(window, "Export/me", "Export as Markdown")
    assert download.value.suggested_filename.endswith(".md")
    assert "/" not in download.value.suggested_filename
    text = download.value.path().read_text(encoding="utf-8")
    assert "Export/me: please" in text and "Here **it** is." in text
    with window.expect_download() as download:
        choose_in_menu(window, "Export/me", "Export as JSON")
    exported = json.loads(download.value.path().read_text(encoding="utf-8"))
    assert [message["role"] for message in exported["messages"]] == ["user", "assistant"]


def test_a_link_is_made_read_renewed_and_revoked(
    new_person: Callable[..., BrowserContext], chat_server: ParleyServer
) -> None:
    window = new_person().new_page()
    window.goto(chat_server.url)
    ask_and_wait(window, "Share this " + wanting(text="A **bold** answer."))
    opener = window.get_by_role("button", name="Share", exact=True)
    opener.click()
    sharing = window.get_by_role("dialog", name="Share this chat")
    sharing.get_by_role("button", name="Create a link").click()
    link = sharing.get_by_role("textbox", name="Link").input_value()
    assert link.startswith(f"{chat_server.url}/s/")
    window.keyboard.press("Escape")
    expect(opener).to_be_focused()
    ask_and_wait(window, "Said later")

    # The link is tried once more when it is dead, and the browser's console tells of each 404.
    stranger = new_person(forgive="status of 404")
    reader = stranger.new_page()
    reader.goto(link)
    expect(reader.locator("h1")).to_contain_text("Share this")
    expect(reader.locator("article.answer strong")).to_have_text("bold")
    expect(reader.locator("article.question")).to_have_count(1)
    assert reader.get_by_role("textbox").count() == 0
    assert stranger.cookies() == []

    opener.click()
    expect(sharing.get_by_role("textbox", name="Link")).to_have_value(link)
    sharing.get_by_role("button", name="Update to now").click()
    expect(sharing.get_by_role("status")).to_contain_text("now shows the present chat")
    reader.reload()
    expect(reader.locator("article.question").nth(1)).to_contain_text("Said later")
    sharing.get_by_role("button", name="Revoke the link").click()
    expect(sharing.get_by_role("status")).to_contain_text("no longer works")
    reader.reload()
    expect(reader.locator("main")).to_contain_text("The link may have been revoked")


def test_the_link_is_copied(new_person: Callable[..., BrowserContext], chat_server: ParleyServer) -> None:
    user = new_person()
    user.grant_permissions(["clipboard-read", "clipboard-write"])
    window = user.new_page()
    window.goto(chat_server.url)
    ask_and_wait(window, "Copy my link")
    choose_in_menu(window, "Copy my link", "Share")
    sharing = window.get_by_role("dialog", name="Share this chat")
    sharing.get_by_role("button", name="Create a link").click()
    sharing.get_by_role("button", name="Copy").click()
    expect(sharing.get_by_role("button", name="Copied")).to_be_visible()
    link = sharing.get_by_role("textbox", name="Link").input_value()
    assert window.evaluate("() => navigator.clipboard.readText()") == link


def test_a_temporary_chat_is_in_no_list(window: Page) -> None:
    switch = window.get_by_role("button", name="Temporary chat")
    switch.click()
    expect(switch).to_have_attribute("aria-pressed", "true")
    expect(window.locator("h1")).to_have_text("Temporary chat")
    field(window).fill("A secret draft")
    assert "secret" not in window.evaluate("() => JSON.stringify({ ...localStorage })")
    ask_and_wait(window, "Between us")
    expect(window.locator("header.topbar")).to_contain_text("Temporary")
    expect(window.locator("nav.history")).to_contain_text("Your chats will be listed here.")
    ask_and_wait(window, "And still so")
    window.reload()
    expect(window.locator("article.question")).to_have_count(2)
    expect(window.locator("header.topbar")).to_contain_text("Temporary")
    expect(window.locator("nav.history")).to_contain_text("Your chats will be listed here.")
    home(window)
    expect(window.get_by_role("button", name="Temporary chat")).to_have_attribute("aria-pressed", "false")
    ask_and_wait(window, "Kept")
    expect(list_item(window, "Kept")).to_be_visible()
    wait_until_finished(window)
