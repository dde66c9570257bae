"""nginx with the documented configuration, in front of scripted servers and of missing servers."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from scripts.chaos.connection import Address
from scripts.chaos.nginx import DOCUMENTED, Nginx, missing
from scripts.kit.port import HeldPort

from ..servers.parley import ROOT

PEM = ROOT / "tests" / "servers" / "localhost.pem"
TURNS, CONVERSATION, STOP = "/api/conversations/7/turns", "/api/conversations/7", "/api/turns/7/stop"


class Scripted(BaseHTTPRequestHandler):
    """A server that returns the request, streams, or closes the connection as soon as it has a request."""

    protocol_version = "HTTP/1.1"
    server: Server

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.requests.append(f"{self.command} {self.path}")
        if self.server.dies:
            self.close_connection = True
        elif self.path == "/stream":
            self._stream()
        else:
            request = {"headers": dict(self.headers), "port": self.client_address[1], "bytes": len(body)}
            content = json.dumps(request).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_PUT = _answer  # noqa: N815 - names of http.server

    def _stream(self) -> None:
        """Send one byte, and a second one when the client has received the first."""
        self.send_response(200)
        self.send_header("X-Accel-Buffering", "no")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"1")
        self.server.goes_on.wait(30)
        self.wfile.write(b"2")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """A scripted server on a free port. A context manager."""

    daemon_threads = True
    dies = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Scripted)
        self.requests: list[str] = []
        self.goes_on = threading.Event()
        self.address = Address("127.0.0.1", self.server_port)

    def __enter__(self) -> Server:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


@pytest.fixture(scope="module", autouse=True)
def nginx_is_there() -> None:
    if sentence := missing():
        pytest.skip(sentence)


@pytest.fixture(scope="module")
def gone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """nginx in front of three servers that do not run."""
    with HeldPort() as one, HeldPort() as two, HeldPort() as three:
        servers = [Address("127.0.0.1", port.number) for port in (one, two, three)]
        with Nginx(tmp_path_factory.mktemp("proxy") / "nginx", servers) as nginx:
            yield url_of(nginx)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Iterator[Nginx]:
    with Nginx(tmp_path_factory.mktemp("proxy") / "nginx", [server.address]) as nginx:
        yield nginx


def url_of(nginx: Nginx) -> str:
    return f"http://{nginx.address.host}:{nginx.address.port}"


# Errors of nginx itself


@pytest.mark.parametrize(
    "path", ["/api/me", "/api", "/admin/memory-debug", "/v1/models", "/metrics", "/readyz", "/chat/api/me?a=b", TURNS]
)
def test_programs_get_json(gone: str, path: str) -> None:
    answer = requests.get(gone + path, timeout=30)
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "application/json")
    assert answer.headers["Retry-After"] == "2"
    assert answer.json()["error"]["code"] == "unavailable"


@pytest.mark.parametrize("path", ["/", "/c/1", "/apiary", "/?next=/api/me"])
def test_a_browser_gets_a_page_with_a_way_home(gone: str, path: str) -> None:
    answer = requests.get(gone + path, timeout=30)
    assert (answer.status_code, answer.headers["Retry-After"]) == (502, "2")
    assert answer.headers["Content-Type"].startswith("text/html")
    assert 'href="/"' in answer.text


def test_a_page_of_nginxs_own_name_is_not_there(nginx: Nginx) -> None:
    assert requests.get(f"{url_of(nginx)}/parley-error.json", timeout=30).status_code == 404


LONG = "x" * 70_000
REFUSED = {
    "body": (f"POST {{}} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048577\r\n\r\n{LONG}", 413, "too_large"),
    "address": (f"GET {{}}?{LONG} HTTP/1.1\r\nHost: localhost\r\n\r\n", 414, "too_large"),
    "header": (f"GET {{}} HTTP/1.1\r\nHost: localhost\r\nA: {LONG}\r\n\r\n", 431, "headers_too_large"),
    "no host": ("GET {} HTTP/1.1\r\n\r\n", 400, "bad_request"),
    "two hosts": ("GET {} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "bad_request"),
    "two lengths": (
        "POST {} HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "bad_request",
    ),
    "both framings": (
        "POST {} HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "bad_request",
    ),
    "coding": ("POST {} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "internal"),
    "method": ("TRACE {} HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "method_not_allowed"),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_what_nginx_refuses_itself_has_parleys_form(nginx: Nginx, server: Server, kind: str) -> None:
    request, status, code = REFUSED[kind]
    seen = len(server.requests)
    status, content_type, body = sent(nginx, request.format("/api/me"))
    assert (status, content_type) == (status, "application/json")
    error = json.loads(body)["error"]
    assert error["code"] == code
    assert error["message"].endswith(".")
    status, content_type, body = sent(nginx, request.format("/c/7"))
    assert (status, content_type) == (status, "text/html; charset=utf-8")
    assert b'href="/"' in body
    assert len(server.requests) == seen


@pytest.mark.parametrize("line", ["\x16\x03\x01\x02", "GET", "GET /api/me HTTP/9.9", "GET /api/%zz HTTP/1.1"])
def test_what_is_no_request_gets_json(nginx: Nginx, line: str) -> None:
    status, content_type, body = sent(nginx, f"{line}\r\nHost: localhost\r\n\r\n")
    assert status in (400, 505)
    assert content_type == "application/json"
    assert json.loads(body)["error"]["code"]


def sent(nginx: Nginx, request: str) -> tuple[int, str, bytes]:
    """Send bytes, and return the status, the type and the body of the response."""
    with socket.create_connection((nginx.address.host, nginx.address.port), timeout=10) as client:
        client.sendall(request.encode("latin-1"))
        received = b""
        while b"\r\n\r\n" not in received and (part := client.recv(65_536)):
            received += part
        head, _, body = received.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        while len(body) < int(headers["content-length"]):
            body += client.recv(65_536)
    return int(lines[0].split()[1]), headers["content-type"], body


# What Parley gets


def test_forwarding_headers_are_nginxs_own(nginx: Nginx) -> None:
    forged = {
        "Host": "chat.example.com:8080",
        "X-Forwarded-For": "10.1.1.1",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "for=10.1.1.1;proto=https",
        "X-Request-ID": "mine",
    }
    headers = requests.get(f"{url_of(nginx)}/shown", headers=forged, timeout=10).json()["headers"]
    assert headers["Host"] == "chat.example.com:8080"
    assert headers["X-Forwarded-For"] == "10.1.1.1, 127.0.0.1"
    assert headers["X-Forwarded-Proto"] == "http"
    assert len(headers["X-Request-ID"]) == 32
    assert not {"X-Forwarded-Host", "Forwarded"} & headers.keys()


def test_connections_to_a_server_are_kept(nginx: Nginx) -> None:
    ports = {requests.get(f"{url_of(nginx)}/shown", timeout=10).json()["port"] for _ in range(5)}
    assert len(ports) == 1


def test_an_unfinished_body_does_not_reach_parley(nginx: Nginx, server: Server) -> None:
    seen = len(server.requests)
    with socket.create_connection((nginx.address.host, nginx.address.port), timeout=10) as slow:
        slow.sendall(b"POST /slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhalf")
        assert requests.post(f"{url_of(nginx)}/quick", data=b"whole", timeout=10).json()["bytes"] == 5
        assert server.requests[seen:] == ["POST /quick"]
        slow.sendall(b"!")
        assert slow.recv(12) == b"HTTP/1.1 200"


def test_streams_are_not_buffered(nginx: Nginx, server: Server) -> None:
    server.goes_on.clear()
    with requests.get(f"{url_of(nginx)}/stream", stream=True, timeout=10) as answer:
        assert answer.raw.read(1) == b"1"
        server.goes_on.set()
        assert answer.raw.read(1) == b"2"


# A server that dies with a request


@pytest.fixture(scope="module")
def half_dead(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[Server]]]:
    """Two of three servers close the connection when they get a request; the third one answers."""
    with Server() as one, Server() as two, Server() as three:
        servers = [one, two, three]
        with Nginx(tmp_path_factory.mktemp("proxy") / "nginx", [each.address for each in servers]) as nginx:
            one.dies = two.dies = True
            yield url_of(nginx), servers


@pytest.mark.parametrize(
    "what",
    ["GET /api/me", f"POST {TURNS}", f"POST /chat{TURNS}", f"PATCH {CONVERSATION}", f"POST {STOP}", "PUT /x"],
)
def test_what_may_be_sent_twice_goes_to_another_server(half_dead: tuple[str, list[Server]], what: str) -> None:
    url, _ = half_dead
    method, path = what.split()
    assert {requests.request(method, url + path, timeout=10).status_code for _ in range(4)} == {200}


@pytest.mark.parametrize(
    "path", ["/api/conversations", "/api/messages/7/regenerate", "/v1/chat/completions", f"{TURNS}/8"]
)
def test_any_other_post_is_never_sent_twice(half_dead: tuple[str, list[Server]], path: str) -> None:
    url, servers = half_dead
    before = sum(len(server.requests) for server in servers)
    statuses = [requests.post(url + path, timeout=10).status_code for _ in range(6)]
    assert set(statuses) == {200, 502}
    assert sum(len(server.requests) for server in servers) - before == 6


def test_a_post_that_nobody_took_goes_to_another_server(tmp_path: Path, server: Server) -> None:
    with HeldPort() as closed:
        servers = [Address("127.0.0.1", closed.number), server.address]
        with Nginx(tmp_path / "nginx", servers) as nginx:
            url = f"{url_of(nginx)}/api/conversations"
            assert {requests.post(url, timeout=10).status_code for _ in range(4)} == {200}
            assert nginx.refusals >= 1


# TLS


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory, server: Server) -> Iterator[Nginx]:
    """nginx with TLS, switched on as the configuration's comments say."""
    template = DOCUMENTED.read_text().replace("#tls ", "").replace("    listen 80;\n", "")
    for path in ("fullchain", "privkey"):
        template = template.replace(f"/etc/nginx/tls/{path}.pem", str(PEM))
    with Nginx(tmp_path_factory.mktemp("proxy") / "nginx", [server.address], template) as nginx:
        yield nginx


