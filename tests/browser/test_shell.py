"""The frame of the page: its layout, the list, the drawer, appearance, language, keys, the connection."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.conftest import fake_server
from tests.browser.user_actions import SLOW, ask, ask_and_wait, field, list_item, wait_for_frame, wait_until_answering
from tests.servers.parley import ParleyServer

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def background(page: Page) -> str:
    return str(page.evaluate("() => getComputedStyle(document.body).backgroundColor"))


def test_the_empty_page_greets_names_the_model_and_tells_how_to_connect_one(page: Page) -> None:
    expect(page.locator("h1")).to_have_text("What would you like to know?")
    expect(page.locator(".current-model")).to_contain_text("built-in demo")
    suggestions = page.get_by_role("list", name="Suggestions").get_by_role("button")
    expect(suggestions).to_have_count(4)
    expect(suggestions.first).to_have_text("Show me China market data")
    expect(page.locator(".note.demo")).to_contain_text("OPENAI_API_KEY")
    expect(field(page)).to_be_focused()


def test_with_a_model_connected_nothing_tells_how_to(window: Page) -> None:
    expect(window.locator(".current-model")).to_contain_text("first")
    expect(window.locator(".note.demo")).to_have_count(0)


def test_the_column_is_centred_and_of_a_width_that_reads_well(window: Page) -> None:
    ask_and_wait(window, "How wide are you?")
    answer = window.locator("article.answer").bounding_box()
    main = window.locator("main").bounding_box()
    assert answer and main
    assert 45 * 16 <= answer["width"] <= 50 * 16
    assert abs((answer["x"] - main["x"]) - (main["x"] + main["width"] - answer["x"] - answer["width"])) < 4


def test_the_list_can_be_hidden_and_stays_so(window: Page) -> None:
    ask_and_wait(window, "Find me")
    window.get_by_role("button", name="Hide chats").click()
    expect(window.locator("nav.history")).not_to_be_visible()
    window.reload()
    expect(window.locator("h1")).to_have_text("Find me")
    expect(window.locator("nav.history")).not_to_be_visible()
    window.keyboard.press("Control+Shift+S")
    expect(window.locator("nav.history")).to_be_visible()
    window.keyboard.press("Control+Shift+S")
    window.get_by_role("button", name="Show chats").click()
    expect(window.locator("nav.history")).to_be_visible()


def test_chats_still_running_bear_a_sign(window: Page) -> None:
    ask(window, "Slowly. " + SLOW)
    wait_until_answering(window)
    line = list_item(window, "Slowly.")
    expect(line.get_by_role("img", name="Answering")).to_be_visible()
    window.get_by_role("link", name="New chat").first.click()
    expect(line.get_by_role("img", name="Answering")).to_be_visible()
    expect(line.get_by_role("img", name="Answering")).to_have_count(0)


def test_older_chats_come_when_asked_for(new_person: Callable[..., BrowserContext], chat_server: ParleyServer) -> None:
    window = new_person().new_page()
    window.goto(chat_server.url)
    for number in range(45):
        window.request.post(f"{chat_server.url}/api/conversations", data={"title": f"Chat {number}"})
    window.reload()
    links = window.locator("nav.history .item")
    expect(links).to_have_count(40)
    window.get_by_role("button", name="Show older chats").click()
    expect(links).to_have_count(45)
    expect(window.get_by_role("button", name="Show older chats")).to_have_count(0)


def test_a_menu_walks_by_arrow_keys_and_gives_the_focus_back(window: Page) -> None:
    ask_and_wait(window, "A menu, please")
    opener = window.locator("header.topbar").get_by_role("button", name="Actions for")
    opener.focus()
    window.keyboard.press("Enter")
    items = window.get_by_role("menuitem")
    expect(items.first).to_be_focused()
    window.keyboard.press("ArrowUp")
    expect(items.last).to_be_focused()
    window.keyboard.press("ArrowDown")
    expect(items.first).to_be_focused()
    window.keyboard.press("End")
    expect(items.last).to_be_focused()
    window.keyboard.press("Escape")
    expect(opener).to_be_focused()


def test_a_phone_has_the_list_in_a_drawer(new_person: Callable[..., BrowserContext], chat_server: ParleyServer) -> None:
    window = new_person(**PHONE).new_page()
    window.goto(chat_server.url)
    ask_and_wait(window, "From my phone")
    assert window.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    expect(window.locator("aside.sidebar")).not_to_be_in_viewport()
    opener = window.get_by_role("button", name="Show chats")
    opener.tap()
    expect(window.locator("nav.history")).to_be_in_viewport()
    assert window.evaluate("() => document.querySelector('main').inert")
    window.keyboard.press("Escape")
    expect(window.locator("aside.sidebar")).not_to_be_in_viewport()
    expect(opener).to_be_focused()
    opener.tap()
    list_item(window, "From my phone").get_by_role("link").tap()
    expect(window.locator("aside.sidebar")).not_to_be_in_viewport()


def test_every_target_on_a_phone_is_44_pixels_high(
    new_person: Callable[..., BrowserContext], chat_server: ParleyServer
) -> None:
    window = new_person(**PHONE).new_page()
    window.goto(chat_server.url)
    ask_and_wait(window, "How big are you?")
    ask(window, "Slowly. " + SLOW)
    wait_until_answering(window)
    ask(window, "Queued")
    assert small_targets(window, "main") == []
    window.get_by_role("button", name="Show chats").tap()
    expect(window.locator("nav.history")).to_be_in_viewport()
    assert small_targets(window, "aside") == []
    window.get_by_role("button", name="Settings").tap()
    expect(window.get_by_role("dialog", name="Settings")).to_be_visible()
    assert small_targets(window, "dialog") == []


def test_the_main_figures_fit_on_a_phone(new_person: Callable[..., BrowserContext], server: ParleyServer) -> None:
    for locale, question in (
        ("en-GB", "Show me China market data"),
        ("de-DE", "Zeige mir Marktdaten zu China"),
        ("en-GB", "Compare GDP growth of India, China and Brazil"),
        ("de-DE", "Vergleiche das BIP-Wachstum von Indien, China und Brasilien"),
    ):
        window = new_person(**PHONE, locale=locale).new_page()
        window.goto(server.url)
        ask(window, question)
        table = window.locator("figure.result .table-scroll").first
        expect(table).to_contain_text("Year" if locale == "en-GB" else "Jahr")
        assert table.evaluate("each => each.scrollWidth - each.clientWidth") <= 0, question


def small_targets(page: Page, where: str) -> list[str]:
    """Return buttons and fields lower than 44 pixels, except links in a sentence, as in WCAG."""
    expect(page.locator(where).get_by_role("button").first).to_be_visible()
    colours = page.evaluate(
        """where => [...document.querySelectorAll(`${where} :is(button, select, textarea, a)`)]
            .filter(each => each.checkVisibility({visibilityProperty: true}) && !each.closest('.markdown, .sources'))
            .filter(each => each.getBoundingClientRect().height < 43.5 && each.id !== 'message-field')
            .map(each => each.outerHTML.slice(0, 120))""",
        where,
    )
    return list(colours)


@pytest.mark.parametrize("system", ["light", "dark"])
def test_the_appearance_follows_the_system_until_one_is_chosen(
    new_person: Callable[..., BrowserContext], chat_server: ParleyServer, system: str
) -> None:
    window = new_person(color_scheme=system).new_page()
    window.goto(chat_server.url)
    of_system = background(window)
    window.emulate_media(color_scheme="dark" if system == "light" else "light")
    other = background(window)
    assert of_system != other
    window.emulate_media(color_scheme=system)  # type: ignore[arg-type]
    window.get_by_role("button", name="Settings").click()
    window.get_by_label("Dark" if system == "light" else "Light").check()
    expect(window.locator("body")).to_have_css("background-color", other)
    window.reload()
    expect(window.locator("body")).to_have_css("background-color", other)
    window.get_by_role("button", name="Settings").click()
    window.get_by_label("System").check()
    expect(window.locator("body")).to_have_css("background-color", of_system)


def test_the_language_is_the_browsers_until_one_is_chosen(
    new_person: Callable[..., BrowserContext], chat_server: ParleyServer
) -> None:
    window = new_person(locale="de-AT").new_page()
    window.goto(chat_server.url)
    expect(window.locator("html")).to_have_attribute("lang", "de")
    expect(window.locator("h1")).to_have_text("Was möchten Sie wissen?")
    field(window).fill("ein Entwurf")
    window.get_by_role("button", name="Einstellungen").click()
    window.get_by_role("combobox", name="Sprache").select_option("en")
    expect(window.locator("h1")).to_have_text("What would you like to know?")
    expect(window.locator("html")).to_have_attribute("lang", "en")
    expect(field(window)).to_have_value("ein Entwurf")


def test_numbers_and_dates_are_those_of_the_language(
    new_person: Callable[..., BrowserContext], server: ParleyServer
) -> None:
    window = new_person(locale="de-DE").new_page()
    window.goto(server.url)
    ask(window, "Show me China market data")
    expect(window.get_by_role("status").filter(has_text="Antwort vollständig")).to_have_count(1)
    expect(window.locator("figure.result").first).to_contain_text(re.compile(r"\d,\d"))


def test_the_keys_and_their_help(window: Page) -> None:
    field(window).fill("")
    window.keyboard.press("?")
    expect(field(window)).to_have_value("?")
    expect(window.get_by_role("dialog")).to_have_count(0)
    field(window).fill("")
    window.get_by_role("link", name="New chat").first.focus()
    window.keyboard.press("?")
    help_sheet = window.get_by_role("dialog", name="Keyboard shortcuts")
    expect(help_sheet).to_contain_text("Search chats")
    help_sheet.get_by_role("checkbox").uncheck()
    window.keyboard.press("Escape")
    expect(help_sheet).to_have_count(0)
    window.get_by_role("link", name="New chat").first.focus()
    window.keyboard.press("?")
    expect(help_sheet).to_have_count(0)
    window.keyboard.press("Control+/")
    expect(help_sheet).to_be_visible()
    window.keyboard.press("Escape")
    window.keyboard.press("Shift+Escape")
    expect(help_sheet).to_have_count(0)
    expect(field(window)).to_be_focused()
    ask_and_wait(window, "A chat")
    window.keyboard.press("Control+Shift+O")
    expect(window.locator("h1")).to_have_text("What would you like to know?")


def test_a_dialog_that_is_still_on_its_way_is_not_lost(
    new_person: Callable[..., BrowserContext], chat_server: ParleyServer
) -> None:
    """On a slow network, a dialog's module arrives after the key press that opens it."""
    for keys, name in (("?", "Keyboard shortcuts"), ("Control+k", "Search chats"), (None, "Settings")):
        window = new_person().new_page()
        held = delayed_requests(window, "/dialogs.js$")
        window.goto(chat_server.url)
        window.get_by_role("link", name="New chat").first.focus()
        if keys:
            window.keyboard.press(keys)
        else:
            window.get_by_role("button", name=name).click()
        wait_for(window, held)
        wait_for_frame(window)
        if name == "Search chats":
            window.keyboard.type("abd")
            window.keyboard.press("Backspace")
            window.keyboard.type("c")
        held.pop().continue_()
        expect(window.get_by_role("dialog", name=name)).to_be_visible()
        expect(field(window)).to_have_value("")
        if name == "Search chats":
            expect(window.locator(".search-field")).to_have_value("abc")
        window.keyboard.press("Escape")
        expect(window.get_by_role("dialog")).to_have_count(0)
        window.close()


