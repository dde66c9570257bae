"""The concurrency check as it is typed: verdicts, causes of errors, exit statuses, the command line in a hurry."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from scripts.concurrency import command

from .scripted_parley import Browser, ScriptedParley, accepting_all_but_working_on_one, at_most, together

ROOT = Path(__file__).resolve().parents[2]
CERTIFICATE = ROOT / "tests" / "llm" / "localhost.pem"
CONCURRENT = re.compile(
    r"^✅ TRUE CONCURRENCY: Requests processed in parallel\n"
    r"   \(Total time \d+\.\ds ≈ Max response \d+\.\ds\)$"
)
SEQUENTIAL = re.compile(
    r"^⚠️ SEQUENTIAL PROCESSING: Requests queued/blocked\n"
    r"   \(Total time \d+\.\ds >> Max response \d+\.\ds\)$"
)


@dataclass
class Done:
    """The end of a check, with the names of `subprocess.CompletedProcess`."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def here(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Run the command within this process, which is quicker."""

    def run(*arguments: Any, **env: str) -> Done:
        for name in ("HOST", "PORT"):
            monkeypatch.delenv(name, raising=False)
        for name, value in env.items():
            monkeypatch.setenv(name, value)
        capsys.readouterr()
        try:
            status = command.main([str(argument) for argument in arguments])
        except SystemExit as end:
            status = int(str(end.code))
        return Done(status, *capsys.readouterr())

    return run


def check(*arguments: Any, root: Path = ROOT, python: tuple[str, ...] = (sys.executable,), **env: str) -> Any:
    """Run the command as it is typed."""
    command = [*python, "scripts/test_concurrent_users.py", *map(str, arguments)]
    environ = {name: value for name, value in os.environ.items() if name not in ("HOST", "PORT")} | env
    return subprocess.run(command, check=False, cwd=root, env=environ, capture_output=True, text=True, timeout=60)


def verdict(output: str) -> str:
    return "\n".join(output.splitlines()[-2:])


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
    assert re.search(r"^ +p50 +p95 +p99 +max$", done.stdout, re.MULTILINE)
    for row in ("time to first token", "gap between tokens", "response time", "wait"):
        assert re.search(rf"^  {row} +(\d+ ms|\d+\.\d\d s)", done.stdout, re.MULTILINE), row
    assert "Errors: none" in done.stdout


def test_every_user_is_somebody_else_with_a_conversation_of_their_own(here: Callable[..., Done]) -> None:
    with ScriptedParley(together(5)) as server:
        here(5, "--url", server.url, "--text", "Zeig mir Zürich 🙂", "--model", "other")
    assert len(set(server.received.owners.values())) == 5
    assert {turn["text"] for turn in server.received.turns} == {"Zeig mir Zürich 🙂"}
    assert {turn["model"] for turn in server.received.turns} == {"other"}
    assert len({turn["client_id"] for turn in server.received.turns}) == 5


@pytest.mark.parametrize(("users", "places", "seconds"), [(4, 1, 0.2), (5, 4, 0.6)])
def test_too_few_places_are_sequential(users: int, places: int, seconds: float) -> None:
    with ScriptedParley(at_most(places, seconds)) as server:
        done = check(users, "--url", server.url)
    assert SEQUENTIAL.match(verdict(done.stdout)), done.stdout
    assert f"{users - places} of {users} turns began only after another had ended" in done.stdout
    assert done.returncode == 1


def test_turns_accepted_at_once_but_worked_on_one_by_one_are_sequential(here: Callable[..., Done]) -> None:
    with ScriptedParley(accepting_all_but_working_on_one()) as server:
        done = here(4, "--url", server.url)
    assert verdict(done.stdout).startswith("⚠️ SEQUENTIAL PROCESSING: Requests queued/blocked\n   (Total time ")
    assert "the answers were worked on one after another" in done.stdout
    assert done.returncode == 1


def test_one_user_is_told_how_little_that_shows(here: Callable[..., Done]) -> None:
    with ScriptedParley(together(1)) as server:
        done = here(1, "--url", server.url)
    assert CONCURRENT.match(verdict(done.stdout)), done.stdout
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
    """Two of three are answered: the third must neither count nor be forgotten."""

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
    assert "  3 × overloaded (HTTP 503): Full." in done.stdout
    assert "CONCURRENCY" not in done.stdout
    assert "nothing to judge" in done.stdout
    assert done.returncode == 1


