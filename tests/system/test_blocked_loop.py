"""Code that blocks a worker's loop is named: in `app.log`, in memory-debug and in the metrics."""

from __future__ import annotations

from pathlib import Path

import requests

from scripts.kit.waiting import wait_until
from tests.servers.counter_watch import figures
from tests.servers.parley import ParleyServer
from tests.servers.tree import Tree

_BLOCKING_VIEW = """
@app.get("/block")
def block_the_loop():
    import ctypes

    ctypes.CDLL(None).usleep(300_000)
    return "done"
"""


def test_blocking_code_is_named(tmp_path: Path) -> None:
    (tmp_path / "program").mkdir()
    tree = Tree(tmp_path / "program")
    tree.append("wsgi.py", _BLOCKING_VIEW)
    server = ParleyServer(tmp_path, WEB_CONCURRENCY=1)
    server.program = tree.folder

    def named() -> list[dict]:
        [worker] = requests.get(f"{server.url}/admin/memory-debug", timeout=10).json()["workers"]
        return [block for block in worker["blocked"] if "block_the_loop" in block["where"]]

    def counted(name: str) -> float:
        samples = [sample for family in figures(server.url).families for sample in family.samples]
        return sum(each.value for each in samples if each.name == name and "block_the_loop" in each.labels["place"])

    with server:
        for number in (1, 2):
            assert requests.get(f"{server.url}/block", timeout=10).text == "done"
            wait_until(lambda number=number: len(named()) == number)
        assert all(block["where"].startswith("wsgi.py:") and block["ms"] >= 200 for block in named())
        wait_until(lambda: counted("parley_loop_blocks_total") == 2)
        assert counted("parley_loop_blocked_seconds_total") >= 0.4
        lines = [line for line in server.log("app.log").splitlines() if "block_the_loop" in line]
        assert len(lines) == 1  # each place once a minute
