"""The page's transfer size until the message box is usable, and the first view."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Route, expect

from scripts.benchmarks.page import MOST_BYTES, MOST_REQUESTS, loaded
from tests.browser.conftest import fake_server
from tests.browser.user_actions import ask_and_wait, field
from tests.servers.parley import ParleyServer


def test_few_requests_and_bytes_until_the_box_can_be_used(
    new_person: Callable[..., BrowserContext], server: ParleyServer
) -> None:
    cold, warm = loaded(new_person().new_page(), server.url)
    assert 4 <= cold.requests <= MOST_REQUESTS
    assert 10_000 < cold.bytes <= MOST_BYTES
    assert warm.requests <= cold.requests
    assert warm.bytes < 10_000


@pytest.mark.parametrize(("locale", "other"), [("en-GB", "de"), ("de-AT", "en"), ("fr-FR", "de")])
def test_one_language_is_loaded(
    new_person: Callable[..., BrowserContext], server: ParleyServer, locale: str, other: str
) -> None:
    window = new_person(locale=locale).new_page()
    names: list[str] = []
    window.on("request", lambda request: names.append(request.url.rsplit("/", 1)[-1]))
    window.goto(server.url)
    expect(field(window)).to_be_editable()
    window.wait_for_load_state("networkidle")
    assert names.count("main.js") == 1
    assert len([name for name in names if name in ("en.js", "de.js")]) == 1
    assert f"{other}.js" not in names


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", ["/", "/c/12345"])
def test_the_shell_stands_where_the_page_will(
    new_person: Callable[..., BrowserContext], server: ParleyServer, width: int, path: str
) -> None:
    user = new_person(viewport={"width": width, "height": 800}, forgive="404")
    shell = user.new_page()
    shell.route(re.compile("/main.js$"), lambda _route: None)
    shell.goto(server.url + path, wait_until="commit")
    expect(shell.locator(".shell .composer")).to_be_visible()
    page = user.new_page()
    page.goto(server.url + path)
    expect(field(page)).to_be_visible()
    expect(page.locator(".shell")).to_have_count(0)
    for part in (".composer", ".topbar", ".sidebar", "main"):
        assert shell.locator(part).bounding_box() == page.locator(part).bounding_box(), part


def test_a_hidden_list_is_not_in_the_shell_either(
    new_person: Callable[..., BrowserContext], server: ParleyServer
) -> None:
    user = new_person()
    page = user.new_page()
    page.goto(server.url)
    page.get_by_role("button", name="Hide chats").click()
    shell = user.new_page()
    shell.route(re.compile("/main.js$"), lambda _route: None)
    shell.goto(server.url, wait_until="commit")
    expect(shell.locator(".shell .composer")).to_be_visible()
    expect(shell.locator(".sidebar")).not_to_be_visible()
    assert shell.locator(".composer").bounding_box() == page.locator(".composer").bounding_box()


def test_the_files_are_made_before_anybody_asks_for_the_page(tmp_path: Path) -> None:
    with ParleyServer(tmp_path, WEB_CONCURRENCY=2, GRACE_S=0.5):
        assert len(list((tmp_path / "data" / "page").glob("*/linked/main.js"))) == 1


def test_the_page_works_without_linked_files(new_person: Callable[..., BrowserContext], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "page").write_text("")  # where the folder would have to be
    with fake_server(tmp_path) as server:
        window = new_person().new_page()
        names: list[str] = []
        window.on("request", lambda request: names.append(request.url))
        window.goto(server.url)
        ask_and_wait(window, "Are you whole?")
        window.keyboard.press("Control+k")
        expect(window.get_by_role("dialog")).to_be_visible()
    assert not [name for name in names if "/linked/" in name]


def test_a_part_that_could_not_be_had_is_asked_for_again(
    new_person: Callable[..., BrowserContext], chat_server: ParleyServer
) -> None:
    window = new_person(forgive="ERR_FAILED").new_page()
    tries: list[str] = []

    def lose_twice(route: Route) -> None:
        tries.append(route.request.url)
        if len(tries) <= 2:
            route.abort()
        else:
            route.continue_()

    window.route(re.compile("/thread.js$"), lose_twice)
    window.goto(chat_server.url)
    ask_and_wait(window, "Are you whole?")
    expect(window.locator("article.answer")).to_be_visible()
    assert len(tries) == 3


def test_a_page_without_its_files_says_so(new_person: Callable[..., BrowserContext], server: ParleyServer) -> None:
    page = new_person(forgive="404").new_page()
    page.route("**/static/**", lambda route: route.fulfill(status=404, body=""))
    page.goto(server.url)
    expect(page.get_by_text("BASE_PATH")).to_be_visible()
