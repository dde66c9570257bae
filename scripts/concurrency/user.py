"""One user: an identity of their own, a conversation, a question ready to be sent."""

from __future__ import annotations

import http.client
import json
import uuid
from http.cookies import SimpleCookie
from typing import Any

from scripts.concurrency.exchange import Exchange
from scripts.concurrency.server import JSON, Server, failure_of, object_or_failure
from scripts.concurrency.timeline import Failure, Timeline


class User:
    """A user with a browser of its own, whose events are in `timeline`."""

    def __init__(self, server: Server, text: str, model: str, timeout_s: float) -> None:
        self.timeline = Timeline()
        self.exchange: Exchange | None = None  # once made ready
        self._server, self._timeout_s = server, timeout_s
        self._question = {"text": text, "client_id": str(uuid.uuid4())} | ({"model": model} if model else {})
        self._cookies: dict[str, str] = {}

    @property
    def ready(self) -> bool:
        """Made ready, or failed in trying."""
        return self.exchange is not None or self.timeline.failure is not None

    def prepare(self) -> None:
        """Get an identity and a conversation: blocks, and is no part of what is measured. Raises nothing."""
        try:
            connection = self._server.connect(self._timeout_s)
            try:
                self._call(connection, "GET", "/api/me")
                made = self._call(connection, "POST", "/api/conversations", {})
            finally:
                connection.close()
            self.exchange = Exchange(self._server, self._request(str(made.get("id"))), self.timeline)
        except (Failure, OSError, http.client.HTTPException) as error:
            self.timeline.failure = failure_of(error)

    def _call(self, connection: http.client.HTTPConnection, method: str, path: str, body: Any = None) -> dict[str, Any]:
        if connection.sock is None:  # the server closes after each answer
            connection.sock = self._server.connect(self._timeout_s).sock
        data = None if body is None else json.dumps(body).encode()
        connection.request(method, self._server.base + path, data, self._headers(JSON, data))
        response = connection.getresponse()
        for header in response.headers.get_all("Set-Cookie") or []:
            self._cookies |= {name: morsel.value for name, morsel in SimpleCookie(header).items()}
        return object_or_failure(response.status, response.reason, response.read())

    def _request(self, conversation: str) -> bytes:
        """Return the bytes of the request, prepared before the start so that sending is fast."""
        body = json.dumps(self._question).encode()
        fields = self._headers("text/event-stream", body) | {
            "Host": self._server.authority,
            "Content-Length": str(len(body)),
        }
        lines = [f"POST {self._server.base}/api/conversations/{conversation}/turns HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in fields.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body

    def _headers(self, accept: str, body: bytes | None) -> dict[str, str]:
        headers = {"Accept": accept, "User-Agent": "parley-concurrency-check"}
        if self._cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        if body is not None:
            headers["Content-Type"] = JSON
        return headers