def delayed_requests(page: Page, address: str) -> list[Route]:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(re.compile(address), hold)
    return held


def wait_for(page: Page, held: list[Route]) -> None:
    while not held:
        page.wait_for_timeout(20)


def test_a_part_that_comes_between_its_drawing_and_its_asking_is_drawn(window: Page) -> None:
    drawn_then = window.evaluate(
        """async (main) => {
            const { html, lazy, render } = await import(main.replace(/[^/]+[/]main.js$/, "js/view.js"));
            const Part = lazy(async () => () => html`<p>there</p>`);
            const place = document.createElement("div");
            render(html`<${Part} />`, place);
            await Part.fetch();
            for (let frame = 0; frame < 5; frame += 1) await new Promise(requestAnimationFrame);
            await new Promise((resolve) => setTimeout(resolve, 200));
            return place.textContent;
        }""",
        window.locator("script[type=module]").get_attribute("src"),
    )
    assert drawn_then == "there"


def test_keys_pressed_faster_than_the_page_is_drawn(window: Page) -> None:
    """Press all keys within one frame: closing, opening and focus changes do not interfere."""
    new_chat = window.get_by_role("link", name="New chat").first
    sheet = window.get_by_role("dialog", name="Keyboard shortcuts")
    new_chat.focus()
    window.keyboard.press("Control+/")
    expect(sheet).to_be_visible()
    window.evaluate(
        """() => {
            document.querySelector('dialog').close();
            document.getElementById('message-field').focus();
        }"""
    )
    expect(sheet).to_have_count(0)
    expect(field(window)).to_be_focused()
    window.keyboard.press("Control+/")
    expect(sheet).to_be_visible()
    window.evaluate(
        """() => {
            const press = (key) => document.dispatchEvent(new KeyboardEvent('keydown', {key, ctrlKey: true}));
            document.querySelector('dialog').close();
            press('/');
        }"""
    )
    expect(sheet).to_be_visible()
    window.evaluate(
        """() => {
            const press = (key) => document.dispatchEvent(new KeyboardEvent('keydown', {key, ctrlKey: true}));
            document.querySelector('dialog').close();
            press('k');
        }"""
    )
    expect(window.get_by_role("dialog", name="Search chats")).to_be_visible()
    expect(sheet).to_have_count(0)
    window.keyboard.press("Escape")
    expect(window.get_by_role("dialog")).to_have_count(0)
    expect(field(window)).to_be_focused()


def test_a_lost_server_is_a_small_sign_and_is_found_again(
    new_person: Callable[..., BrowserContext], tmp_path: Path
) -> None:
    with fake_server(tmp_path) as own_server:
        window = new_person(forgive="net::ERR_").new_page()
        window.goto(own_server.url)
        ask_and_wait(window, "Still there?")
        own_server.stop()
        ask(window, "And now?")
        sign = window.locator("header.topbar .topbar-badge.offline")
        expect(sign).to_contain_text("No connection")
        own_server.start()
        expect(sign).to_have_count(0)
        # What was typed was kept, or sent by itself once the server was there.
        expect(window.locator("article.question, #message-field").filter(has_text="And now?")).to_have_count(
            1
        ) if field(window).input_value() == "" else expect(field(window)).to_have_value("And now?")


def test_the_page_goes_back_and_forth(window: Page) -> None:
    ask_and_wait(window, "Page one")
    window.get_by_role("link", name="New chat").first.click()
    ask_and_wait(window, "Page two")
    window.go_back()
    window.go_back()
    expect(window.locator("h1")).to_have_text("Page one")
    window.go_forward()
    window.go_forward()
    expect(window.locator("h1")).to_have_text("Page two")
