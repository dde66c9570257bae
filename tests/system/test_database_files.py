"""The database's files are removed or replaced while the server runs."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import requests

from scripts.kit.waiting import wait_until
from tests.servers.parley import ParleyServer, User

pytestmark = pytest.mark.system


@pytest.fixture(params=["true", "false"], ids=["gevent", "gthread"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ParleyServer]:
    with ParleyServer(tmp_path, WEB_CONCURRENCY=2, USE_ASYNC_AGENT=request.param, DEMO_LATENCY_S=0) as running:
        yield running


def readiness(server: ParleyServer) -> int:
    """Return the status of /readyz, on a connection of its own."""
    return requests.get(f"{server.url}/readyz", timeout=10).status_code


@pytest.mark.parametrize("replaced", [False, True], ids=["removed", "replaced"])
def test_it_is_noticed_said_and_ends_in_not_ready(server: ParleyServer, tmp_path: Path, replaced: bool) -> None:
    path = tmp_path / "chat.db"
    alice = User(server.url)
    wait_until(lambda: len(alice.get("/admin/memory-debug").json()["workers"]) == 2)  # both have it open
    conversation = alice.conversation()
    assert alice.ask(conversation, "Hello")[-1].data["status"] == "completed"
    path.rename(tmp_path / "moved")
    if replaced:
        path.write_bytes(b"another file")
    # Each worker notices it for itself.
    wait_until(lambda: server.log("app.log").count("were removed or replaced while the server runs") >= 2)
    assert readiness(server) == 503
    assert "removed or replaced" in alice.get("/readyz").text
    refused = alice.post(f"/api/conversations/{conversation}/turns", {"text": "And now?"})
    assert refused.status_code == 503
    assert refused.headers["Retry-After"]
    # A worker that comes now must not begin a database of its own.
    os.kill(server.workers[0], signal.SIGKILL)
    wait_until(lambda: "put it back" in server.console())
    if replaced:
        assert path.read_bytes() == b"another file"
        path.unlink()
    assert not path.exists()
    (tmp_path / "moved").rename(path)
    wait_until(lambda: readiness(server) == 200)
    alice.session.close()  # its connection may have been one to the worker that was killed
    assert alice.ask(conversation, "And now?")[-1].data["status"] == "completed"
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT COUNT(*) FROM turns").fetchone() == (2,)
