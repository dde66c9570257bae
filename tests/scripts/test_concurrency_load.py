"""The load of the concurrency check: arrivals, turns, questions, and the clean-up afterwards."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from .concurrency_check import CONCURRENT, Done, cause, verdict
from .scripted_parley import Browser, ScriptedParley, quick, together

pytestmark = pytest.mark.by_times

Here = Callable[..., Done]


def results(path: Path) -> Any:
    return json.loads(path.read_text())


def lasting(seconds: float) -> Callable[[Browser], None]:
    def answer(browser: Browser) -> None:
        browser.begin()
        browser.speak(2, 0.0 if browser.alone else seconds / 2)
        browser.end()

    return answer


def test_turns_of_one_conversation_with_pauses(here: Here, tmp_path: Path) -> None:
    with ScriptedParley(quick) as server:
        done = here(3, "--url", server.url, "--turns", 3, "--think", 0.1, "--json", tmp_path / "results.json")
    requests = results(tmp_path / "results.json")["requests"]
    assert len(server.received.turns) == 1 + 3 * 3
    assert len(server.received.owners) == 1 + 3
    for user in range(3):
        turns = [each for each in requests if each["user"] == user]
        assert [each["turn"] for each in turns] == [0, 1, 2]
        assert all(later["planned_s"] >= earlier["ended_s"] + 0.09 for earlier, later in pairwise(turns))
    assert "9 answers in" in done.stdout
    assert "3 turns each, 0.1s between turns" in done.stdout


def test_users_who_ask_again_and_again(here: Here, tmp_path: Path) -> None:
    with ScriptedParley(lasting(0.1)) as server:
        here(2, "--url", server.url, "--duration", 1, "--think", 0.1, "--json", tmp_path / "results.json")
    requests = results(tmp_path / "results.json")["requests"]
    assert 6 <= len(requests) <= 12
    assert max(each["planned_s"] for each in requests) < 1.0


def test_a_server_that_refuses_is_not_asked_without_a_pause(here: Here) -> None:
    with ScriptedParley(lambda browser: browser.refuse(503, "overloaded", "Full.")) as server:
        done = here(2, "--url", server.url, "--duration", 1)
    assert len(server.received.turns) <= 1 + 4
    assert done.returncode == 1


def test_poisson_arrivals_are_the_same_for_the_same_seed(here: Here, tmp_path: Path) -> None:
    def planned(seed: int) -> list[float]:
        with ScriptedParley(quick) as server:
            here(5, "--url", server.url, "--rate", 20, "--seed", seed, "--json", tmp_path / "results.json")
        return [each["planned_s"] for each in results(tmp_path / "results.json")["requests"]]

    first = planned(7)
    assert len(first) == 5
    assert first == planned(7)
    assert first != planned(8)


def test_the_wait_counts_from_the_intended_start_also_if_no_user_is_free(here: Here, tmp_path: Path) -> None:
    """One user cannot ask thirty times in a second; what comes late because of that was waited for."""
    with ScriptedParley(lasting(0.05)) as server:
        options = ("--rate", 30, "--duration", 1, "--json", tmp_path / "results.json")
        done = here(1, "--url", server.url, *options)
    requests = results(tmp_path / "results.json")["requests"]
    assert len(requests) > 15
    assert max(each["planned_s"] for each in requests) <= 1.0
    late = requests[-1]
    assert late["sent_s"] > late["planned_s"] + 0.2
    assert late["wait_s"] > 0.2
    assert late["first_token_after_s"] > 0.2
    assert CONCURRENT.match(verdict(done.stdout)), done.stdout
    assert cause(done.stdout).startswith("TOO FEW USERS: ")


def test_questions_from_a_file_are_asked_in_turn(here: Here, tmp_path: Path) -> None:
    (tmp_path / "questions").write_text("How is Peru?\n\n  Und Zürich? 🙂 \n", encoding="utf-8")
    with ScriptedParley(quick) as server:
        done = here(4, "--url", server.url, "--prompts", tmp_path / "questions")
    assert sorted(turn["text"] for turn in server.received.turns[1:]) == [
        *(2 * ["How is Peru?"]),
        *(2 * ["Und Zürich? 🙂"]),
    ]
    assert "4 users ask 2 questions, all at once" in done.stdout


@pytest.mark.parametrize("temporary", [True, False])
def test_every_conversation_is_deleted_afterwards(here: Here, temporary: bool) -> None:
    with ScriptedParley(quick) as server:
        server.temporary = temporary
        here(4, "--url", server.url)
    assert server.received.temporary == [temporary] * 5
    assert sorted(server.received.deleted) == sorted(server.received.owners)


def test_what_cannot_be_deleted_is_reported(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedParley(quick) as server:
        monkeypatch.setattr(server.RequestHandlerClass, "do_DELETE", lambda handler: handler.reply(500, {}))
        done = here(4, "--url", server.url)
    assert "Not cleaned up: 4 conversations of this check stayed on the server" in done.stdout


def test_a_turn_that_took_too_long_is_stopped_and_deleted(here: Here) -> None:
    def silent(browser: Browser) -> None:
        browser.begin()
        if not browser.alone:
            browser.stopped.wait(20)
        browser.speak()
        browser.end()

    with ScriptedParley(silent) as server:
        here(2, "--url", server.url, "--timeout", 0.3)
    assert sorted(server.received.stopped) == ["t0", "t1"]
    assert sorted(server.received.deleted) == sorted(server.received.owners)


def test_probes_beside_the_load(here: Here, tmp_path: Path) -> None:
    with ScriptedParley(lasting(0.5)) as server:
        server.probe = lambda: time.sleep(0.03)
        done = here(2, "--url", server.url, "--json", tmp_path / "results.json")
    probes = results(tmp_path / "results.json")["probes"]
    assert probes["/healthz"]["good"] >= 3
    assert probes["/healthz"]["p50"] >= 0.03
    assert probes["/"]["requests"] >= 1
    assert "Beside the load: /healthz " in done.stdout
    assert "; the page " in done.stdout


def test_memory_of_the_server_and_conversations_left_over(here: Here, tmp_path: Path) -> None:
    def report() -> dict[str, Any]:
        running, stored = len(server.running), len(server.received.turns) - 1
        totals = {"rss_bytes": 50_000_000 + running * 10_000_000, "conversations_in_memory": 3 + max(0, stored - 2)}
        return {"totals": totals | {"active_turns": running}, "workers": [{}]}

    with ScriptedParley(lasting(1.3)) as server:
        server.memory = report
        done = here(4, "--url", server.url, "--json", tmp_path / "results.json")
    assert "Server memory: 50 MB before, 90 MB at peak, 50 MB after" in done.stdout
    assert "Left over: 2 conversations more in memory, 0 running turns" in done.stdout
    assert results(tmp_path / "results.json")["server_memory"]["peak_rss_bytes"] == 90_000_000


@pytest.mark.parametrize(
    ("token", "option", "sentence"),
    [
        ("right", ("--token", "right"), "Server memory: 50 MB before"),
        ("right", ("--token", "wrong"), "not allowed (HTTP 401); give the server's ADMIN_TOKEN with --token"),
        ("right", (), "not allowed (HTTP 401)"),
    ],
)
def test_the_token_opens_the_servers_report(here: Here, token: str, option: tuple[str, ...], sentence: str) -> None:
    with ScriptedParley(quick) as server:
        server.token = token
        server.memory = lambda: {"totals": {"rss_bytes": 50_000_000}, "workers": []}
        done = here(2, "--url", server.url, *option)
    assert sentence in done.stdout
    assert server.received.authorizations == ({f"Bearer {option[1]}"} if option else {""})


def test_the_admin_token_of_the_settings_is_for_this_machines_server_only(here: Here) -> None:
    with ScriptedParley(quick) as server:
        here(2, PORT=str(server.server_port), ADMIN_TOKEN="secret-of-this-machine")
        assert server.received.authorizations == {"Bearer secret-of-this-machine"}
        server.received.authorizations.clear()
        here(2, "--url", server.url, ADMIN_TOKEN="secret-of-this-machine")
    assert server.received.authorizations == {""}


def test_a_sign_in_at_a_proxy(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("open sesame\n"))
    with ScriptedParley(quick) as server:
        done = here(2, "--url", server.url, "--login", "alice")
    assert server.received.authorizations == {"Basic YWxpY2U6b3BlbiBzZXNhbWU="}
    assert "sesame" not in done.stdout + done.stderr


def test_a_failure_of_the_one_user_alone_counts(here: Here) -> None:
    def answer(browser: Browser) -> None:
        if browser.alone:
            browser.refuse(500, "oops", "Sorry.")
        else:
            quick(browser)

    with ScriptedParley(answer) as server:
        done = here(3, "--url", server.url)
    assert "  1 × oops (HTTP 500): Sorry." in done.stdout
    assert done.returncode == 1


def test_hundreds_at_once(here: Here) -> None:
    with ScriptedParley(together(200)) as server:
        done = here(200, "--url", server.url, "--quiet")
    assert CONCURRENT.match(verdict(done.stdout)), done.stdout
    assert len(server.received.deleted) == 201
    assert threading.active_count() < 100
