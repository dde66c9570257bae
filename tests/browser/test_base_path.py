"""The whole product below /chat, behind a real nginx that removes or keeps the prefix."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from scripts.chaos import nginx
from scripts.chaos.connection import Address
from scripts.fake_llm import FakeLLM
from tests.browser.user_actions import ask_and_wait, choose_in_menu, list_item
from tests.servers.parley import ParleyServer

from .conftest import ARGUMENTS, BRIEF, CHROMIUM

FORMS = {
    "the prefix stripped": "location /chat/ { proxy_pass http://parley/; }",
    "the prefix kept": "location /chat { proxy_pass http://parley; }",
}
AROUND = """
upstream parley {{ server 127.0.0.1:{port}; }}
server {{
    listen {host}:{listening};
    proxy_http_version 1.1;
    proxy_set_header Connection "";
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    location / {{ return 444; }}
    location = /readyz {{ proxy_pass http://parley; }}
    {form}
}}
"""

pytestmark = pytest.mark.skipif(bool(nginx.missing()), reason=nginx.missing())


@pytest.fixture(scope="module")
def below(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParleyServer]:
    folder = tmp_path_factory.mktemp("parley")
    with (
        FakeLLM(first=0, tokens=12, gap=0) as llm,
        ParleyServer(folder, **(BRIEF | {"BASE_PATH": "/chat", "OPENAI_BASE_URL": llm.base_url})) as server,
    ):
        yield server


@pytest.fixture(params=FORMS, ids=str)
def home(request: pytest.FixtureRequest, below: ParleyServer, tmp_path: Path) -> Iterator[str]:
    """Return the page's public address."""

    class Below(nginx.Nginx):
        def prepare(self) -> None:
            super().prepare()
            configuration = AROUND.format(
                port=below.port, host=self.address.host, listening=self.address.port, form=FORMS[request.param]
            )
            (self.folder / "parley.conf").write_text(configuration)

    with Below(tmp_path / "nginx", [Address("127.0.0.1", below.port)] * 2) as proxy:
        yield f"http://127.0.0.1:{proxy.address.port}/chat/"


def test_everything_stays_below_it(home: str, new_person: Callable[..., BrowserContext]) -> None:
    user = new_person()
    page = user.new_page()
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto(home)
    ask_and_wait(page, "Porcelain")
    expect(page).to_have_url(re.compile(re.escape(home) + r"c/\d+$"))
    (cookie,) = user.cookies(home)
    assert cookie["path"] == "/chat"
    assert user.cookies(home.replace("/chat/", "/")) == []

    page.reload()
    expect(page.locator("article.answer .markdown")).not_to_be_empty()
    with page.expect_download() as download:
        choose_in_menu(page, "Porcelain", "Export as Markdown")
    assert download.value.suggested_filename == "Porcelain.md"
    choose_in_menu(page, "Porcelain", "Share")
    page.get_by_role("button", name="Create a link").click()
    link = page.get_by_role("dialog").get_by_role("textbox").input_value()
    assert link.startswith(f"{home}s/")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="New chat").first.click()
    expect(page).to_have_url(home)
    page.go_back()
    expect(page.locator("article.question p")).to_have_text("Porcelain")
    assert list_item(page, "Porcelain").get_by_role("link").get_attribute("href").startswith("/chat/c/")

    other = new_person().new_page()
    other.goto(link)
    expect(other.locator("article.question p")).to_have_text("Porcelain")
    other.get_by_role("link", name="Start a chat of your own").click()
    expect(other).to_have_url(home)

    assert requests
    assert all(url.startswith((home, "blob:", "data:")) for url in requests), requests


def test_it_can_be_installed(home: str, chromium: Browser) -> None:
    """Use Chromium itself, because the headless shell reports every page as installable."""
    if CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=ARGUMENTS)
    try:
        page = browser.new_context().new_page()
        page.goto(home)
        session = page.context.new_cdp_session(page)
        result = session.send("Page.getAppManifest")
        assert (result["errors"], result["manifest"]["scope"], result["manifest"]["startUrl"]) == ([], home, home)
        hindrances = session.send("Page.getInstallabilityErrors")["installabilityErrors"]
        assert [each["errorId"] for each in hindrances] == ["in-incognito"]  # as every browser of a test is
    finally:
        browser.close()


def test_an_address_that_leads_nowhere_has_a_way_home(home: str, new_person: Callable[..., BrowserContext]) -> None:
    page = new_person(forgive="404").new_page()
    page.goto(f"{home}nowhere")
    page.get_by_role("link").click()
    expect(page).to_have_url(home)
