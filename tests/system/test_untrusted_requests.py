"""Untrusted requests to a server, in both modes: they are refused as JSON, and none of their claims is believed."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.kit.port import HeldPort, listens
from scripts.kit.waiting import wait_until
from tests.servers.parley import ParleyServer, User

FRONTS = {
    "gevent lean": {"USE_ASYNC_AGENT": "true", "HTTP_FRONT": "lean"},
    "gevent standard": {"USE_ASYNC_AGENT": "true", "HTTP_FRONT": "standard"},
    "gthread": {"USE_ASYNC_AGENT": "false"},
}


@pytest.fixture(scope="module", params=FRONTS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParleyServer]:
    folder: Path = tmp_path_factory.mktemp("doors")
    with pytest.MonkeyPatch.context() as patch:
        # As an operator's shell may have it.
        patch.setenv("SCRIPT_NAME", "/elsewhere")
        old = os.umask(0o022)
        try:
            with ParleyServer(folder, WEB_CONCURRENCY=1, SCRIPT_NAME="/elsewhere", **FRONTS[request.param]) as running:
                yield running
        finally:
            os.umask(old)


def response(server: ParleyServer, request: bytes, *, half_closed: bool = False) -> tuple[int, bytes, bytes]:
    """Return the status, the head and the body of the response on a new connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as wire:
        wire.sendall(request)
        if half_closed:
            wire.shutdown(socket.SHUT_WR)
        received = b""
        try:
            while data := wire.recv(65536):
                received += data
        except ConnectionResetError:
            assert received, "reset without an answer"
    head, _, body = received.partition(b"\r\n\r\n")
    return int(head.split(b" ", 2)[1]), head, body


CLOSE = b"Host: localhost\r\nConnection: close\r\n"
JSON = CLOSE + b"Content-Type: application/json\r\n"
POST = b"POST /api/conversations HTTP/1.1\r\n"

