"""Sources that send without end: each is given up within its bounds and delays no other thread."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_CHUNKED = _OK + b"Transfer-Encoding: chunked\r\n\r\n"
# Each fault: the first bytes, then what is sent without end.
FLOODS = {
    "continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "continue with headers": (b"", b"HTTP/1.1 100 Continue\r\nA: b\r\n\r\n"),
    "headers": (_OK, b"A: b\r\n"),
    "one header": (_OK + b"A: ", b"b" * 4096),
    "chunks of one byte": (_CHUNKED, b"1\r\n \r\n"),
    "chunk extensions": (_CHUNKED + b"1", b";a=b"),
    "trailers": (_CHUNKED + b"0\r\n", b"A: b\r\n"),
    "a body without a length": (_OK + b"\r\n", b" " * 4096),
    "an error's body": (b"HTTP/1.1 500 No\r\n\r\n", b"x" * 4096),
    "a status line": (b"HTTP/1.1 200 ", b"O" * 4096),
}

# Calls the tool and measures the longest time without a switch to another thread. Prints the message and that time.
_ASK = """
import sys
if sys.argv[1] == "gevent":
    from gevent import monkey; monkey.patch_all()
import json, ssl, threading, time
from chat.net.http_client import HttpClient
from chat.tools.session import http_session
from chat.tools.http import JsonSource, Limits, SourceUnavailable
gaps, ended = [0.0], threading.Event()
def look():
    at = time.monotonic()
    while not ended.is_set():
        time.sleep(0.002)
        now = time.monotonic(); gaps.append(now - at); at = now
threading.Thread(target=look, daemon=True).start()
said = {}
session = http_session(HttpClient(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)))
for name, address in json.loads(sys.argv[2]).items():
    gaps[:] = [0.0]
    try:
        JsonSource("The source", address, session, Limits(pause_s=0.005, total_s=5.0)).get("/", {}, lambda line: None)
    except SourceUnavailable as error:
        said[name] = [error.message, max(gaps)]
ended.set()
print(json.dumps(said))
"""


@contextlib.contextmanager
def flooding(name: str) -> Iterator[str]:
    """Yield the address of a source with this fault."""
    begin, again = FLOODS[name]

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=flood, args=(connection,), daemon=True).start()

    def flood(connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(30)
            connection.recv(65_536)
            connection.sendall(begin)
            while True:
                connection.sendall(again * max(1, 16_384 // len(again)))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        listener.shutdown(socket.SHUT_RDWR)


@pytest.mark.parametrize("mode", ["gevent", "threads"])
def test_a_flooding_source_is_given_up_and_delays_no_other_thread(mode: str) -> None:
    with contextlib.ExitStack() as sources:
        addresses = {name: sources.enter_context(flooding(name)) for name in FLOODS}
        command = [sys.executable, "-c", _ASK, mode, json.dumps(addresses)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    report = json.loads(done.stdout)
    assert report.keys() == FLOODS.keys()
    assert all(message.startswith("The source ") for message, _ in report.values())
    # Without switches to other threads, each would take its five seconds.
    assert {name: gap for name, (_, gap) in report.items() if gap > 1.0} == {}
