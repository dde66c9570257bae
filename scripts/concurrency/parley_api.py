"""Parley's own API: an identity and a conversation for each user, turns whose events are streamed."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
import uuid
from http.cookies import CookieError, SimpleCookie
from typing import Any

from scripts.concurrency.address import Address, request_bytes
from scripts.concurrency.api import User
from scripts.concurrency.errors import CannotRun, Failure
from scripts.concurrency.event_data import json_object, response_object
from scripts.concurrency.timeline import Timeline

JSON = "application/json"
_AGENT = "parley-concurrency-check"
_EMPTY_DELTA = len('{"text":""}')
_STOP_S = 3.0  # how long a turn may take to end before its conversation can be deleted


class ParleyApi:
    """Parley at an address. `authorization` is sent with every request if given."""

    name = "Parley"
    probed_paths = ("/healthz", "/")

    def __init__(self, address: Address, model: str, authorization: str, timeout_s: float) -> None:
        self.address = address
        self.model, self.mode = model, ""
        self._named_model = model
        self._authorization, self._timeout_s = authorization, timeout_s
        self._temporary = False

    def describe(self) -> dict[str, Any]:
        """Return the response of `/api/me`. Raises CannotRun if no Parley server answers or the model is unknown."""
        try:
            me = self._me()
        except Failure as failure:
            raise CannotRun(f"{self.address.url} answers, but not as Parley does: GET /api/me: {failure}") from None
        except (OSError, http.client.HTTPException) as error:
            raise CannotRun(no_server(self.address, error)) from None
        offered = _model_names(me)
        if self._named_model and offered and self._named_model not in offered:
            raise CannotRun(f"The server has no model {self._named_model!r}; it offers {', '.join(offered)}.")
        self.model = self._named_model or (offered[0] if offered else "the default one")
        self.mode = str(me.get("mode") or "")
        features = me.get("features")
        self._temporary = isinstance(features, dict) and bool(features.get("temporary"))
        return me

    def prepare(self, user: User) -> None:
        """Get an identity and a conversation, a temporary one if the server has them."""
        with contextlib.closing(self.address.connect(self._timeout_s)) as connection:
            self._call(connection, user, "GET", "/api/me")
            body = {"temporary": True} if self._temporary else {}
            created = response_object(*self._call(connection, user, "POST", "/api/conversations", body))
        user.conversation = str(created.get("id"))

    def request(self, user: User, prompt: str) -> bytes:
        """Return the request that starts a turn and follows its events."""
        question = {"text": prompt, "client_id": str(uuid.uuid4())}
        if self._named_model:
            question["model"] = self._named_model
        headers = self._headers(user, "text/event-stream") | {"Content-Type": JSON}
        path = f"{self.address.base}/api/conversations/{user.conversation}/turns"
        return request_bytes("POST", path, headers, json.dumps(question).encode())

    def note(self, timeline: Timeline, now: float, event: str, data: bytes) -> None:
        """Record an event. Raises Failure if it reports that the turn failed."""
        if event == "delta":
            _note_delta(timeline, now, data)
        elif event == "turn":
            timeline.turn, timeline.about = now, json_object(data)
        elif event in ("reasoning", "tool_result"):
            timeline.work(now)
        elif event == "tool_call":
            timeline.work(now)
            timeline.model_calls += 1
        elif event == "error":
            error = json_object(data)
            timeline.failure = Failure(str(error.get("code", "unknown")), str(error.get("message", "")))
        elif event == "done":
            _finish(timeline, now, json_object(data))

    def accept(self, timeline: Timeline, now: float) -> None:
        """Do nothing: the first event is `turn`."""

    def close(self, timeline: Timeline, now: float) -> None:
        """Do nothing: only `done` ends an answer."""

    def headers(self) -> dict[str, str]:
        """Return the headers of a short request."""
        return self._headers(User(0), JSON)

    def clean_up(self, user: User) -> bool:
        """Delete the user's conversation, after stopping what still runs in it."""
        path = f"/api/conversations/{user.conversation}"
        until = time.monotonic() + _STOP_S
        with contextlib.closing(self.address.connect(_STOP_S)) as connection:
            while True:
                status, _, _ = self._call(connection, user, "DELETE", path)
                if status != 409 or time.monotonic() > until:
                    return status in (200, 202, 204, 404, 410)
                self._stop_turns(connection, user, path)
                time.sleep(0.1)

    def _stop_turns(self, connection: http.client.HTTPConnection, user: User, path: str) -> None:
        """Stop the turns of a conversation that still run. One may end by itself before it is stopped."""
        conversation = response_object(*self._call(connection, user, "GET", path))
        for message in conversation.get("messages") or []:
            if message.get("status") == "running" and message.get("turn_id"):
                with contextlib.suppress(Failure):
                    self._call(connection, user, "POST", f"/api/turns/{message['turn_id']}/stop", {})

    def _me(self) -> dict[str, Any]:
        with contextlib.closing(self.address.connect(timeout_s=10)) as connection:
            return response_object(*self._call(connection, User(0), "GET", "/api/me"))

    def _call(
        self, connection: http.client.HTTPConnection, user: User, method: str, path: str, body: Any = None
    ) -> tuple[int, str, bytes]:
        """Make a blocking request. Raises Failure unless it is about something to be deleted."""
        if connection.sock is None:  # the server closes after each response
            connection.sock = self.address.connect(self._timeout_s).sock
        data = None if body is None else json.dumps(body).encode()
        headers = self._headers(user, JSON) | ({} if data is None else {"Content-Type": JSON})
        connection.request(method, self.address.base + path, data, headers)
        response = connection.getresponse()
        for header in response.headers.get_all("Set-Cookie") or []:
            with contextlib.suppress(CookieError):
                user.cookies |= {name: morsel.value for name, morsel in SimpleCookie(header).items()}
        content = response.read()
        if method != "DELETE":
            response_object(response.status, response.reason, content)
        return response.status, response.reason, content

    def _headers(self, user: User, accept: str) -> dict[str, str]:
        headers = {"Host": self.address.authority, "Accept": accept, "User-Agent": _AGENT}
        if self._authorization:
            headers["Authorization"] = self._authorization
        if user.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in user.cookies.items())
        return headers


