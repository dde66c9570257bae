"""The tools' `requests` session: its supported uses, and its exceptions."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from chat.net.cancel_scope import CancelScope, use_scope
from chat.net.errors import TooMuchData


class Echo(BaseHTTPRequestHandler):
    """Returns the request. `/slow` never ends, `/broken` ends too early, `/large` has a megabyte."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/redirect":
            self._answer(b"", status=302, location="/elsewhere")
        elif path == "/large":
            self._answer(b"x" * 1_000_000)
        elif path in ("/slow", "/broken"):
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"begun")
            self.wfile.flush()
            self.server.gate.wait(10 if path == "/slow" else 0)
            self.close_connection = True
        else:
            self._answer(json.dumps({"path": self.path, "headers": dict(self.headers)}).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(json.dumps({"body": body.decode(), "type": self.headers["Content-Type"]}).encode())

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "7")
        self.end_headers()

    def _answer(self, body: bytes, status: int = 200, location: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Set-Cookie", "seen=1")
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def url() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        server.daemon_threads = True
        server.gate = threading.Event()
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.gate.set()
        server.shutdown()
        thread.join()


def test_a_question_and_its_answer(http, url):
    response = http.get(f"{url}/a b/ü", params={"q": "ä&b"}, headers={"X-Own": "1"}, timeout=30)
    assert response.ok
    assert response.encoding == "utf-8"
    assert response.headers["content-type"].startswith("application/json")
    seen = response.json()
    assert seen["path"] == "/a%20b/%C3%BC?q=%C3%A4%26b"
    assert (seen["headers"]["X-Own"], seen["headers"]["Host"]) == ("1", url.removeprefix("http://"))


def test_a_login_in_the_address(http, url):
    seen = http.get(url.replace("//", "//me:secret@"), timeout=30).json()
    assert seen["headers"]["Authorization"] == "Basic bWU6c2VjcmV0"
    assert "secret" not in seen["headers"]["Host"]


@pytest.mark.parametrize("options", [{"json": {"ü": 1}}, {"data": {"a": "b c"}}, {"data": b"bytes"}, {"data": "text"}])
def test_a_body(http, url, options):
    prepared = requests.Request("POST", url, **options).prepare()
    body = prepared.body if isinstance(prepared.body, str) else prepared.body.decode()
    assert http.post(url, timeout=30, **options).json()["body"] == body


def test_head(http, url):
    response = http.head(url, timeout=30)
    assert (response.status_code, response.content) == (200, b"")
    assert http.get(url, timeout=30).ok


def test_no_cookie_and_no_redirect(http, url):
    assert http.get(f"{url}/redirect", timeout=30).status_code == 302
    assert "Cookie" not in http.get(url, timeout=30).json()["headers"]


def test_pieces_as_they_come(http, url):
    with http.get(f"{url}/slow", stream=True, timeout=30) as response:
        assert next(response.iter_content(3)) == b"beg"


def test_silence(http, url):
    with pytest.raises(requests.ReadTimeout):
        _ = http.get(f"{url}/slow", timeout=(5, 0.2)).content


def test_an_early_end(http, url):
    with pytest.raises(requests.ConnectionError):
        _ = http.get(f"{url}/broken", timeout=30).content


def test_nobody_there(http):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(requests.ConnectionError):
        http.get(f"http://127.0.0.1:{port}/", timeout=30)


@pytest.mark.parametrize("address", ["http://", "ftp://127.0.0.1/", "http://127.0.0.1:x/"])
def test_no_address(http, address):
    with pytest.raises((requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)):
        http.get(address, timeout=30)


def test_a_header_that_none_may_be(http, url):
    with pytest.raises(requests.exceptions.InvalidHeader):
        http.get(url, headers={"X-Own": "a\r\nb: c"}, timeout=30)


def test_the_bounds_of_the_scope(http, url):
    with use_scope(CancelScope(time.monotonic() + 5, max_bytes=100_000)), pytest.raises(requests.ConnectionError) as no:
        _ = http.get(f"{url}/large", timeout=30).content
    assert isinstance(no.value.__cause__, TooMuchData)


def test_cancellation_ends_a_blocked_request(http, url):
    scope = CancelScope(time.monotonic() + 30)
    timer = threading.Timer(0.2, scope.cancel)
    timer.start()
    began_at = time.monotonic()
    with use_scope(scope), pytest.raises(requests.RequestException):
        _ = http.get(f"{url}/slow", timeout=20).content
    timer.join()
    assert time.monotonic() - began_at < 8


@pytest.mark.parametrize("options", [{"verify": False}, {"proxies": {"http": "http://127.0.0.1:9"}}, {"cert": "x"}])
def test_what_it_does_not_do_is_refused(http, url, options):
    with pytest.raises(ValueError, match="certificates"):
        http.get(url, timeout=30, **options)
