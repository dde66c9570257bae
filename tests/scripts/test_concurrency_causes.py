"""Causes that the check names. Each case is a load on a real local server that behaves in that way."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from .concurrency_check import CONCURRENT, ROOT, SEQUENTIAL, Done, cause, verdict
from .scripted_model import ScriptedModel
from .scripted_parley import Browser, ScriptedParley, accepting_all_but_working_on_one, at_most

pytestmark = pytest.mark.by_times

Here = Callable[..., Done]

LONG_S = 0.6  # for an answer, beside which a pause of a loaded machine is short


@contextmanager
def loop_server(kind: str) -> Iterator[str]:
    command = [sys.executable, "-m", "tests.scripts.loop_server", kind]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as process:
        assert process.stdout
        assert process.stdin
        yield process.stdout.readline().strip()
        process.stdin.close()


def test_an_event_loop_that_is_not_blocked(here: Here) -> None:
    with loop_server("fine") as url:
        done = here(6, "--url", url)
    assert CONCURRENT.match(verdict(done.stdout)), done.stdout
    assert cause(done.stdout) == ""
    assert done.returncode == 0


@pytest.mark.parametrize("kind", ["sleep", "cpu", "whole"])
def test_an_event_loop_that_answers_block(here: Here, kind: str) -> None:
    """If answers block in slices, they still overlap, and the total is no longer than the longest response."""
    with loop_server(kind) as url:
        done = here(6, "--url", url)
    assert "⚠️ SEQUENTIAL PROCESSING: Requests queued/blocked\n   (Total time " in verdict(done.stdout), done.stdout
    assert cause(done.stdout).startswith("BLOCKED LOOP: "), done.stdout
    assert "/healthz took" in cause(done.stdout)
    assert done.returncode == 1


def test_the_place_that_blocks_is_named_if_the_server_knows_it(here: Here) -> None:
    one_by_one = accepting_all_but_working_on_one(0.3)
    old = {"at": "2026-03-02T09:00:00Z", "ms": 200, "where": "chat/old.py:1 in before"}
    blocked = [old]

    def answer(browser: Browser) -> None:
        if browser.turn == 0:
            blocked.append({"at": "2026-03-02T09:30:00Z", "ms": 900, "where": "chat/tools/sums.py:12 in add_up"})
        one_by_one(browser)

    with ScriptedParley(answer) as server:
        server.memory = lambda: {"totals": {"rss_bytes": 9_000_000}, "workers": [{"blocked": list(blocked)}]}
        done = here(4, "--url", server.url)
    assert cause(done.stdout).startswith("BLOCKED LOOP: "), done.stdout
    assert "; chat/tools/sums.py:12 in add_up holds the event loop: " in cause(done.stdout)


def test_a_queue_of_four_threads(here: Here) -> None:
    with ScriptedParley(at_most(4, 0.4), mode="sync") as server:
        done = here(8, "--url", server.url)
    assert SEQUENTIAL.match(verdict(done.stdout)), done.stdout
    assert "Peak concurrency: 4 being answered at once" in done.stdout
    assert cause(done.stdout).startswith("BLOCKING: first token grows ")
    assert cause(done.stdout).endswith(" per user; gthread with 4 threads; set USE_ASYNC_AGENT=true.")
    assert done.returncode == 1


def test_a_queue_in_front_of_an_async_server(here: Here) -> None:
    with ScriptedParley(at_most(2, 0.3)) as server:
        done = here(6, "--url", server.url)
    assert SEQUENTIAL.match(verdict(done.stdout)), done.stdout
    assert "the server answers 2 at a time" in cause(done.stdout)
    assert "USE_ASYNC_AGENT" not in cause(done.stdout)


def test_a_slow_model_is_nobodys_fault(here: Here) -> None:
    with ScriptedModel(places=100, seconds=0.5) as model, ScriptedParley(model.relayed(timings=True)) as server:
        done = here(6, "--url", server.url)
    assert CONCURRENT.match(verdict(done.stdout)), done.stdout
    assert "server: model's first byte" in done.stdout
    assert cause(done.stdout) == ""
    assert done.returncode == 0


def test_a_limited_model_is_proven_by_the_same_load_straight_at_it(here: Here) -> None:
    with ScriptedModel(places=2, seconds=LONG_S) as model, ScriptedParley(model.relayed(timings=False)) as server:
        done = here(6, "--url", server.url, "--model-url", model.url)
    assert CONCURRENT.match(verdict(done.stdout)), done.stdout
    assert cause(done.stdout).startswith("MODEL: the same load straight at the model takes")
    assert "(2 answers at a time)" in cause(done.stdout)
    assert {body["model"] for body in model.bodies} == {"demo"}
    assert len(model.bodies) == 1 + 6
    assert done.returncode == 0


def test_a_limited_model_is_shown_by_the_servers_own_timings(here: Here) -> None:
    with ScriptedModel(places=2, seconds=LONG_S) as model, ScriptedParley(model.relayed(timings=True)) as server:
        done = here(6, "--url", server.url)
    assert CONCURRENT.match(verdict(done.stdout)), done.stdout
    assert "as the model's own first byte does" in cause(done.stdout)
    assert done.returncode == 0


def test_timings_prove_nothing_while_the_server_answers_nobody(here: Here) -> None:
    """A blocked loop also reads the model's first byte late."""
    with ScriptedModel(places=1, seconds=0.2) as model, ScriptedParley(model.relayed(timings=True)) as server:
        server.probe = lambda: _busy_while(server)
        done = here(6, "--url", server.url)
    assert "SEQUENTIAL" in verdict(done.stdout), done.stdout
    assert cause(done.stdout).startswith("BLOCKED LOOP: ")


