"""A small server with as much of the API as the concurrency check needs, over real HTTP."""

from __future__ import annotations

import contextlib
import json
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

# How a turn is answered: gets the browser's connection and writes to it.
Answer = Callable[["Browser"], None]


@dataclass
class Received:
    """The requests that came: identities by cookie, the owner of each conversation, and every turn."""

    identities: list[str] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)
    turns: list[dict[str, Any]] = field(default_factory=list)


class Browser:
    """The open response of one turn, the `turn`th that was asked for (from 0)."""

    def __init__(self, handler: _Handler, turn: int) -> None:
        self._handler = handler
        self.turn = turn
        self._sequence = 0

    def event(self, name: str, data: dict[str, Any]) -> None:
        self._sequence += 1
        self.write(f"id: {self._sequence}\nevent: {name}\ndata: {json.dumps(data)}\n\n".encode())

    def write(self, data: bytes) -> None:
        if not self._handler.streaming:
            self._handler.begin_stream()
        self._handler.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

    def begin(self, worker: int = 1) -> None:
        self.event("turn", {"turn_id": f"t{self.turn}", "conversation_id": "c", "mode": "async", "worker": worker})

    def speak(self, tokens: int = 3, gap_s: float = 0.0) -> None:
        for token in range(tokens):
            self.event("delta", {"text": f"token {token}"})
            time.sleep(gap_s)

    def end(self, status: str = "completed") -> None:
        self.event("done", {"status": status, "usage": {}, "duration_ms": 1})

    def refuse(self, status: int, code: str, message: str) -> None:
        self._handler.reply(status, {"error": {"code": code, "message": message}})

    def cut(self) -> None:
        """Close the connection in the middle of the stream."""
        self._handler.streaming = False
        self._handler.close_connection = True


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ScriptedParley
    streaming = False

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        if self.path != "/api/me":
            self.reply(404, {"error": {"code": "not_found", "message": "There is no such page."}})
            return
        with self.server.lock:
            identity = f"identity-{len(self.server.received.identities)}"
            self.server.received.identities.append(identity)
        self.reply(200, {"mode": "async", "models": ["demo", "other"]}, f"session={identity}; Path=/; HttpOnly")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        identity = self.headers.get("Cookie", "").removeprefix("session=")
        if identity not in self.server.received.identities or self.headers["Content-Type"] != "application/json":
            self.reply(403, {"error": {"code": "forbidden", "message": "Not without a cookie and a content type."}})
        elif self.path == "/api/conversations":
            with self.server.lock:
                conversation = f"c{len(self.server.received.owners)}"
                self.server.received.owners[conversation] = identity
            self.reply(201, {"id": conversation, "title": ""})
        else:
            self._turn(identity, body)

    def _turn(self, identity: str, body: dict[str, Any]) -> None:
        *_, conversation, last = self.path.split("/")
        assert last == "turns"
        assert self.server.received.owners[conversation] == identity
        assert self.headers["Accept"] == "text/event-stream"
        with self.server.lock:
            number = len(self.server.received.turns)
            self.server.received.turns.append(body)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.server.answer(Browser(self, number))
            if self.streaming:
                self.wfile.write(b"0\r\n\r\n")
        self.streaming = False

    def begin_stream(self) -> None:
        self.streaming = True
        head = (
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        self.wfile.write(head)

    def reply(self, status: int, body: dict[str, Any], cookie: str = "") -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        if cookie:
            self.send_header("Set-Cookie", cookie)
        self.end_headers()
        self.wfile.write(data)


class ScriptedParley(ThreadingHTTPServer):
    """`with ScriptedParley(answer) as server:` answers every turn by `answer`, each in a thread of its own."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, answer: Answer, certificate: Path | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.received = Received()
        self.lock = threading.Lock()
        self.url = f"http{'s' * bool(certificate)}://127.0.0.1:{self.server_port}"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.socket = context.wrap_socket(self.socket, server_side=True)

    def __enter__(self) -> ScriptedParley:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


def together(users: int) -> Answer:
    """Answers nobody until all `users` are there: only a server that serves them all at once can do that."""
    all_there = threading.Barrier(users)

    def answer(browser: Browser) -> None:
        browser.begin()
        all_there.wait(timeout=20)
        browser.speak(3, 0.02)
        browser.end()

    return answer


def at_most(places: int, seconds: float = 0.3) -> Answer:
    """Answers so many at once, each for so long; the rest wait before their `turn`."""
    free = threading.Semaphore(places)

    def answer(browser: Browser) -> None:
        with free:
            browser.begin()
            browser.speak(3, seconds / 3)
            browser.end()

    return answer


def accepting_all_but_working_on_one(seconds: float = 0.2) -> Answer:
    """Begins every turn at once, and then blocks all others while it works on one."""
    lock = threading.Lock()

    def answer(browser: Browser) -> None:
        browser.begin()
        with lock:
            browser.speak(4, seconds / 4)
            browser.end()

    return answer
