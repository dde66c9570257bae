"""User actions for the tests: write, send, wait for the end of an answer."""

from __future__ import annotations

from contextlib import AbstractContextManager

from playwright.sync_api import Locator, Page, expect

from tests.servers.parley import ParleyServer, User, wanting

# Slow enough to act while it runs, but short.
SLOW = wanting(first=0.1, tokens=60, gap=0.05)
# Longer than a test: it must be stopped.
ENDLESS = wanting(first=0.1, tokens=2000, gap=0.05)


def user_of(page: Page, server: ParleyServer) -> User:
    """Return a client of the API with the page's identity."""
    user = User(server.url)
    user.session.cookies.clear()
    for cookie in page.context.cookies():
        user.session.cookies.set(cookie["name"], cookie["value"])
    return user


def field(page: Page) -> Locator:
    return page.locator("#message-field")


def answers(page: Page) -> Locator:
    return page.locator("article.answer")


def ask(page: Page, text: str) -> None:
    field(page).fill(text)
    field(page).press("Enter")


def wait_until_answering(page: Page) -> None:
    """Wait until the newest answer has text and is still running."""
    expect(page.locator("article.answer").last.locator(".markdown")).not_to_be_empty()
    expect(page.get_by_role("button", name="Stop the answer")).to_be_visible()


def wait_for_frame(page: Page) -> None:
    """Wait for the next frame, in which the page shows the last change."""
    page.evaluate("() => new Promise(requestAnimationFrame)")


def wait_until_finished(page: Page) -> None:
    # Until the next frame the page still reports the previous answer as complete.
    wait_for_frame(page)
    expect(page.get_by_role("status").filter(has_text="Response complete")).to_have_count(1)


def ask_and_wait(page: Page, text: str) -> None:
    """Send a question and wait for the complete answer."""
    ask(page, text)
    wait_until_finished(page)


def copy_answer(page: Page) -> dict[str, str]:
    """Copy the last answer by its button. Return the clipboard's `html` and `text`."""
    foot = page.locator("article.answer .answer-foot").last
    foot.get_by_role("button", name="Copy", exact=True).click()
    expect(foot.get_by_role("button", name="Copied")).to_be_visible()
    copied: dict[str, str] = page.evaluate(
        """async () => {
          const [item] = await navigator.clipboard.read();
          const read = async type => await (await item.getType(type)).text();
          return { html: await read("text/html"), text: await read("text/plain") };
        }"""
    )
    return copied


def list_item(page: Page, title: str) -> Locator:
    """Return the chat's row in the list."""
    return page.locator("nav.history .item").filter(has_text=title)


def choose_in_menu(page: Page, title: str, action: str) -> None:
    """Choose an action in the menu of a chat in the list."""
    line = list_item(page, title)
    line.hover()
    line.get_by_role("button").click()
    page.get_by_role("menuitem", name=action).click()


def answered(page: Page, method: str) -> AbstractContextManager[object]:
    """Wait at the block's end until the server has carried out a change that the page showed at once."""
    return page.expect_response(lambda response: response.request.method == method and response.ok)
