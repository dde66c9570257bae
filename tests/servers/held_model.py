"""A model whose answers continue until the test ends them, so that nothing depends on the machine's speed."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

_EVERY_S = 0.2


class HeldModel:
    """An OpenAI-compatible endpoint whose answers are numbers. A context manager.

    Each answer is "1 2 3 … n end", where `end` comes after `let_go_of`; the first to begin are let go first.
    """

    def __init__(self) -> None:
        self._gates: list[threading.Event] = []
        self._begun = threading.Semaphore(0)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = False
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> HeldModel:
        self._thread = threading.Thread(target=self._server.serve_forever, name="held model")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.let_go_of(len(self._gates))
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def wait_for(self, answers: int) -> None:
        """Wait until so many more answers have begun."""
        assert all(self._begun.acquire(timeout=60) for _ in range(answers))

    def let_go_of(self, answers: int) -> None:
        """Release a number of the held answers, by default all."""
        going, self._gates = self._gates[:answers], self._gates[answers:]
        for gate in going:
            gate.set()

    def words(self) -> Iterator[str]:
        """Yield the words of one answer."""
        gate = threading.Event()
        self._gates.append(gate)
        yield "1"
        self._begun.release()
        number = 1
        while not gate.wait(_EVERY_S):
            number += 1
            yield f" {number}"
        yield " end"


def _handler(model: HeldModel) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            for word in model.words():
                self._send({"choices": [{"index": 0, "delta": {"content": word}, "finish_reason": None}]})
            self._send({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
            self.wfile.write(b"data: [DONE]\n\n")

        def _send(self, chunk: dict[str, Any]) -> None:
            whole = {"id": "held", "object": "chat.completion.chunk", "created": 0, "model": "held"} | chunk
            self.wfile.write(b"data: " + json.dumps(whole).encode() + b"\n\n")

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    return Handler