def test_a_user_who_waits_too_long_is_an_error(here: Callable[..., Done]) -> None:
    over = threading.Event()

    def silent(browser: Browser) -> None:
        browser.begin()
        over.wait(timeout=20)

    with ScriptedParley(silent) as server:
        done = here(2, "--url", server.url, "--timeout", "0.3")
        over.set()
    assert "  2 × timeout: " in done.stdout
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
    assert "  2 × timeout: " in done.stdout


def test_json_to_a_file_and_to_standard_output(here: Callable[..., Done], tmp_path: Path) -> None:
    with ScriptedParley(together(4)) as server:
        done = here(4, "--url", server.url, "--json", tmp_path / "found.json")
    found = json.loads((tmp_path / "found.json").read_text())
    assert (found["verdict"], found["completed"], found["errors"]) == ("concurrent", 4, [])
    assert found["seconds"]["response_time"]["max"] == max(user["response_s"] for user in found["users"])
    assert found["total_s"] >= found["max_response_s"] > 0
    assert CONCURRENT.match(verdict(done.stdout))
    with ScriptedParley(together(2)) as server:
        done = here(2, "--url", server.url, "--json", "-")
    assert json.loads(done.stdout)["mode"] == "async"
    assert CONCURRENT.match(verdict(done.stderr))


def test_nowhere_to_write_the_json_is_said_before_the_start(here: Callable[..., Done], tmp_path: Path) -> None:
    with ScriptedParley(together(1)) as server:
        done = here(1, "--url", server.url, "--json", tmp_path / "no such folder" / "found.json")
    assert done.returncode == 2
    assert "cannot be written to (No such file or directory)" in done.stderr
    assert server.received.turns == []


def test_a_reader_who_has_seen_enough() -> None:
    python = ("sh", "-c", '"$0" "$@" | head -1', sys.executable)
    with ScriptedParley(together(2)) as server:
        done = check(2, "--url", server.url, python=python)
    assert done.stdout == f"Parley at {server.url}: async mode, model demo\n"
    assert done.stderr == ""


def test_a_ramp_is_no_wait(here: Callable[..., Done]) -> None:
    with ScriptedParley(at_most(10, 0.1)) as server:
        done = here(4, "--url", server.url, "--ramp", "0.8")
    assert CONCURRENT.match(verdict(done.stdout)), done.stdout


def test_no_number_of_users_as_typed() -> None:
    done = check()
    assert done.returncode == 2
    assert done.stderr.startswith("usage: test_concurrent_users.py")


