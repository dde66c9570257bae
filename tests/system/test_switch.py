"""Changes of the worker class under traffic, and changes that are refused because the workers would not start."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import requests

from scripts.kit.waiting import wait_until
from tests.servers.counter_watch import counters_watched, figures
from tests.servers.held_model import HeldModel
from tests.servers.parley import ParleyServer, User, text_of
from tests.servers.tree import Tree

TIMEOUT_S = 200  # a switch starts programs, which takes a loaded machine long


@contextmanager
def running(folder: Path, flag: str, workers: int = 1, model_url: str = "") -> Iterator[tuple[Tree, ParleyServer]]:
    """Start a server whose settings are all in its `.env`, by default with the demo model."""
    settings = {"USE_ASYNC_AGENT": flag, "WEB_CONCURRENCY": workers, "OPENAI_BASE_URL": model_url, "DEMO_LATENCY_S": 0}
    server = ParleyServer(folder, **settings)
    (folder / "parley").mkdir()
    tree = Tree(folder / "parley", **server.settings)
    server.program, server.settings = tree.folder, {}
    with server:
        yield tree, server


def modes(server: ParleyServer) -> set[str]:
    """Return the modes in which new turns are answered."""
    # Connections of their own: one that is kept open keeps its worker for some seconds.
    answers = [requests.get(f"{server.url}/api/me", headers={"Connection": "close"}, timeout=20) for _ in range(4)]
    return {answer.json()["mode"] for answer in answers}


def test_there_and_back_under_running_answers(tmp_path: Path) -> None:
    with (
        HeldModel() as model,
        running(tmp_path, "true", 2, model.base_url) as (tree, server),
        ThreadPoolExecutor(12) as crowd,
        counters_watched(server.url),
    ):
        before = tree.env_file.read_text()
        try:
            first = [crowd.submit(ask, server.url) for _ in range(6)]
            model.wait_for(6)
            there = tree.mode("sync")
            assert (there.returncode, there.stderr) == (0, "")
            assert re.fullmatch(
                r"Sync: 2 gthread workers answer; "
                r"(1 from before finishes its|2 from before finish their) answers and ends?\.\n",
                there.stdout,
            )
            wait_until(
                lambda: modes(server) == {"sync"}, timeout_s=TIMEOUT_S
            )  # a gevent worker takes up to a second to take its leave
            second = [crowd.submit(ask, server.url) for _ in range(6)]
            model.wait_for(6)
            # Under its nose: the workers of the last reload still finish their answers.
            back = tree.start_mode("async")
            model.let_go_of(6)
            output, errors = back.communicate(timeout=TIMEOUT_S)
            assert (back.returncode, errors) == (0, "")
            assert "Async: 2 gevent workers answer; " in output
            wait_until(lambda: modes(server) == {"async"}, timeout_s=TIMEOUT_S)
        finally:
            model.let_go_of(12)
        answers = [answer.result(60) for answer in (*first, *second)]
        assert [mode for mode, _, _ in answers[:6]] == ["async"] * 6
        assert "sync" in {mode for mode, _, _ in answers[6:]}
        assert {status for _, status, _ in answers} == {"completed"}
        for _, _, text in answers:
            *numbers, end = text.split()
            assert (numbers, end) == ([str(number) for number in range(1, len(numbers) + 1)], "end")
        metrics = figures(server.url)
        assert metrics.value("parley_turns_total", status="completed") == 12
        assert metrics.value("parley_turns_total", mode="async", status="completed") >= 6
        assert metrics.value("parley_turn_duration_seconds_count") == 12
        assert tree.env_file.read_text() == before
        assert tree.mode("async").stdout == "Already async; nothing to do.\n"

        wait_until(lambda: len(server.workers) == 2, timeout_s=TIMEOUT_S)
        mode_line = tree.mode("show").stdout
        assert mode_line.endswith(f"Running: process {server.running.pid} with 2 async workers.\n")
    assert not (tmp_path / "data" / "run" / "server.pid").exists()


def ask(url: str) -> tuple[str, str, str]:
    """Ask a question. Return the mode of its turn, its status and the text."""
    user = User(url)
    events = user.ask(user.conversation(), "Count.")
    return events[0].data["mode"], events[-1].data["status"], text_of(events)


BROKEN = {
    "a line of .env": (lambda tree: tree.append(".env", 'THREADS="8'), "Line "),
    "the application": (lambda tree: tree.append("chat/web/ops/health.py", "raise RuntimeError('boom')"), "boom"),
    "the class": (lambda tree: (tree.folder / "gevent.py").write_text("raise ImportError"), "gevent worker requires"),
}


def test_what_would_not_start_changes_nothing(tmp_path: Path) -> None:
    """Neither the command nor HUPs change anything. When the fault is mended, both work."""
    with running(tmp_path, "false") as (tree, server):
        good = tree.env_file.read_bytes()
        workers = server.workers
        for what, (breaking, reason) in BROKEN.items():
            breaking(tree)
            before = tree.env_file.read_bytes()
            refused = tree.mode("async")
            assert refused.returncode == 1
            assert reason in refused.stderr
            assert refused.stderr.endswith(" Nothing was changed.\n")
            assert tree.env_file.read_bytes() == before
            if what != "the class":  # without which the server's own kind of workers would start
                hang_up(server, "parley: nothing is reloaded")
                assert reason in server.console()
            assert (server.workers, modes(server)) == (workers, {"sync"})
            tree.env_file.write_bytes(good)
            tree.restore("chat/web/ops/health.py")
            (tree.folder / "gevent.py").unlink(missing_ok=True)

        hang_up(server, "Hang up: Master")
        wait_until(lambda: len(server.workers) == 1 and not set(workers) & set(server.workers), timeout_s=TIMEOUT_S)
        assert modes(server) == {"sync"}


def test_a_worker_that_dies_while_the_file_is_broken_is_replaced(tmp_path: Path) -> None:
    with running(tmp_path, "true", 2) as (tree, server), counters_watched(server.url):
        ask(server.url)
        good = tree.env_file.read_text()
        tree.env_file.write_text(good + 'THREADS="8\n')
        workers = server.workers
        os.kill(workers[0], signal.SIGKILL)
        wait_until(lambda: len(server.workers) == 2 and workers[0] not in server.workers, timeout_s=TIMEOUT_S)
        hang_up(server, "parley: nothing is reloaded")
        assert modes(server) == {"async"}
        tree.env_file.write_text(good.replace("USE_ASYNC_AGENT=true", "USE_ASYNC_AGENT=false"))
        hang_up(server, "Hang up: Master")
        wait_until(lambda: modes(server) == {"sync"}, timeout_s=TIMEOUT_S)
        # The worker that counted it may have been killed, and all of that time have been replaced.
        assert figures(server.url).value("parley_turns_total", status="completed") == 1


def test_what_shows_only_in_the_new_workers_is_undone(tmp_path: Path) -> None:
    with running(tmp_path, "true") as (tree, server):
        good = tree.env_file.read_bytes()
        switching = tree.folder / "config/server/reload/switch.py"
        switching.write_text(switching.read_text().replace("_NEW_WORKERS_S = 60.0", "_NEW_WORKERS_S = 3.0"))
        server.wait_for_workers(1)
        first = set(server.workers)
        tree.append("chat/turns/worker_report.py", replaced("None"))
        silent = tree.mode("sync")
        assert silent.returncode == 1
        assert silent.stderr == (
            f"Error: No sync workers started in time. {tree.env_file} is as it was, "
            "and the server was told to reload it; its console may say why.\n"
        )
        assert tree.env_file.read_bytes() == good
        # Where the two reloads became one, no worker was sync; until that has begun, the first ones still answer.
        wait_until(
            lambda: len(server.workers) == 1 and not first & set(server.workers) and modes(server) == {"async"},
            timeout_s=TIMEOUT_S,
        )

        tree.append("chat/turns/worker_report.py", replaced("1 / 0"))
        failing = tree.mode("sync")
        assert failing.returncode == 1
        assert failing.stderr == silent.stderr
        assert tree.env_file.read_bytes() == good
        wait_until(
            lambda: "parley: a worker could not start (ZeroDivisionError: division by zero" in server.console(),
            timeout_s=TIMEOUT_S,
        )
        assert "Traceback" not in server.console()
        assert modes(server) == {"async"}


def test_a_switch_that_is_broken_off_is_undone(tmp_path: Path) -> None:
    """The command waits for the new workers when Ctrl-C is pressed or the master dies."""
    with running(tmp_path, "true") as (tree, server):
        server.wait_for_workers(1)
        tree.append("chat/turns/worker_report.py", replaced("None"))
        good = tree.env_file.read_bytes()
        undone = f"{tree.env_file} is as it was, and the server was told to reload it"
        gone = f"The server has ended. {tree.env_file} is as it was; the server's console says why, and it must be"
        for number, sentence in (
            (signal.SIGINT, f"Interrupted. {undone}."),
            (signal.SIGKILL, f"{gone} started again."),
        ):
            with tree.start_mode("sync") as switching:
                wait_until(lambda: tree.env_file.read_bytes() != good, timeout_s=TIMEOUT_S)
                if number == signal.SIGINT:
                    switching.send_signal(number)
                else:
                    server.signal(number)
                assert switching.communicate(timeout=TIMEOUT_S) == ("", f"Error: {sentence}\n")
            assert switching.returncode == 1
            assert tree.env_file.read_bytes() == good


def test_a_switch_whose_outcome_cannot_be_written_stays(tmp_path: Path) -> None:
    with running(tmp_path, "true") as (tree, server), Path("/dev/full").open("w") as full:
        server.wait_for_workers(1)
        with tree.start_mode("sync", output=full) as switching:
            _, errors = switching.communicate(timeout=TIMEOUT_S)
        assert (switching.returncode, errors) == (1, "Error: The output cannot be written (No space left on device).\n")
        assert "USE_ASYNC_AGENT=false" in tree.env_file.read_text().splitlines()
        wait_until(lambda: modes(server) == {"sync"}, timeout_s=TIMEOUT_S)  # the old worker may still accept


def replaced(expression: str) -> str:
    """Return code with which a worker evaluates an expression instead of reporting. Fails without such a method."""
    return f"WorkerReport.publish\nWorkerReport.publish = lambda self: {expression}"


def hang_up(server: ParleyServer, answer: str) -> None:
    """Send SIGHUP and wait until the console has `answer` once more."""
    count = server.console().count(answer)
    server.signal(signal.SIGHUP)
    wait_until(lambda: server.console().count(answer) > count, timeout_s=TIMEOUT_S)