REFUSED = {
    "no HTTP": (b"hello\r\n\r\n", 400),
    "a method in lower case": (b"get /api/me HTTP/1.1\r\n" + CLOSE + b"\r\n", 400),
    "another version": (b"GET /api/me HTTP/9.9\r\n" + CLOSE + b"\r\n", 400),
    "version 2 in words": (b"GET /api/me HTTP/2.0\r\n" + CLOSE + b"\r\n", 400),
    "an address that is too long": (b"GET /api/" + b"x" * 9000 + b" HTTP/1.1\r\n" + CLOSE + b"\r\n", 414),
    "a header that is too long": (b"GET /api/me HTTP/1.1\r\n" + CLOSE + b"A: " + b"x" * 9000 + b"\r\n\r\n", 431),
    "too many headers": (b"GET /api/me HTTP/1.1\r\n" + CLOSE + b"A: b\r\n" * 200 + b"\r\n", 431),
    "a name with a blank": (b"GET /api/me HTTP/1.1\r\n" + CLOSE + b"A b: c\r\n\r\n", 400),
    "a folded header": (b"GET /api/me HTTP/1.1\r\n" + CLOSE + b"A: b\r\n c\r\n\r\n", 400),
    "NUL in a header": (b"GET /api/me HTTP/1.1\r\n" + CLOSE + b"A: b\0c\r\n\r\n", 400),
    "two hosts": (b"GET /api/me HTTP/1.1\r\nHost: evil.example\r\n" + CLOSE + b"\r\n", 400),
    "no host": (b"GET /api/me HTTP/1.1\r\nConnection: close\r\n\r\n", 400),
    "a foreign host": (b"GET /api/me HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", 400),
    "a foreign host in the address": (b"GET http://evil.example/api/me HTTP/1.1\r\n" + CLOSE + b"\r\n", 400),
    "another scheme in the address": (b"GET ftp://localhost/api/me HTTP/1.1\r\n" + CLOSE + b"\r\n", 400),
    "a broken host in the address": (b"GET http://[::1/api/me HTTP/1.1\r\n" + CLOSE + b"\r\n", 400),
    "a user in the address": (b"GET http://me@localhost/api/me HTTP/1.1\r\n" + CLOSE + b"\r\n", 400),
    "a length and chunks": (POST + JSON + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "two lengths": (POST + JSON + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
    "a length that is none": (POST + JSON + b"Content-Length: x\r\n\r\n{}", 400),
    "a negative length": (POST + JSON + b"Content-Length: -2\r\n\r\n{}", 400),
    "an unknown coding": (POST + JSON + b"Transfer-Encoding: brotli\r\n\r\n{}", 501),
    "chunks in HTTP/1.0": (POST.replace(b"1.1", b"1.0") + JSON + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "a chunk's size that is none": (POST + JSON + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n", 400),
    "a chunk without its end": (POST + JSON + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}x", 400),
    "another expectation": (POST + JSON + b"Expect: a-miracle\r\nContent-Length: 2\r\n\r\n{}", 417),
    "an unknown method": (b"BREW /api/me HTTP/1.1\r\n" + CLOSE + b"\r\n", 405),
    "two slashes": (b"GET //admin/memory-debug HTTP/1.1\r\n" + CLOSE + b"\r\n", 404),
    "two slashes and a host": (b"GET //evil.example/admin/memory-debug HTTP/1.1\r\n" + CLOSE + b"\r\n", 404),
    "a dot": (b"GET /./admin/memory-debug HTTP/1.1\r\n" + CLOSE + b"\r\n", 404),
    "an encoded dot": (b"GET /%2e/admin/memory-debug HTTP/1.1\r\n" + CLOSE + b"\r\n", 404),
    "dots behind a semicolon": (b"GET /api/..;/admin/memory-debug HTTP/1.1\r\n" + CLOSE + b"\r\n", 404),
    "an encoded slash too many": (b"GET /%2fadmin/memory-debug HTTP/1.1\r\n" + CLOSE + b"\r\n", 404),
    "a backslash": (b"GET /api\\..\\admin/memory-debug HTTP/1.1\r\n" + CLOSE + b"\r\n", 404),
    "an encoded NUL": (b"GET /api/me%00 HTTP/1.1\r\n" + CLOSE + b"\r\n", 404),
    "a NUL": (b"GET /api/me\0 HTTP/1.1\r\n" + CLOSE + b"\r\n", 400),
    "version 2's preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "a balancer's line": (b"PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nGET /api/me HTTP/1.1\r\n" + CLOSE + b"\r\n", 400),
    "tabs between the words": (b"GET\t/api/me\tHTTP/1.1\r\n" + CLOSE + b"\r\n", 400),
    "no slash": (b"GET api/me HTTP/1.1\r\n" + CLOSE + b"\r\n", 400),
    "an asterisk": (b"GET * HTTP/1.1\r\n" + CLOSE + b"\r\n", 400),
    "letters beyond ASCII": ("GET /api/größe HTTP/1.1\r\n".encode() + CLOSE + b"\r\n", 400),
    "bare line feeds": (b"GET /api/me HTTP/1.1\nHost: localhost\nConnection: close\n\n", 400),
    "a name without a colon": (b"GET /api/me HTTP/1.1\r\n" + CLOSE + b"Abc\r\n\r\n", 400),
    "an empty name": (b"GET /api/me HTTP/1.1\r\n" + CLOSE + b": b\r\n\r\n", 400),
    "a method without end": (b"X" * 100_000 + b" / HTTP/1.1\r\n\r\n", 414),
    "a length of 20 digits": (POST + JSON + b"Content-Length: " + b"9" * 20 + b"\r\n\r\n{}", 413),
    "a length of 5,000 digits": (POST + JSON + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}", 400),
    "a negative chunk": (POST + JSON + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n", 400),
    "a chunk's size with 0x": (POST + JSON + b"Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n", 400),
    "a chunk beyond all": (POST + JSON + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 17 + b"\r\n{}", 400),
    "a long note on a chunk": (
        POST + JSON + b"Transfer-Encoding: chunked\r\n\r\n2;" + b"x" * 30_000 + b"\r\n{}\r\n0\r\n\r\n",
        400,
    ),
    "a trailer without a colon": (
        POST + JSON + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nbad\r\n\r\n",
        400,
    ),
    "trailers without end": (
        POST + JSON + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n" + b"A: b\r\n" * 5_000 + b"\r\n",
        400,
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_json_whichever_layer_refuses(server: ParleyServer, name: str) -> None:
    request, expected = REFUSED[name]
    status, head, body = response(server, request, half_closed=b"chunked" in request)
    assert status == expected
    assert re.search(rb"(?i)\r\ncontent-type: application/json", head)
    error = json.loads(body)["error"]
    assert re.fullmatch(r"[a-z_]+", error["code"])
    assert re.fullmatch(r"[A-Z].{3,200}\.", error["message"])
    assert b"<" not in body


SHORT = {
    "by one byte": POST + JSON + b"Content-Length: 3\r\n\r\n{}",
    "altogether": POST + JSON + b"Content-Length: 2\r\n\r\n",
    "though what came is whole": POST + JSON + b"Content-Length: 500\r\n\r\n" + b'{"title": "x"}',
    "in chunks": POST + JSON + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{}",
    "before the last chunk": POST + JSON + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
}


@pytest.mark.parametrize("name", SHORT)
def test_a_body_that_ends_too_soon_is_refused(server: ParleyServer, name: str) -> None:
    status, _, body = response(server, SHORT[name], half_closed=True)
    assert (status, json.loads(body)["error"]["code"]) == (400, "bad_request")


ME = b"GET /api/me HTTP/1.1\r\nHost: localhost\r\n"
LAST = ME + b"Connection: close\r\n\r\n"
# What is sent at once, and the statuses of all responses.
PIPELINED = {
    "many": ((ME + b"\r\n") * 20 + LAST, [200] * 21),
    "a request as the body of a GET": (ME + b"Content-Length: %d\r\n\r\n" % len(LAST) + LAST + LAST, [200, 200]),
    "a request as the body of one that is refused": (
        b"POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(LAST) + LAST + LAST,
        [404, 200],
    ),
    "chunks that nobody reads": (
        ME + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n" + LAST,
        [200, 200],
    ),
    "one that is no HTTP in between": (ME + b"\r\nBAD\r\n\r\n" + LAST, [200, 400]),
    "after the last one": (LAST + LAST, [200]),
}


@pytest.mark.parametrize("name", PIPELINED)
def test_each_of_several_requests_gets_its_own_response(server: ParleyServer, name: str) -> None:
    requests, expected = PIPELINED[name]
    _, head, rest = response(server, requests)
    if server.settings["USE_ASYNC_AGENT"] == "false":  # gthread answers the first, and says that it closes
        assert b"\r\nConnection: close" in head
        expected = expected[:1]
    assert [int(each) for each in re.findall(rb"HTTP/1\.1 ([0-9]{3}) ", head + rest)] == expected


def test_nothing_from_outside_says_where_the_application_is(server: ParleyServer) -> None:
    for header in (
        b"SCRIPT_NAME: /api",
        b"Script-Name: /api",
        b"PATH_INFO: /admin/memory-debug",
        b"X-Script-Name: /api",
    ):
        request = b"GET /api/me HTTP/1.1\r\n" + CLOSE + header + b"\r\n\r\n"
        status, _, body = response(server, request)
        assert (status, "user" in json.loads(body)) == (200, True), header
    assert response(server, b"GET /elsewhere/api/me HTTP/1.1\r\n" + CLOSE + b"\r\n")[0] == 404


def test_of_several_schemes_the_first_counts(server: ParleyServer) -> None:
    for value, secure in ((b"https", True), (b"https,https", True), (b"https, http", True), (b"http,https", False)):
        head = response(server, b"GET / HTTP/1.1\r\n" + CLOSE + b"X-Forwarded-Proto: " + value + b"\r\n\r\n")[1]
        assert (b"; Secure" in head) is secure, value


def test_what_the_server_writes_is_for_its_user_alone(server: ParleyServer) -> None:
    user = User(server.url)
    user.ask(user.conversation(), "Hello")
    written = [path for path in server.folder.rglob("*") if path.name != "console.log"]
    assert {"chat.db", "chat.db-wal", "app.log", "access.log"} <= {path.name for path in written}
    assert any(stat.S_ISSOCK(path.stat().st_mode) for path in written)
    assert {path.name: oct(path.stat().st_mode & 0o077) for path in written if path.stat().st_mode & 0o077} == {}


def test_admin_behind_a_proxy_that_says_nothing(server: ParleyServer, tmp_path: Path) -> None:
    """A plain proxy_pass: every client behind it has the address 127.0.0.1 and the server's own host name."""
    nginx = shutil.which("nginx") or "/usr/sbin/nginx"
    if not Path(nginx).exists():
        pytest.skip("nginx is not installed")
    assert response(server, b"GET /admin/memory-debug HTTP/1.1\r\n" + CLOSE + b"\r\n")[0] == 200
    held = HeldPort()
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/error.log;\nevents {{}}\n"
        f"http {{ access_log off; client_body_temp_path {tmp_path}/b; proxy_temp_path {tmp_path}/p;\n"
        f"fastcgi_temp_path {tmp_path}/f; uwsgi_temp_path {tmp_path}/u; scgi_temp_path {tmp_path}/s;\n"
        f"server {{ listen 127.0.0.1:{held.number} reuseport; location / {{ proxy_pass {server.url}; }} }} }}\n"
    )
    with subprocess.Popen([nginx, "-c", tmp_path / "nginx.conf", "-e", tmp_path / "error.log"]) as process:
        try:
            wait_until(lambda: listens(held.number), timeout_s=10)
            user = User(f"http://127.0.0.1:{held.number}")
            assert user.get("/api/me").status_code == 200
            for path in ("/admin/memory-debug", "//admin/memory-debug", "/%2e/admin/memory-debug"):
                refused = user.get(path)
                assert refused.status_code in (403, 404)
                assert refused.json()["error"]["code"] in ("forbidden", "not_found")
        finally:
            process.terminate()
            held.release()