def test_browsers_get_http2_over_tls(tls: Nginx) -> None:
    done = subprocess.run(http2(tls, "/shown"), capture_output=True, text=True, timeout=20, check=True)
    body, version = done.stdout.split("\n")
    assert version == "2"
    headers = json.loads(body)["headers"]
    assert headers["X-Forwarded-Proto"] == "https"
    assert headers["Host"] == f"localhost:{tls.address.port}"


def test_streams_are_not_buffered_over_http2(tls: Nginx, server: Server) -> None:
    server.goes_on.clear()
    with subprocess.Popen(http2(tls, "/stream"), stdout=subprocess.PIPE) as curl:
        assert curl.stdout
        assert curl.stdout.read(1) == b"1"
        server.goes_on.set()
        assert curl.stdout.read() == b"2\n2"


def http2(nginx: Nginx, path: str) -> list[str | Path]:
    """Return a command that prints the response as it arrives, and then a line with the version of HTTP."""
    curl = shutil.which("curl")
    assert curl, "curl is not installed (Debian: curl)"
    url = f"https://localhost:{nginx.address.port}{path}"
    return [curl, "-sSN", "--http2", "--cacert", PEM, "--noproxy", "*", "-w", "\n%{http_version}", url]


def test_plain_http_is_sent_to_https(tls: Nginx) -> None:
    answer = requests.get(f"{url_of(tls)}/c/7?a=b", allow_redirects=False, timeout=10)
    assert (answer.status_code, answer.headers["Location"]) == (301, "https://127.0.0.1/c/7?a=b")
