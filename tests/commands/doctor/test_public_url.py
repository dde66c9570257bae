"""The doctor through a public address: a correct proxy, and proxies with faults."""

from __future__ import annotations

import gzip
import http.client
import http.server
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest
from flask import Flask
from werkzeug.serving import make_server

from chat.cancellation import Cancellation
from chat.messages import Delta, Message, TextDelta
from tests.conftest import ScriptedModel
from tests.servers.scripted_server import CERTIFICATE

from .conftest import Make, lines_of, provokes


def count_slowly(_messages: Sequence[Message], _cancellation: Cancellation) -> Iterator[Delta]:
    for number in range(8):
        time.sleep(0.06)
        yield TextDelta(f"{number}, ")


class Proxy(http.server.BaseHTTPRequestHandler):
    """Passes requests on to `server.upstream`, with the faults in `server.faults`."""

    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        faults = self.server.faults
        upstream = http.client.HTTPConnection(*self.server.upstream)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
        upstream.request(self.command, self.path, body, headers | {"Host": faults.get("host", "127.0.0.1")})
        answer = upstream.getresponse()
        streams = (answer.headers["Content-Type"] or "").startswith("text/event-stream")
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            changed = faults.get("headers", {}).get(name, value) if streams or name != "Content-Type" else value
            if changed and name.lower() not in ("transfer-encoding", "content-length", "connection", "date", "server"):
                self.send_header(name, changed)
        compress = streams and "gzip" in faults
        if compress:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        if "buffer" in faults or compress:
            content = answer.read()
            self.wfile.write(gzip.compress(content) if compress else content)
        else:
            while part := answer.read1():
                self.wfile.write(part)
        upstream.close()

    do_POST = do_GET  # noqa: N815 - http.server's names
    do_DELETE = do_GET  # noqa: N815

    def log_message(self, *_args: object) -> None:
        pass


@contextmanager
def serving(server: http.server.HTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def behind(make_app: Callable[..., Flask], model: ScriptedModel) -> Iterator[Callable[..., str]]:
    """Return a function that starts the application behind a proxy with `faults` and returns the proxy's address."""
    open_servers: list[object] = []

    def start(token: str = "a-token-for-operators", **faults: object) -> str:
        model.will_run(count_slowly)
        app_server = make_server("127.0.0.1", 0, make_app(admin_token=token), threaded=True)
        proxy = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
        proxy.faults, proxy.upstream = faults, ("127.0.0.1", app_server.server_port)
        if faults.get("tls"):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            proxy.socket = context.wrap_socket(proxy.socket, server_side=True)
        for server in (app_server, proxy):
            running = serving(server)
            running.__enter__()
            open_servers.append(running)
        return f"{'https' if faults.get('tls') else 'http'}://127.0.0.1:{proxy.server_port}"

    yield start
    for context in reversed(open_servers):
        context.__exit__(None, None, None)


@provokes("PAR083")
def test_a_good_proxy_without_tls(make: Make, behind: Callable[..., str]) -> None:
    lines = lines_of(make(public_url=behind()))
    levels = {code: line.level for code, line in lines.items() if code.startswith("PAR08")}
    assert levels == {
        "PAR080": "pass", "PAR081": "pass", "PAR082": "pass", "PAR083": "warn", "PAR084": "pass", "PAR085": "pass",
    }, lines  # fmt: skip


FAULTS = [
    ("PAR081", "holds it back", {"buffer": True}),
    ("PAR082", "compresses streams (gzip)", {"gzip": True}),
    ("PAR082", "not arrive as text/event-stream", {"headers": {"Content-Type": "text/plain"}}),
    ("PAR083", "removes Content-Security-Policy", {"headers": {"Content-Security-Policy": ""}}),
    ("PAR084", "Anybody can read /admin/memory-debug and /metrics", {"token": ""}),
    ("PAR080", "refuses the name", {"host": "chat.example.com"}),
]


@pytest.mark.parametrize(("code", "words", "faults"), [pytest.param(*each, marks=provokes(each[0])) for each in FAULTS])
def test_faulty_proxies(
    make: Make, behind: Callable[..., str], code: str, words: str, faults: dict[str, object]
) -> None:
    line = lines_of(make(public_url=behind(**faults)), code)[code]
    assert (line.level, words in line.message) == ("fail", True), line


def test_an_address_where_nobody_or_somebody_else_answers(make: Make) -> None:
    lines = lines_of(make(public_url="http://user:canary-password@127.0.0.1:9"))
    assert lines["PAR080"].level == "fail"
    assert {lines[code].level for code in ("PAR081", "PAR082", "PAR083", "PAR084", "PAR085")} == {"skip"}
    assert "canary" not in str(lines)
    other = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler)
    with serving(other):
        line = lines_of(make(public_url=f"http://127.0.0.1:{other.server_port}"))["PAR080"]
    assert (line.level, "not as Parley does" in line.message) == ("fail", True)


def test_tls(make: Make, behind: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    url = behind(tls=True)
    line = lines_of(make(public_url=url), "PAR080")["PAR080"]
    assert (line.level, "certificate" in line.message) == ("fail", True), line
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))
    lines = lines_of(make(public_url=url), "PAR080", "PAR083")
    assert lines["PAR080"].level == "pass", lines
    # This proxy does not say that its clients use TLS.
    assert (lines["PAR083"].level, "not marked Secure" in lines["PAR083"].message) == ("fail", True), lines


def test_no_tls_where_it_is_expected(make: Make, behind: Callable[..., str]) -> None:
    line = lines_of(make(public_url=behind().replace("http:", "https:")), "PAR080")["PAR080"]
    assert (line.level, "does not speak TLS" in line.message) == ("fail", True), line


@provokes("PAR085")
def test_clocks_that_differ(make: Make, behind: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Proxy, "date_time_string", lambda *_args: "Mon, 02 Mar 2020 09:30:00 GMT")
    line = lines_of(make(public_url=behind()))["PAR085"]
    assert line.level == "warn"