def _busy_while(server: ScriptedParley) -> None:
    if len(server.running) > 1:
        time.sleep(0.4)


def test_without_proof_the_server_is_suspected_and_the_way_to_a_proof_named(here: Here) -> None:
    with ScriptedModel(places=2, seconds=LONG_S) as model, ScriptedParley(model.relayed(timings=False)) as server:
        done = here(6, "--url", server.url)
    assert "SEQUENTIAL" in verdict(done.stdout), done.stdout
    assert "run again with --model-url" in cause(done.stdout)
    assert done.returncode == 1


def test_a_quick_model_does_not_excuse_the_server(here: Here) -> None:
    one_by_one = accepting_all_but_working_on_one(LONG_S)
    with ScriptedModel(places=100, seconds=LONG_S) as model, ScriptedParley(one_by_one) as server:
        done = here(4, "--url", server.url, "--model-url", model.url)
    assert "SEQUENTIAL" in verdict(done.stdout), done.stdout
    assert "in the server; look for a lock" in cause(done.stdout)


def test_a_model_that_slows_everybody_down_alike(here: Here) -> None:
    """All answers advance in turn. `/healthz` stays quick, so no loop can be blocked."""
    with ScriptedParley(_in_slices()) as server:
        done = here(6, "--url", server.url)
        assert CONCURRENT.match(verdict(done.stdout)), done.stdout
        assert cause(done.stdout).startswith("MODEL: the server answered /healthz within ")
        server.probe = None
        done = here(6, "--url", server.url)
    assert "SEQUENTIAL" in verdict(done.stdout), done.stdout


def _in_slices() -> Callable[[Browser], None]:
    working: set[Browser] = set()

    def answer(browser: Browser) -> None:
        browser.begin()
        working.add(browser)
        time.sleep(0.05)
        for token in range(4):
            time.sleep(0.03 * len(working))
            browser.event("delta", {"text": f"token {token}"})
        browser.end()
        time.sleep(0.02)
        working.discard(browser)

    return answer


def test_a_check_that_is_itself_the_bottleneck(here: Here) -> None:
    """The server sends all at once; the check needs its time to read it."""
    flood = b'event: delta\ndata: {"text": "x"}\n\n' * 40_000

    def answer(browser: Browser) -> None:
        browser.begin()
        browser.speak(1)
        if not browser.alone:
            browser.write(flood)
        browser.end()

    with ScriptedParley(answer) as server:
        done = here(6, "--url", server.url)
    assert cause(done.stdout).startswith("CHECK TOO BUSY: "), done.stdout
    assert "SEQUENTIAL" not in done.stdout
    assert done.returncode in (0, 2)


def test_a_worker_that_restarts_sends_each_question_to_the_next_one(here: Here) -> None:
    clients: Counter[str] = Counter()

    def answer(browser: Browser) -> None:
        clients[browser.conversation] += 1
        if clients[browser.conversation] < 3:
            browser.refuse(307, "restarting", "This worker is about to end; send the request again.")
        else:
            browser.begin()
            browser.speak()
            browser.end()

    with ScriptedParley(answer) as server:
        done = here(3, "--url", server.url)
    assert "Errors: none" in done.stdout, done.stdout
    assert set(clients.values()) == {3}