@pytest.mark.parametrize("arguments", [["abc"], ["0"], ["-5"], ["1000000"], ["10.5"], ["1_0"], ["10", "20"]])
def test_a_wrong_number_of_users(here: Callable[..., Done], arguments: list[str]) -> None:
    done = here(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("usage: test_concurrent_users.py")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("option", [["--timeout", "0"], ["--timeout", "soon"], ["--ramp", "-1"], ["--nonsense"]])
def test_a_wrong_option(here: Callable[..., Done], option: list[str]) -> None:
    done = here(3, *option)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_server_down(here: Callable[..., Done]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    done = here(3, PORT=str(port))
    assert done.returncode == 2
    assert done.stderr.startswith(f"No server answers at http://127.0.0.1:{port} (")
    assert "./scripts/serve" in done.stderr
    assert done.stderr.count("\n") == 1


def test_finds_the_server_by_the_settings(here: Callable[..., Done]) -> None:
    with ScriptedParley(together(1)) as server:
        done = here(1, HOST="0.0.0.0", PORT=str(server.server_port))
    assert done.returncode == 0
    assert f"Parley at {server.url}" in done.stdout


def test_a_wrong_setting_is_named(here: Callable[..., Done]) -> None:
    done = here(1, PORT="http")
    assert done.returncode == 2
    assert done.stderr.startswith("PORT is 'http'")
    assert done.stderr.count("\n") == 1


def test_a_server_behind_tls(here: Callable[..., Done]) -> None:
    with ScriptedParley(together(5), CERTIFICATE) as server:
        done = here(5, "--url", server.url, SSL_CERT_FILE=str(CERTIFICATE))
        distrusted = here(5, "--url", server.url, SSL_CERT_FILE=os.devnull)
    assert CONCURRENT.match(verdict(done.stdout)), done.stdout + done.stderr
    assert distrusted.returncode == 2
    assert "certificate verify failed" in distrusted.stderr


def test_a_name_that_stands_for_several_addresses(here: Callable[..., Done]) -> None:
    with ScriptedParley(together(2)) as server:
        done = here(2, "--url", f"http://localhost:{server.server_port}/")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "url", ["nonsense", "http://..", "ftp://localhost", "http://", "http://localhost:99999", "http://[::1"]
)
def test_an_address_that_is_none(here: Callable[..., Done], url: str) -> None:
    done = here(1, "--url", url)
    assert done.returncode == 2
    assert "is not an address" in done.stderr


def test_another_server_than_parley(here: Callable[..., Done]) -> None:
    with ScriptedParley(together(1)) as server:
        done = here(1, "--url", f"{server.url}/elsewhere")
    assert done.returncode == 2
    assert "answers, but not as Parley does" in done.stderr


def test_a_model_the_server_does_not_have(here: Callable[..., Done]) -> None:
    with ScriptedParley(together(1)) as server:
        done = here(1, "--url", server.url, "--model", "gpt-0")
    assert done.returncode == 2
    assert "it offers demo, other" in done.stderr


def limited(limits: str) -> tuple[str, ...]:
    return ("sh", "-c", f'ulimit {limits}; exec "$0" "$@"', sys.executable)


def test_raises_its_own_limit_of_open_files() -> None:
    with ScriptedParley(together(60)) as server:
        done = check(60, "--url", server.url, python=limited("-Sn 50"))
    assert CONCURRENT.match(verdict(done.stdout)), done.stdout + done.stderr


def test_says_when_too_few_files_may_be_open() -> None:
    done = check(100, python=limited("-n 120"))
    assert done.returncode == 2
    assert "this system allows 120: ask for 56 users at most" in done.stderr


@contextmanager
def heeding_ctrl_c() -> Iterator[None]:
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def interrupted(server: ScriptedParley, python: str, environ: dict[str, str]) -> tuple[int, str]:
    """Start a check on `server`, which never ends a turn, and press Ctrl-C once three users are being answered."""
    command = [python, "scripts/test_concurrent_users.py", "3", "--url", server.url]
    # What a shell runs in the background ignores Ctrl-C, and so would what the tests start there.
    with heeding_ctrl_c():
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True)
    with process:
        assert process.stdout
        before = ""
        while "3 being answered" not in before:
            line = process.stdout.readline()
            assert line, before
            before += line
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=10)
        return process.returncode, rest


def test_ctrl_c_ends_it_with_what_is_known() -> None:
    over = threading.Event()

    def endless(browser: Browser) -> None:
        browser.begin()
        browser.speak()
        over.wait(timeout=20)

    with ScriptedParley(endless) as server:
        status, rest = interrupted(server, sys.executable, dict(os.environ))
        over.set()
    assert status == 130
    assert "Interrupted when 0 of 3 users had their answer" in rest
    assert "CONCURRENCY" not in rest


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A copy of the repository's part that matters, whose .venv can be made up."""
    for folder in ("scripts", "config"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


BARE = (sys.executable, "-S", "-I")  # without anything that was installed


def test_goes_over_to_the_repositorys_python(elsewhere: Path) -> None:
    python = elsewhere / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\necho "gone over" >&2\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    with ScriptedParley(together(3)) as server:
        done = check(3, "--url", server.url, root=elsewhere, python=BARE)
    assert done.stderr == "gone over\n"
    assert CONCURRENT.match(verdict(done.stdout)), done.stdout


def test_runs_where_nothing_is_installed(elsewhere: Path) -> None:
    with ScriptedParley(together(20)) as server:
        done = check(20, root=elsewhere, python=BARE, PORT=str(server.server_port))
    assert CONCURRENT.match(verdict(done.stdout)), done.stdout + done.stderr
    with ScriptedParley(at_most(1, 0.2)) as server:
        done = check(4, root=elsewhere, python=BARE, PORT=str(server.server_port))
    assert SEQUENTIAL.match(verdict(done.stdout)), done.stdout
