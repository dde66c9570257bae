"""nginx as the documentation configures it, in front of servers that have gone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from scripts.chaos.connection import Address
from scripts.chaos.nginx import Nginx, lacking
from scripts.kit.port import HeldPort


class Ready(BaseHTTPRequestHandler):
    """A server that is there while nginx starts."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if sentence := lacking():
        pytest.skip(sentence)
    with HeldPort() as one, HeldPort() as two:
        upstream = ThreadingHTTPServer(("127.0.0.1", one.number), Ready)
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        servers = [Address("127.0.0.1", port.number) for port in (one, two)]
        with Nginx(tmp_path_factory.mktemp("proxy") / "nginx", servers) as nginx:
            upstream.shutdown()
            upstream.server_close()
            yield f"http://{nginx.address.host}:{nginx.address.port}"


@pytest.mark.parametrize("path", ["/api/me", "/api", "/admin/memory-debug", "/v1/models", "/metrics"])
def test_programs_get_json(url: str, path: str) -> None:
    answer = requests.get(url + path, timeout=30)
    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "application/json")
    assert answer.headers["Retry-After"] == "2"
    assert answer.json()["error"]["code"] == "unavailable"


@pytest.mark.parametrize("path", ["/", "/c/1", "/apiary"])
def test_a_browser_gets_a_page(url: str, path: str) -> None:
    answer = requests.get(url + path, timeout=30)
    assert answer.status_code == 502
    assert answer.headers["Content-Type"].startswith("text/html")


def test_what_is_far_too_large(url: str) -> None:
    answer = requests.post(url + "/api/conversations", data=b" " * 3_000_000, timeout=30)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")