def no_server(address: Address, error: Exception) -> str:
    """Return the sentence for a server that cannot be reached."""
    why = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return (
        f"No server answers at {address.url} ({why}): start one with ./scripts/serve, or give its address with --url."
    )


def _model_names(me: dict[str, Any]) -> list[str]:
    models = me.get("models")
    if not isinstance(models, list):
        return []
    return [str(model.get("id") or model.get("name")) if isinstance(model, dict) else str(model) for model in models]


def _note_delta(timeline: Timeline, now: float, data: bytes) -> None:
    timeline.work(now)
    if timeline.first_token is None and not str(json_object(data).get("text") or "").strip():
        return  # blanks are no answer yet
    timeline.token(now, max(0, len(data) - _EMPTY_DELTA))


def _finish(timeline: Timeline, now: float, done: dict[str, Any]) -> None:
    status, usage, timings = done.get("status"), done.get("usage"), done.get("timings")
    if timeline.failure:
        raise timeline.failure
    if status != "completed":
        raise Failure(f"turn_{status}", f"The turn ended as {status!r}.")
    if timeline.turn is None:
        raise Failure("not_the_contract", "The stream had a `done` but no `turn`.")
    if timeline.first_token is None:
        raise Failure("empty_answer", "The turn was completed without a word.")
    if isinstance(usage, dict) and isinstance(usage.get("completion_tokens"), int):
        timeline.tokens = usage["completion_tokens"] or None
    if isinstance(timings, dict):
        timeline.timings = {
            str(name): float(value) for name, value in timings.items() if isinstance(value, int | float)
        }
    if isinstance(done.get("duration_ms"), int | float):
        timeline.lasted_s = done["duration_ms"] / 1000
    timeline.done = now
