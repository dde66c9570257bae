"""The concurrency check: its verdicts, and the causes of its errors."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

import pytest

from .concurrency_check import CONCURRENT, SEQUENTIAL, Done, check, verdict
from .scripted_parley import Browser, ScriptedParley, accepting_all_but_working_on_one, at_most, together

pytestmark = pytest.mark.by_times


def test_all_at_once_is_concurrent() -> None:
    with ScriptedParley(together(10)) as server:
        done = check(10, "--url", server.url)
    assert CONCURRENT.match(verdict(done.stdout)), done.stdout
    assert done.returncode == 0
    assert done.stderr == ""


def test_says_what_it_does_and_shows_the_table(here: Callable[..., Done]) -> None:
    with ScriptedParley(together(3)) as server:
        done = here(3, "--url", server.url)
    assert f"Parley at {server.url}: async mode, model demo" in done.stdout
    assert '3 users ask "Show me China market data", all at once' in done.stdout
    assert "3 of 3 users ready" in done.stdout
    assert "0 waiting, 0 being answered, 3 done" in done.stdout
    assert re.search(r"^ +p50 +p90 +p95 +p99 +max$", done.stdout, re.MULTILINE)
    rows = ("time to first event", "time to first token", "gap between tokens", "largest gap", "response time", "wait")
    for row in rows:
        assert re.search(rf"^  {row} +(\d+ ms|\d+\.\d\d s)", done.stdout, re.MULTILINE), row
    assert "Errors: none" in done.stdout


def test_every_user_is_somebody_else_with_a_conversation_of_their_own(here: Callable[..., Done]) -> None:
    with ScriptedParley(together(5)) as server:
        here(5, "--url", server.url, "--text", "Zeig mir Zürich 🙂", "--model", "other")
    assert len(set(server.received.owners.values())) == 1 + 5
    assert {turn["text"] for turn in server.received.turns} == {"Zeig mir Zürich 🙂"}
    assert {turn["model"] for turn in server.received.turns} == {"other"}
    assert len({turn["client_id"] for turn in server.received.turns}) == 1 + 5


@pytest.mark.parametrize(("users", "places", "seconds"), [(4, 1, 0.2), (5, 4, 0.45)])
def test_too_few_places_are_sequential(users: int, places: int, seconds: float) -> None:
    with ScriptedParley(at_most(places, seconds)) as server:
        done = check(users, "--url", server.url)
    assert SEQUENTIAL.match(verdict(done.stdout)), done.stdout
    assert f"{users - places} of {users} turns began only after another had ended" in done.stdout
    assert done.returncode == 1


def test_turns_accepted_at_once_but_worked_on_one_by_one_are_sequential(here: Callable[..., Done]) -> None:
    with ScriptedParley(accepting_all_but_working_on_one()) as server:
        done = here(4, "--url", server.url)
    assert "⚠️ SEQUENTIAL PROCESSING: Requests queued/blocked\n   (Total time " in verdict(done.stdout)
    assert "worked on only after others had ended" in done.stdout
    assert done.returncode == 1


def test_one_user_is_told_how_little_that_shows(here: Callable[..., Done]) -> None:
    with ScriptedParley(together(1)) as server:
        done = here(1, "--url", server.url)
    assert CONCURRENT.match(verdict(done.stdout)), done.stdout
    assert len(server.received.turns) == 1
    assert "One user alone" in done.stdout
    assert done.returncode == 0


def misbehave(browser: Browser) -> None:
    """Fail each of the first seven turns in its own way, and answer the rest."""
    if browser.turn in (0, 1):
        browser.refuse(503, "overloaded", "This worker runs as many turns as it may.")
    elif browser.turn == 2:
        browser.refuse(429, "rate_limited", "Slow down.")
    elif browser.turn == 3:
        browser.begin()
        browser.event("error", {"code": "model_timeout", "message": "The model was silent.", "retryable": True})
        browser.end("failed")
    elif browser.turn == 4:
        browser.begin()
        browser.cut()
    elif browser.turn == 5:
        browser.begin()
    elif browser.turn == 6:
        browser.begin()
        browser.end("interrupted")
    else:
        browser.begin()
        browser.speak(3, 0.1)
        browser.end()


def test_errors_are_counted_by_cause_and_the_others_are_judged(here: Callable[..., Done]) -> None:
    with ScriptedParley(misbehave) as server:
        done = here(10, "--url", server.url)
    assert "Errors: 7" in done.stdout
    assert "  2 × overloaded (HTTP 503): This worker runs as many turns as it may." in done.stdout
    assert "  1 × rate_limited (HTTP 429): Slow down." in done.stdout
    assert "  1 × model_timeout: The model was silent." in done.stdout
    for code in ("stream_cut", "stream_ended", "turn_interrupted"):
        assert f"  1 × {code}: " in done.stdout, code
    assert CONCURRENT.match(verdict(done.stdout)), done.stdout
    assert done.returncode == 1


def _nothing(browser: Browser) -> None:
    browser.begin()
    browser.end()


def _blanks(browser: Browser) -> None:
    browser.begin()
    browser.event("delta", {"text": ""})
    browser.event("delta", {"text": " \n"})
    browser.end()


def _only_reasoning(browser: Browser) -> None:
    browser.begin()
    browser.event("reasoning", {"text": "Hm."})
    browser.end()


def _ended(status: str) -> Callable[[Browser], None]:
    def answer(browser: Browser) -> None:
        browser.begin()
        browser.speak()
        browser.end(status)

    return answer


def _cut(browser: Browser) -> None:
    browser.begin()
    browser.speak()
    browser.cut()


def _without_done(browser: Browser) -> None:
    browser.begin()
    browser.speak()


@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (_nothing, "empty_answer"),
        (_blanks, "empty_answer"),
        (_only_reasoning, "empty_answer"),
        *((_ended(status), f"turn_{status}") for status in ("failed", "interrupted", "stopped", "running", "")),
        (_cut, "stream_cut"),
        (_without_done, "stream_ended"),
    ],
)
def test_an_answer_that_is_none_is_an_error(
    here: Callable[..., Done], answer: Callable[[Browser], None], cause: str
) -> None:
    """Two of three users are answered. The third counts as an error, not as an answer."""

    def of_three(browser: Browser) -> None:
        if browser.turn == 1:
            answer(browser)
        else:
            browser.begin()
            browser.speak()
            browser.end()

    with ScriptedParley(of_three) as server:
        done = here(3, "--url", server.url)
    assert done.returncode == 1
    assert cause in done.stdout
    assert "2 done" in done.stdout


def test_nobody_answered_is_no_verdict(here: Callable[..., Done]) -> None:
    with ScriptedParley(lambda browser: browser.refuse(503, "overloaded", "Full.")) as server:
        done = here(3, "--url", server.url)
    assert "  4 × overloaded (HTTP 503): Full." in done.stdout
    assert "ERRORS: 3 of 3 requests failed" in done.stdout
    assert "CONCURRENCY" not in done.stdout
    assert "nothing to judge" in done.stdout
    assert done.returncode == 1


def test_a_user_who_waits_too_long_is_an_error(here: Callable[..., Done]) -> None:
    def silent(browser: Browser) -> None:
        browser.begin()
        browser.stopped.wait(timeout=20)

    with ScriptedParley(silent) as server:
        done = here(2, "--url", server.url, "--timeout", "0.3")
    assert "  3 × timeout: " in done.stdout
    assert done.returncode == 1


def test_a_server_that_drips_is_too_late_all_the_same(here: Callable[..., Done]) -> None:
    over = threading.Event()

    def drip(browser: Browser) -> None:
        browser.begin()
        while not over.wait(timeout=0.02):
            browser.write(b": still here\n\n")

    with ScriptedParley(drip) as server:
        done = here(2, "--url", server.url, "--timeout", "0.3")
        over.set()
    assert "  3 × timeout: " in done.stdout
