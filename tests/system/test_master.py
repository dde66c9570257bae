"""The master survives faults of its workers, its reloads and the program's files."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import time
from pathlib import Path

import pytest

from scripts.kit.port import listens
from scripts.kit.waiting import wait_until
from tests.servers.parley import ParleyServer
from tests.servers.tree import Tree

FLAGS = pytest.mark.parametrize("flag", ["true", "false"], ids=["gevent", "gthread"])


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Return a copy of the program, from which the servers of the test are started."""
    (tmp_path / "parley").mkdir()
    return Tree(tmp_path / "parley")


@FLAGS
def test_a_successor_that_cannot_start_is_tried_again(flag: str, tree: Tree, tmp_path: Path) -> None:
    with ParleyServer(tmp_path, tree.folder, USE_ASYNC_AGENT=flag, WEB_CONCURRENCY=2) as server:
        wait_until(lambda: len(list((tmp_path / "data" / "run").glob("*.json"))) == 2, timeout_s=60)
        tree.append("chat/web/ops/health.py", "def half(")
        os.kill(server.workers[0], signal.SIGKILL)
        pauses = re.compile(
            r"parley: a worker could not start \(chat/web/ops/health\.py, line .*\)\. .* in (\d+) s; 1 other goes on"
        )
        while len(pauses.findall(server.console())) < 2:
            assert server.is_ready()
            time.sleep(0.05)
        tree.restore("chat/web/ops/health.py")
        wait_until(
            lambda: len(server.workers) == 2 and len(list((tmp_path / "data" / "run").glob("*.json"))) >= 2,
            timeout_s=60,
        )
        first, second = pauses.findall(server.console())[:2]
        assert int(second) == 2 * int(first) <= 4
        assert "Traceback" not in server.console()
        assert server.running.poll() is None


@FLAGS
def test_a_reload_that_hangs_keeps_nobody(flag: str, tree: Tree, tmp_path: Path) -> None:
    """It delays neither a worker's replacement nor a TERM."""
    process = tree.folder / "config/server/reload/preflight_process.py"
    process.write_text("import time\nprint('here', flush=True)\ntime.sleep(600)\n")
    with ParleyServer(tmp_path, tree.folder, USE_ASYNC_AGENT=flag, WEB_CONCURRENCY=1, GRACE_S=1) as server:
        server.signal(signal.SIGHUP)
        wait_until(lambda: len(server.workers) == 2, timeout_s=60)  # one of them is the preflight
        server.signal(signal.SIGHUP)
        wait_until(lambda: "is merged with the reload" in server.console(), timeout_s=60)
        os.kill(server.workers[0], signal.SIGKILL)
        wait_until(lambda: server.console().count("Booting worker") == 2, timeout_s=60)
        assert server.stop(21) == 0


@FLAGS
def test_a_stopped_worker_does_not_keep_the_server(flag: str, tree: Tree, tmp_path: Path) -> None:
    with ParleyServer(tmp_path, tree.folder, USE_ASYNC_AGENT=flag, WEB_CONCURRENCY=2, GRACE_S=0) as server:
        os.kill(server.workers[0], signal.SIGSTOP)
        assert server.stop(20) == 0


def test_a_reload_to_another_address(tmp_path: Path) -> None:
    """Check a reload to a taken address, which changes nothing, and to a free one, which replaces the workers."""
    server = ParleyServer(tmp_path, WEB_CONCURRENCY=1, GRACE_S=2)
    (tmp_path / "parley").mkdir()
    tree = Tree(tmp_path / "parley", **server.settings)
    server.program, server.settings = tree.folder, {}
    settings = tree.env_file.read_text()
    with server, socket.create_server(("127.0.0.1", 0)) as listener, contextlib.closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        there, here = free.getsockname()[1], listener.getsockname()[1]
        tree.env_file.write_text(settings.replace(f"PORT={server.port}\n", f"PORT={here}\n"))
        server.signal(signal.SIGHUP)
        wait_until(lambda: f"cannot listen on 127.0.0.1:{here}" in server.console(), timeout_s=60)
        assert server.is_ready()
        free.close()
        tree.env_file.write_text(settings.replace(f"PORT={server.port}\n", f"PORT={there}\n"))
        server.signal(signal.SIGHUP)
        wait_until(lambda: not listens(server.port), timeout_s=60)
        assert listens(there)
