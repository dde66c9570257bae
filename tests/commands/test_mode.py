"""Command `flask --app wsgi mode` without a running server. With one: `tests/system/test_switch.py`."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask

from config.server.worker_reports import WorkerReports
from tests.servers.tree import Tree


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    tmp_path = tmp_path / "parley"
    tmp_path.mkdir()
    return Tree(tmp_path, WEB_CONCURRENCY=2)


def refused(ended: subprocess.CompletedProcess[str], reason: str) -> None:
    """Check that the error is one line that names `reason` and says that nothing was changed."""
    lines = [line for line in ended.stderr.splitlines() if not line.startswith("python-dotenv")]
    assert (ended.returncode, ended.stdout, len(lines)) == (1, "", 1), ended
    assert lines[0].startswith("Error: ")
    assert reason in lines[0]
    assert lines[0].endswith(" Nothing was changed.")


def test_there_and_back(tree: Tree) -> None:
    before = tree.env_file.read_text()
    there = tree.mode("sync")
    assert (there.returncode, there.stderr) == (0, "")
    assert there.stdout == (
        f"{tree.env_file} says USE_ASYNC_AGENT=false. No server runs with DATA_DIR={tree.folder}/data: "
        "the next start will be sync.\n"
    )
    assert tree.env_file.read_text() == before + "USE_ASYNC_AGENT=false\n"

    again = tree.mode("sync")  # twice, since nothing seemed to happen
    assert (again.returncode, again.stdout, again.stderr) == (0, "Already sync; nothing to do.\n", "")

    back = tree.mode("async")
    assert back.returncode == 0
    assert "the next start will be async" in back.stdout
    assert tree.env_file.read_text() == before + "USE_ASYNC_AGENT=true\n"
    # The folder of the logs is made when the configuration is read; no data, no database, no scratch file.
    assert sorted(path.name for path in tree.folder.iterdir() if path.name != "__pycache__") == [
        ".env", "chat", "config", "gunicorn.gevent.py", "logs", "wsgi.py",
    ]  # fmt: skip


def test_showing_it(tree: Tree, tmp_path: Path) -> None:
    nobody = f"Running: no server with DATA_DIR={tree.folder}/data.\n"
    assert tree.mode("show").stdout == f"Written: async ({tree.env_file}).\n{nobody}"
    in_environment = tree.mode("show", USE_ASYNC_AGENT="false").stdout
    assert in_environment.startswith("Written: sync (USE_ASYNC_AGENT=false in the environment, which wins over ")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    # Another program's settings, which Flask puts into the environment before anything of ours runs.
    (elsewhere / ".env").write_text("USE_ASYNC_AGENT=false\nDATA_DIR=x\n")
    assert tree.mode("show", cwd=elsewhere).stdout == f"Written: async ({tree.env_file}).\n{nobody}"
    tree.env_file.unlink()
    assert tree.mode("show").stdout.startswith("Written: async (the default; there is no ")
    assert not (tree.folder / "data").exists()


@pytest.mark.parametrize("arguments", [[], ["nonsense"], ["async", "sync"], ["ASYNC "]])
def test_invalid_arguments(app: Flask, arguments: list[str]) -> None:
    ended = app.test_cli_runner().invoke(args=["mode", *arguments])
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert "Usage: " in ended.stderr


def test_a_missing_file_is_made(tree: Tree) -> None:
    tree.env_file.unlink()
    assert tree.mode("sync").returncode == 0
    assert tree.env_file.read_text() == "USE_ASYNC_AGENT=false\n"


def test_a_misspelt_flag_is_mended(tree: Tree) -> None:
    tree.append(".env", "USE_ASYNC_AGENT=flase")
    result = tree.mode("show")
    assert "Written: USE_ASYNC_AGENT is 'flase', but takes true or false.\n" in result.stdout
    assert tree.mode("sync").returncode == 0
    assert "USE_ASYNC_AGENT=false\n" in tree.env_file.read_text()


def test_the_environment_wins_over_the_file(tree: Tree) -> None:
    before = tree.env_file.read_bytes()
    refused(tree.mode("sync", USE_ASYNC_AGENT="true"), "This environment has USE_ASYNC_AGENT=true")
    refused(tree.mode("sync", USE_ASYNC_AGENT=""), "This environment has USE_ASYNC_AGENT=")  # empty is the default
    refused(tree.mode("sync", USE_ASYNC_AGENT="maybe"), "This environment has USE_ASYNC_AGENT=maybe")
    assert tree.env_file.read_bytes() == before
    already = tree.mode("async", USE_ASYNC_AGENT="true")
    assert (already.returncode, already.stdout) == (0, "Already async; nothing to do.\n")


BROKEN = {
    "a line": (lambda tree: tree.append(".env", 'THREADS="8'), "Line 2 of "),
    "a setting": (lambda tree: tree.append(".env", "THREADS=many"), "THREADS is 'many', but takes "),
    "the application": (lambda tree: tree.append("chat/web/ops/health.py", "raise RuntimeError('boom')"), "boom"),
    "an import": (lambda tree: (tree.folder / "chat/turns/event_data.py").unlink(), "cannot import name 'event_data'"),
    "the configuration": (lambda tree: tree.append("gunicorn.gevent.py", "1 / 0"), "ZeroDivisionError"),
    "another class": (
        lambda tree: tree.append("gunicorn.gevent.py", "worker_class = 'gevent'"),
        "still start as async",
    ),
    "the database": (lambda tree: (tree.folder / "data/chat.db").mkdir(parents=True), "DATABASE_URL names "),
    "the data's place": (lambda tree: tree.append(".env", "DATA_DIR=/proc/nowhere"), "DATA_DIR is '/proc/nowhere'"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_target_that_would_not_start_is_refused(tree: Tree, what: str) -> None:
    breaking, reason = BROKEN[what]
    breaking(tree)
    before = tree.env_file.read_bytes()
    refused(tree.mode("sync"), reason)
    assert tree.env_file.read_bytes() == before


def test_it_is_shown_even_where_nothing_would_start(tree: Tree) -> None:
    tree.append(".env", 'THREADS="8')
    tree.append("chat/app.py", "raise RuntimeError('boom')")
    result = tree.mode("show")
    assert result.returncode == 0
    assert result.stdout.startswith(f"Written: Line 2 of {tree.env_file} cannot be read; it takes NAME=value.\n")
    assert "Traceback" not in result.stderr


def test_where_gevent_cannot_be_loaded_there_is_still_a_way_back(tree: Tree) -> None:
    environ = tree.without("gevent")
    assert tree.mode("sync", **environ).returncode == 0
    before = tree.env_file.read_bytes()
    refused(tree.mode("async", **environ), "gevent")
    assert tree.env_file.read_bytes() == before


def test_two_at_a_time(tree: Tree) -> None:
    before = tree.env_file.read_bytes()
    handle = os.open(tree.folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        refused(tree.mode("sync"), "Another `flask mode` is at work here")
        assert tree.mode("show").returncode == 0
    finally:
        os.close(handle)
    assert tree.env_file.read_bytes() == before
    assert tree.mode("sync").returncode == 0


def test_a_file_that_cannot_be_written(tree: Tree) -> None:
    """For example a link into a folder mounted read-only."""
    tree.env_file.unlink()
    tree.env_file.symlink_to("/proc/nowhere/.env")
    refused(tree.mode("sync"), f"{tree.env_file} cannot be written (")


SERVER = """
import os
import sys
from pathlib import Path
from config.server.pid_file import OWN
from config.server.worker_reports import WorkerReports
OWN.acquire(Path(sys.argv[1]))
WorkerReports(Path(sys.argv[1])).publish({"pid": os.getpid(), "mode": "async", "server": "this:5000"}, {})
print("ready", flush=True)
sys.stdin.read()
"""


def test_the_environment_of_the_running_server_wins(tree: Tree) -> None:
    before = tree.env_file.read_bytes()
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tree.folder / "data/run")],
        cwd=tree.folder, env={"USE_ASYNC_AGENT": "true"}, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        assert server.stdout
        assert server.stdout.readline() == "ready\n"
        refused(
            tree.mode("sync"),
            f"The server (process {server.pid}) was started with USE_ASYNC_AGENT=true in its environment",
        )
        assert f"Running: process {server.pid} with 1 async worker.\n" in tree.mode("show").stdout
        WorkerReports(tree.folder / "data/run").publish({"pid": os.getpid(), "server": "this:5001"}, {})
        refused(tree.mode("sync"), f"2 servers use {tree.folder}/data (this:5000, this:5001), but this command reloads")
    assert tree.env_file.read_bytes() == before
