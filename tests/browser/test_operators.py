"""The operators' page: signing in, sorting, looks, a refresh that keeps the place; German, on a phone, in the dark."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.axe import violations
from tests.servers.parley import ParleyServer

from .conftest import BRIEF

TOKEN = "a-token-of-sixteen"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParleyServer]:
    with ParleyServer(
        tmp_path_factory.mktemp("parley"), **(BRIEF | {"WEB_CONCURRENCY": 1, "ADMIN_TOKEN": TOKEN})
    ) as run:
        yield run


def sign_in(page: Page, url: str) -> None:
    page.goto(f"{url}/admin")
    page.get_by_label("Token").fill(TOKEN)
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/memory-debug")


def test_a_wrong_token_then_the_right_one_until_signing_out(
    new_person: Callable[..., BrowserContext], guarded: ParleyServer
) -> None:
    page = new_person(forgive="status of 401").new_page()
    page.goto(f"{guarded.url}/admin")
    page.get_by_label("Token").fill("a-wrong-token-here")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("This is not the right token.")
    sign_in(page, guarded.url)
    expect(page.get_by_role("heading", name="Deeper looks")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Token")).to_be_visible()


def test_a_refresh_keeps_the_place(new_person: Callable[..., BrowserContext], guarded: ParleyServer) -> None:
    page = new_person(viewport={"width": 1000, "height": 500}, forgive="status of 401").new_page()
    page.clock.install()
    sign_in(page, guarded.url)
    page.get_by_role("button", name="Stacks").click()
    stack = page.locator(".findings details").first
    stack.locator("summary").click()
    lag = page.locator("th", has_text="Lag")
    lag.get_by_role("button").click()
    page.evaluate("scrollTo(0, 120)")
    lag.get_by_role("button").focus()
    place = "[scrollY, document.activeElement.textContent, document.querySelector('.findings').textContent]"
    before = page.evaluate(place)
    with page.expect_response("**/admin/memory-debug"):
        page.clock.run_for(5000)
    expect(page.locator(".sparkline polyline").first).to_be_visible()  # it has two samples now
    assert page.evaluate(place) == before
    expect(stack).to_have_attribute("open", "")
    expect(lag).to_have_attribute("aria-sort", "descending")
    expect(page.get_by_text("slope in 2 min")).to_be_visible()


def worker(pid: int, **more: Any) -> dict[str, Any]:
    """Return the report of a worker that is well."""
    sizes = {"memory_bytes": 9216, "memory_limit_bytes": 67_108_864, "rss_bytes": pid * 10**6, "pss_bytes": 61_865_984}
    counts = dict.fromkeys(
        ("active_turns", "open_streams", "conversations_in_memory", "greenlets", "threads", "fds"), 1
    )
    times = {"started_at": moment(-7200), "reported_at": moment(0), "loop_lag_ms": 0.2}
    names = {"pid": pid, "host": "host", "server": "host:5000", "mode": "async", "worker_class": "gevent"}
    return names | sizes | counts | times | {"stale": False, "blocked": [], "conversations": []} | more


def moment(seconds: float) -> str:
    return (NOW + timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def report(*workers: dict[str, Any]) -> str:
    totals = {"servers": 1, "workers": len(workers), "active_turns": 1, "active_conversations": 1,
              "conversations_in_memory": 1, "memory_bytes": 9216, "rss_bytes": 96_468_992}  # fmt: skip
    return json.dumps({"mode": "async", "at": moment(0), "totals": totals, "workers": workers})


def history(pid: int, bytes_a_minute: float) -> dict[str, Any]:
    """Return the page's history of a worker for ten minutes."""
    now_ms = NOW.timestamp() * 1000
    ages_s = range(600, 0, -5)
    samples = [{"at": now_ms - s * 1000, "rss": pid * 10**6 - s / 60 * bytes_a_minute, "lag": 0.2} for s in ages_s]
    return {f"host:5000 host:{pid}": samples}


def test_german_on_a_phone_in_the_dark(new_person: Callable[..., BrowserContext], guarded: ParleyServer) -> None:
    context = new_person(**PHONE, locale="de-DE", color_scheme="dark", forgive="status of 401")
    blocked = [{"at": moment(-30), "ms": 1240, "where": "chat/tools/x.py:12 fetch → json/decoder.py:355 raw_decode"}]
    held = {"id": 7, "messages": 2, "tokens": 1024, "bytes": 9216, "idle_s": 3.5, "running": True, "subscribers": 1}
    answers = report(worker(101, conversations=[held]), worker(102, blocked=blocked), worker(103))

    def answer(route: Route) -> None:
        if "json" in route.request.headers["accept"]:
            route.fulfill(body=answers, content_type="application/json")
        else:
            route.continue_()

    context.route("**/admin/memory-debug", answer)
    page = context.new_page()
    page.goto(f"{guarded.url}/admin")
    page.evaluate("history => sessionStorage.setItem('parley.workers', history)", json.dumps(history(103, 3e6)))
    sign_in(page, guarded.url)
    health = page.locator(".health")
    expect(health.locator("p")).to_have_text("1 Worker läuft normal.")
    expect(health.locator("li")).to_have_text(
        [
            "102 war in den letzten fünf Minuten einmal blockiert: Unten steht, welcher Code ihn aufhielt.",
            "103 wächst um 3,0 MB pro Minute: Erstellen Sie eine Momentaufnahme.",
        ]
    )
    expect(page.locator(".blocked .figure")).to_have_text("1,2 s")
    expect(page.get_by_text("+3,0 MB/min")).to_be_visible()
    page.get_by_label("Sortieren nach").first.select_option("Belegt")
    page.get_by_role("button", name="Absteigend").first.click()
    expect(page.locator(".sortable").first.locator("tbody th")).to_have_text(["101", "102", "103"])
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert violations(page) == []
