"""Rotation of the logs of four workers under load: no line is lost, doubled or torn."""

from __future__ import annotations

import re
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from tests.servers.parley import ParleyServer

_REQUESTS, _THREADS, _ROTATIONS = 600, 8, 6
_LINE = re.compile(r'\[[^\]]+\] 127\.0\.0\.1 "GET /[a-z/-]+ HTTP/1\.1" \d+ \d+B \d+\.\d{6}s <\d+> "[^"]*" (\S+)')


@pytest.mark.parametrize("flag", ["true", "false"], ids=["gevent", "gthread"])
def test_no_line_is_lost(tmp_path: Path, flag: str) -> None:
    with ParleyServer(tmp_path, WEB_CONCURRENCY=4, USE_ASYNC_AGENT=flag) as server:
        server.wait_for_workers(4)

        def ask(number: int) -> None:
            headers = {"X-Request-ID": f"number-{number}", "Connection": "close"}
            assert requests.get(f"{server.url}/nowhere", headers=headers, timeout=20).status_code == 404
            if number % (_REQUESTS // _ROTATIONS) == 0:
                rotate(tmp_path / "logs", number)
                server.process.send_signal(signal.SIGUSR1)

        with ThreadPoolExecutor(_THREADS) as threads:
            list(threads.map(ask, range(_REQUESTS)))
        assert requests.get(f"{server.url}/healthz", timeout=10).ok
    seen: list[str] = []
    files = sorted((tmp_path / "logs").glob("access.log*"))
    for path in files:
        for line in path.read_text().splitlines():
            matched = _LINE.fullmatch(line)
            assert matched, line
            seen.append(matched[1])
    assert len(files) > _ROTATIONS
    assert sorted(name for name in seen if name.startswith("number-")) == sorted(
        f"number-{number}" for number in range(_REQUESTS)
    )


def rotate(folder: Path, number: int) -> None:
    """Move both files away, as logrotate does. The next line makes new ones."""
    for name in ("access.log", "app.log"):
        if (folder / name).exists():
            (folder / name).rename(folder / f"{name}.{number}")
