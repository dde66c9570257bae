"""A local stand-in for the World Bank's and Frankfurter's open APIs, in their documented formats.

What it answers is in market_answers.py; it can also misbehave: see `Fault`.
By hand: `python -m tests.servers.market_data --port 8099`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, get_args

from tests.servers.market_answers import answer, as_json, refusal

Fault = Literal[
    "204",
    "206",
    "304",
    "308",
    "400",  # the World Bank's way to throttle, at times
    "407",
    "429",
    "500",
    "503",
    "stall",  # takes the question and is silent
    "drip",  # headers, then a byte of the body now and then
    "drip_headers",  # not even the headers come to an end
    "html",  # status 200 and a page
    "bad_json",
    "deep_json",  # a hundred thousand brackets
    "nan_json",
    "wrong_shape",  # JSON that is not what is documented
    "huge",  # says that it sends 30 MB
    "endless",  # does not say so
    "compressed",  # small on the wire, large unpacked
    "redirect",  # to `redirect_to`, with 30 MB of body
    "truncated",  # less than Content-Length says
    "reset",
    "error_form",  # the World Bank's refusal: status 200 and a message
    "nothing",  # the World Bank's answer where there is no row at all
]


class MarketDataServer:
    """Use as a context manager. `world_bank_url` and `frankfurter_url` are what the settings of these names take.

    `requests` are the paths served so far, with their queries. While `gate` is cleared every answer waits. `rewrite`
    may put other JSON in the place of a good answer's.
    """

    def __init__(self, port: int = 0, host: str = "127.0.0.1", delay_s: float = 0.0) -> None:
        self.requests: list[str] = []
        self.gate = threading.Event()
        self.gate.set()
        self.delay_s = delay_s
        self.poured = 0  # bytes of a huge body that were taken
        self.retry_after = ""
        self.rewrite: Callable[[Any], Any] | None = None
        self.redirect_to = "http://127.0.0.1:9/"
        self.closing = threading.Event()
        self.first_arrival = threading.Event()
        self.third_arrival = threading.Event()
        self._faults: list[Fault] = []
        self._lasting_fault: Fault | None = None
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._server = _Server((host, port), _Handler)
        self._server.owner = self
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.005})

    @property
    def port(self) -> int:
        return self._server.server_address[1]

    @property
    def world_bank_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v2"

    @property
    def frankfurter_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def fail(self, fault: Fault, times: int | None = None) -> None:
        """Misbehave in the next `times` answers, or from now on."""
        with self._lock:
            if times is None:
                self._lasting_fault = fault
            else:
                self._faults += [fault] * times

    def mend(self) -> None:
        with self._lock:
            self._faults.clear()
            self._lasting_fault = None

    def __enter__(self) -> MarketDataServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self.gate.set()
        self._server.shutdown()
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()
        self._thread.join()

    def arrived(self, path: str) -> Fault | None:
        """Record a request. Return the fault to answer it with, if any."""
        with self._lock:
            self.requests.append(path)
            self.first_arrival.set()
            if len(self.requests) >= 3:
                self.third_arrival.set()
            return self._faults.pop(0) if self._faults else self._lasting_fault

    def connected(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.add(connection)

    def disconnected(self, connection: socket.socket) -> None:
        with self._lock:
            self._connections.discard(connection)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128
    owner: MarketDataServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def setup(self) -> None:
        super().setup()
        self.server.owner.connected(self.connection)

    def finish(self) -> None:
        self.server.owner.disconnected(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            super().handle()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def do_GET(self) -> None:
        owner = self.server.owner
        fault = owner.arrived(self.path)
        owner.gate.wait()
        if owner.delay_s:
            owner.closing.wait(owner.delay_s)
        if fault:
            self._misbehave(fault)
        else:
            status, content_type, body = answer(self.path)
            if owner.rewrite:
                body = as_json(owner.rewrite(json.loads(body.decode("utf-8-sig"))))
            self._send(status, content_type, body)

    def _send(self, status: int, content_type: str, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", headers.pop("content_length", str(len(body))))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _misbehave(self, fault: Fault) -> None:
        if fault.isdecimal():
            headers = {"Retry-After": self.server.owner.retry_after} if self.server.owner.retry_after else {}
            self._send(int(fault), "text/plain", b"" if fault in ("204", "304") else b"not now", **headers)
        else:
            getattr(self, f"_{fault}")()

    def _stall(self) -> None:
        self.server.owner.closing.wait()
        self.close_connection = True

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        self._drop_by_drop(b" ")

    def _drip_headers(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        self._drop_by_drop(b"x")

    def _drop_by_drop(self, drop: bytes) -> None:
        self.close_connection = True
        while not self.server.owner.closing.wait(0.05):
            self.wfile.write(drop)

    def _html(self) -> None:
        self._send(200, "text/html", b"<!doctype html><title>Maintenance</title><p>Back soon.")

    def _bad_json(self) -> None:
        self._send(200, "application/json", b'[{"page": 1, "pages": ')

    def _deep_json(self) -> None:
        self._send(200, "application/json", b"[" * 100_000)

    def _nan_json(self) -> None:
        _, content_type, body = answer(self.path)
        self._send(200, content_type, re.sub(rb'("value": |"[A-Z]{3}": )[-\d.e+]+', rb"\1NaN", body))

    def _wrong_shape(self) -> None:
        self._send(200, "application/json", b'[{"page": 1}, [{"value": "<b>1</b>"}, 7, null], "EUR"]')

    def _huge(self) -> None:
        self._send(200, "application/json", b"[" * 65536, content_length=str(30 << 20))
        self.close_connection = True

    def _endless(self) -> None:
        self.close_connection = True
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        self._pour()

    def _pour(self) -> None:
        """Send 30 MB, or as much as the other side reads."""
        for _ in range(30 << 4):
            self.wfile.write(b" " * 65536)
            self.server.owner.poured += 65536

    def _compressed(self) -> None:
        self._send(200, "application/json", b"\x1f\x8b" + bytes(1000), Content_Encoding="gzip")

    def _redirect(self) -> None:
        self.send_response(302)
        self.send_header("Location", self.server.owner.redirect_to)
        self.send_header("Content-Length", str(30 << 20))
        self.end_headers()
        self._pour()

    def _truncated(self) -> None:
        status, content_type, body = answer(self.path)
        self._send(status, content_type, body[: len(body) // 2], content_length=str(len(body)))
        self.close_connection = True

    def _reset(self) -> None:
        # With linger off, closing sends a reset.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.connection.close()
        self.close_connection = True

    def _error_form(self) -> None:
        self._send(200, "application/json", refusal())

    def _nothing(self) -> None:
        self._send(200, "application/json", as_json([{"page": 0, "pages": 0, "per_page": 50, "total": 0}, None]))


def main() -> None:
    parser = argparse.ArgumentParser(description="Serve test data in the formats of the World Bank and Frankfurter.")
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds to wait before each answer")
    parser.add_argument("--fault", choices=get_args(Fault), help="misbehave in this way, always")
    options = parser.parse_args()
    with MarketDataServer(options.port, options.host, options.delay) as server:
        if options.fault:
            server.fail(options.fault)
        print(f"WORLD_BANK_URL={server.world_bank_url}\nFRANKFURTER_URL={server.frankfurter_url}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
