"""A model's endpoint that serves a limited number of requests at once, and the answers of a server in front of it."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from .scripted_parley import Answer, Browser


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: ScriptedModel

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        data = json.dumps({"data": [{"id": "scripted"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self) -> None:
        self.server.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        with self.server.places:
            for token in range(3):
                time.sleep(self.server.seconds / 3)
                self._chunk({"choices": [{"delta": {"content": f"token {token}"}}]})
        self._chunk({"choices": [{"delta": {}, "finish_reason": "stop"}]})
        self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def _chunk(self, chunk: dict[str, Any]) -> None:
        self.wfile.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")


class ScriptedModel(ThreadingHTTPServer):
    """Answers take `seconds`, and at most `places` are written at once. A context manager."""

    daemon_threads = True
    request_queue_size = 512

    def __init__(self, places: int, seconds: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.places, self.seconds = threading.Semaphore(places), seconds
        self.bodies: list[dict[str, Any]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/v1"

    def __enter__(self) -> ScriptedModel:
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def relayed(self, *, timings: bool) -> Answer:
        """Return the answers of a server that accepts every turn at once and waits for this model."""

        def answer(browser: Browser) -> None:
            browser.begin()
            began_at = time.monotonic()
            with self.places:
                time.sleep(self.seconds / 3)
                first_ms = (time.monotonic() - began_at) * 1000
                browser.speak(3, self.seconds / 3)
                browser.end(**({"queued": 0.1, "model_first": first_ms, "tools": 0} if timings else {}))

        return answer
