"""`access.log` of a real server: one line a request, in both formats, whatever the request says."""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path

import pytest

from scripts.kit.waiting import poll
from tests.servers.parley import ParleyServer

_HOSTILE = (
    b'GET /api/%22me%0Aforged%1b[2J?secret=1 HTTP/1.1\r\nHost: localhost\r\nUser-Agent: a "quoted" \\ agent\r\n'
    b"Connection: close\r\n\r\n"
)
_MALFORMED = b"GET /api/me HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\nConnection: close\r\n\r\n"
_SHARED = b"GET /s/canary-of-a-token-of-a-shared-chat HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
_NO_HEADER = b"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization Bearer canary's\r\n\r\n"
_MOMENT = r"\[\d\d/\w{3}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]"


def lines_of(server: ParleyServer, *requests: bytes) -> list[str]:
    """Return the log's lines for these requests, sent one after the other."""
    for number, request in enumerate(requests, 1):
        send(server, request)
        poll(lambda number=number: len(_lines(server)) >= number, 10)
    return _lines(server)


def send(server: ParleyServer, request: bytes) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request)
        while connection.recv(65536):
            pass


def _lines(server: ParleyServer) -> list[str]:
    """Return the complete lines, without those of /readyz."""
    return [line for line in server.log("access.log").split("\n")[:-1] if "/readyz" not in line]


@pytest.mark.parametrize("flag", ["true", "false"], ids=["gevent", "gthread"])
def test_a_line_of_text(tmp_path: Path, flag: str) -> None:
    with ParleyServer(tmp_path, WEB_CONCURRENCY=1, USE_ASYNC_AGENT=flag, LOG_LEVEL="DEBUG") as server:
        send(server, _NO_HEADER)  # gunicorn has no line for it
        hostile, malformed, shared = lines_of(server, _HOSTILE, _MALFORMED, _SHARED)
        pid = server.workers[0]
    assert '"GET /s/canary... HTTP/1.1" 404 ' in shared
    assert "Invalid request from ip=127.0.0.1: Invalid HTTP Header: ..." in server.console()
    assert "canary-of" not in server.console() + server.log("app.log")
    assert "canary's" not in server.console()
    path = r'/api/\\"me\\u000aforged\\u001b\[2J'
    agent = r'a \\"quoted\\" \\\\ agent'
    identifier = "[0-9a-f]{16}"
    assert re.fullmatch(
        rf'{_MOMENT} 127\.0\.0\.1 "GET {path} HTTP/1\.1" 404 \d+B \d+\.\d{{6}}s <{pid}> "{agent}" {identifier}',
        hostile,
    )
    assert re.fullmatch(rf'{_MOMENT} 127\.0\.0\.1 "GET - HTTP/1\.1" 400 0B \d+\.\d{{6}}s <{pid}> "-" -', malformed)


def test_a_line_of_json(tmp_path: Path) -> None:
    with ParleyServer(tmp_path, WEB_CONCURRENCY=1, LOG_FORMAT="json") as server:
        hostile, malformed = map(json.loads, lines_of(server, _HOSTILE, _MALFORMED))
        pid = server.workers[0]
    assert re.fullmatch(_MOMENT, hostile.pop("at"))
    assert hostile.pop("bytes") > 0
    assert 0 < hostile.pop("duration_s") < 10
    assert re.fullmatch("[0-9a-f]{16}", hostile.pop("request"))
    assert hostile == {
        "host": "127.0.0.1",
        "method": "GET",
        "path": '/api/"me\nforged\x1b[2J',
        "status": 404,
        "pid": f"<{pid}>",
        "agent": 'a "quoted" \\ agent',
    }
    assert (malformed["path"], malformed["status"], malformed["agent"]) == ("-", 400, "-")
