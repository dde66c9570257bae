"""Code that blocks a worker's loop is named: in `app.log` and in memory-debug."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import requests

from tests.servers.parley import ParleyServer
from tests.servers.tree import Tree

_BLOCKING_VIEW = """
@app.get("/block")
def block_the_loop():
    import ctypes

    ctypes.CDLL(None).usleep(300_000)
    return "done"
"""


@pytest.mark.parametrize(("flag", "blocks"), [("true", 2), ("false", 0)], ids=["gevent", "gthread"])
def test_blocking_code_is_named(tmp_path: Path, flag: str, blocks: int) -> None:
    (tmp_path / "program").mkdir()
    tree = Tree(tmp_path / "program")
    tree.append("wsgi.py", _BLOCKING_VIEW)
    server = ParleyServer(tmp_path, WEB_CONCURRENCY=1, USE_ASYNC_AGENT=flag)
    server.program = tree.folder
    with server:
        for _ in range(2):
            assert requests.get(f"{server.url}/block", timeout=10).text == "done"
        time.sleep(2.5)  # a report is published once a second
        [worker] = requests.get(f"{server.url}/admin/memory-debug", timeout=10).json()["workers"]
        named = [block for block in worker["blocked"] if "block_the_loop" in block["where"]]
        assert len(named) == blocks, worker["blocked"]
        assert all(block["where"].startswith("wsgi.py:") and block["ms"] >= 200 for block in named)
        lines = [line for line in server.log("app.log").splitlines() if "block_the_loop" in line]
        assert len(lines) == min(blocks, 1)  # each place once a minute
