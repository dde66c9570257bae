"""The concurrency check as a command, in any folder: options, outputs and exit statuses."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .concurrency_check import CERTIFICATE, CONCURRENT, ROOT, SEQUENTIAL, Done, check, verdict
from .scripted_parley import Browser, ScriptedParley, at_most, together

pytestmark = pytest.mark.by_times


def test_json_to_a_file_and_to_standard_output(here: Callable[..., Done], tmp_path: Path) -> None:
    with ScriptedParley(together(4)) as server:
        done = here(4, "--url", server.url, "--json", tmp_path / "results.json")
    results = json.loads((tmp_path / "results.json").read_text())
    assert (results["verdict"], results["completed"], results["errors"]) == ("concurrent", 4, [])
    assert results["seconds"]["response_time"]["max"] == max(each["response_s"] for each in results["requests"])
    assert results["total_s"] >= results["max_response_s"] > 0
    assert CONCURRENT.match(verdict(done.stdout))
    with ScriptedParley(together(2)) as server:
        done = here(2, "--url", server.url, "--json", "-")
    assert json.loads(done.stdout)["mode"] == "async"
    assert CONCURRENT.match(verdict(done.stderr))


def test_nowhere_to_write_the_json_is_said_before_the_start(here: Callable[..., Done], tmp_path: Path) -> None:
    with ScriptedParley(together(1)) as server:
        done = here(1, "--url", server.url, "--json", tmp_path / "no such folder" / "results.json")
    assert done.returncode == 2
    assert "cannot be written to (No such file or directory)" in done.stderr
    assert server.received.turns == []


def test_a_reader_who_has_seen_enough() -> None:
    python = ("sh", "-c", '"$0" "$@" | head -1', sys.executable)
    with ScriptedParley(together(2)) as server:
        done = check(2, "--url", server.url, python=python)
    assert done.stdout == f"Parley at {server.url}: async mode, model demo\n"
    assert done.stderr == ""


@pytest.mark.parametrize("output", ["/dev/full", "&-"])
def test_no_room_for_the_output_or_no_output(output: str) -> None:
    python = ("sh", "-c", f'"$0" "$@" >{output}', sys.executable)
    with ScriptedParley(together(2)) as server:
        done = check(2, "--url", server.url, python=python)
    expected = (2, "The output cannot be written (No space left on device).\n") if "full" in output else (0, "")
    assert (done.returncode, done.stderr) == expected


@pytest.mark.parametrize("option", ["--json", "--html"])
def test_no_room_for_a_file(here: Callable[..., Done], option: str) -> None:
    with ScriptedParley(together(2)) as server:
        done = here(2, "--url", server.url, option, "/dev/full")
    assert CONCURRENT.match(verdict(done.stdout)), done.stdout
    sentence = "/dev/full cannot be written (No space left on device); the results are above.\n"
    assert (done.returncode, done.stderr) == (2, sentence)


def test_a_ramp_is_no_wait(here: Callable[..., Done]) -> None:
    with ScriptedParley(at_most(10, 0.1)) as server:
        done = here(4, "--url", server.url, "--ramp", "0.8")
    assert CONCURRENT.match(verdict(done.stdout)), done.stdout


def test_no_number_of_users_as_typed() -> None:
    done = check()
    assert done.returncode == 2
    assert done.stderr.startswith("test_concurrent_users.py: N is missing")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["abc"], ["0"], ["-5"], ["1000000"], ["10.5"], ["1_0"], ["10", "20"]])
def test_a_wrong_number_of_users(here: Callable[..., Done], arguments: list[str]) -> None:
    done = here(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("test_concurrent_users.py: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("option", [["--timeout", "0"], ["--timeout", "soon"], ["--ramp", "-1"], ["--nonsense"]])
def test_a_wrong_option(here: Callable[..., Done], option: list[str]) -> None:
    done = here(3, *option)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_server_down(here: Callable[..., Done]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
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


def interrupted(server: ScriptedParley, python: str, environ: dict[str, str]) -> tuple[int, str]:
    """Start a check on `server`, which never ends a turn, and press Ctrl-C once three users are being answered."""
    command = [python, "scripts/test_concurrent_users.py", "3", "--url", server.url]
    with subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True) as process:
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

    def endless(browser: Browser) -> None:
        browser.begin()
        browser.speak()
        if not browser.alone:
            browser.stopped.wait(timeout=20)
        browser.end()

    with ScriptedParley(endless) as server:
        status, rest = interrupted(server, sys.executable, dict(os.environ))
    assert status == 2
    assert "Interrupted with 0 whole answers of 3 users: no verdict." in rest
    assert "time to first token" in rest
    assert "CONCURRENCY" not in rest
    # Nothing stays: the turns that ran were stopped, and every conversation is deleted.
    assert sorted(server.received.stopped) == ["t0", "t1", "t2"]
    assert sorted(server.received.deleted) == sorted(server.received.owners)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Return a copy of the files that the check needs, in which a test can make a .venv."""
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
