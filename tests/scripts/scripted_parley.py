"""A small server with as much of the API as the concurrency check needs, over real HTTP."""

from __future__ import annotations

import contextlib
import json
import re
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

# Answers one turn: it gets the browser's connection and writes to it.
Answer = Callable[["Browser"], None]


@dataclass
class Received:
    """The requests: identities by cookie, the owner of each conversation, every turn, what was deleted and stopped."""

    identities: list[str] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)
    temporary: list[bool] = field(default_factory=list)
    turns: list[dict[str, Any]] = field(default_factory=list)
    authorizations: set[str] = field(default_factory=set)
    deleted: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    probes: int = 0


class Browser:
    """The open response of one turn. `turn` counts from 0; that of the one user who asks alone first is -1."""

    def __init__(self, handler: _Handler, turn: int, conversation: str) -> None:
        self._handler = handler
        self.turn = turn
        self.conversation = conversation
        self.stopped = threading.Event()
        self._sequence = 0

    @property
    def alone(self) -> bool:
        """Return whether this is the baseline."""
        return self.turn < 0

    def event(self, name: str, data: dict[str, Any]) -> None:
        self._sequence += 1
        self.write(f"id: {self._sequence}\nevent: {name}\ndata: {json.dumps(data)}\n\n".encode())

    def write(self, data: bytes) -> None:
        if not self._handler.streaming:
            self._handler.begin_stream()
        self._handler.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

    def begin(self, worker: int = 1) -> None:
        data = {"turn_id": f"t{self.turn}", "conversation_id": self.conversation, "mode": "async", "worker": worker}
        self.event("turn", data)

    def speak(self, tokens: int = 3, gap_s: float = 0.0) -> None:
        for token in range(tokens):
            self.event("delta", {"text": f"token {token}"})
            time.sleep(gap_s)

    def end(self, status: str = "completed", tokens: int = 0, **timings: float) -> None:
        data: dict[str, Any] = {"status": status, "usage": {"completion_tokens": tokens}, "duration_ms": 1}
        self.event("done", data | ({"timings": timings} if timings else {}))

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
        if self.path == "/api/me":
            self._me()
        elif self.path in ("/healthz", "/") and self.server.probe is not None:
            self.server.received.probes += 1
            self.server.probe()
            self.reply(200, {"status": "ok"})
        elif self.path == "/admin/memory-debug" and self.server.memory is not None:
            if self.server.token and self.headers.get("Authorization") != f"Bearer {self.server.token}":
                self.reply(401, {"error": {"code": "unauthorized", "message": "No."}})
            else:
                self.reply(200, self.server.memory())
        elif match := re.fullmatch("/api/conversations/(c[0-9]+)", self.path):
            running = self.server.running.get(match[1])
            status = "running" if running else "completed"
            turn_id = f"t{running.turn}" if running else "t"
            self.reply(200, {"id": match[1], "messages": [{"turn_id": turn_id, "status": status}]})
        else:
            self.reply(404, {"error": {"code": "not_found", "message": "There is no such page."}})

    def _me(self) -> None:
        with self.server.lock:
            identity = f"identity-{len(self.server.received.identities)}"
            self.server.received.identities.append(identity)
        self.server.received.authorizations.add(self.headers.get("Authorization", ""))
        me = {"mode": self.server.mode, "models": ["demo", "other"], "features": {"temporary": self.server.temporary}}
        self.reply(200, me, f"session={identity}; Path=/; HttpOnly")

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._known() or self.headers["Content-Type"] != "application/json":
            self.reply(403, {"error": {"code": "forbidden", "message": "Not without a cookie and a content type."}})
        elif self.path == "/api/conversations":
            with self.server.lock:
                conversation = f"c{len(self.server.received.owners)}"
                self.server.received.owners[conversation] = self._identity()
                self.server.received.temporary.append(bool(body.get("temporary")))
            self.reply(201, {"id": conversation, "title": ""})
        elif self.path.endswith("/stop"):
            self._stop()
        else:
            self._turn(body)

    def do_DELETE(self) -> None:
        conversation = self.path.rpartition("/")[2]
        if self.server.received.owners.get(conversation) != self._identity():
            self.reply(404, {"error": {"code": "not_found", "message": "No."}})
        elif conversation in self.server.running:
            self.reply(409, {"error": {"code": "turn_running", "message": "An answer is being written."}})
        else:
            self.server.received.deleted.append(conversation)
            self.send_response(204)
            self.end_headers()

    def _stop(self) -> None:
        turn_id = self.path.split("/")[-2]
        for browser in list(self.server.running.values()):
            if turn_id == f"t{browser.turn}":
                self.server.received.stopped.append(turn_id)
                browser.stopped.set()
        self.reply(200, {})

    def _turn(self, body: dict[str, Any]) -> None:
        *_, conversation, last = self.path.split("/")
        assert last == "turns"
        assert self.server.received.owners[conversation] == self._identity()
        assert self.headers["Accept"] == "text/event-stream"
        with self.server.lock:
            number = len(self.server.received.turns) - 1
            self.server.received.turns.append(body)
        browser = self.server.running[conversation] = Browser(self, number, conversation)
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            try:
                self.server.answer(browser)
            finally:
                self.server.running.pop(conversation, None)
            if self.streaming:
                self.wfile.write(b"0\r\n\r\n")
        self.streaming = False

    def _identity(self) -> str:
        return self.headers.get("Cookie", "").removeprefix("session=")

    def _known(self) -> bool:
        return self._identity() in self.server.received.identities

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
    """`with ScriptedParley(answer) as server:` answers every turn by `answer`, each in a thread of its own.

    `probe` runs in each `/healthz`, `memory` is the report of `/admin/memory-debug`; None: there is no such page.
    """

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, answer: Answer, certificate: Path | None = None, *, mode: str = "async") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.mode = mode
        self.temporary = True
        self.probe: Callable[[], None] | None = lambda: None
        self.memory: Callable[[], dict[str, Any]] | None = None
        self.token = ""
        self.received = Received()
        self.running: dict[str, Browser] = {}
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

    def handle_error(self, *_: object) -> None:
        """Be silent about browsers that leave."""


def together(users: int) -> Answer:
    """Answer no user until all `users` have asked, which only a concurrent server can do."""
    all_there = threading.Barrier(users)

    def answer(browser: Browser) -> None:
        browser.begin()
        if not browser.alone:
            all_there.wait(timeout=20)
        browser.speak(3, 0.02)
        browser.end()

    return answer


def at_most(places: int, seconds: float = 0.3) -> Answer:
    """Return an answer function for a limited number of users at once. The others wait before their `turn`."""
    free = threading.Semaphore(places)

    def answer(browser: Browser) -> None:
        with free:
            browser.begin()
            browser.speak(3, seconds / 3)
            browser.end()

    return answer


def accepting_all_but_working_on_one(seconds: float = 0.2) -> Answer:
    """Return an answer function that begins every turn at once, but works on one turn at a time."""
    lock = threading.Lock()

    def answer(browser: Browser) -> None:
        browser.begin()
        with lock:
            browser.speak(4, seconds / 4)
            browser.end()

    return answer


def quick(browser: Browser) -> None:
    """Answer at once."""
    browser.begin()
    browser.speak()
    browser.end()
