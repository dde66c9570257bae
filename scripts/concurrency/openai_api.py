"""Any OpenAI-compatible endpoint: streamed `/v1/chat/completions`."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
from typing import Any

from scripts.concurrency.address import Address, request_bytes
from scripts.concurrency.api import User
from scripts.concurrency.errors import CannotRun, Failure
from scripts.concurrency.event_data import json_object, response_object
from scripts.concurrency.timeline import Timeline

_JSON = "application/json"
# Finish reasons of complete answers, in lower case without separators. With any other, the answer is not complete.
_COMPLETE = frozenset(
    (
        *("stop", "stopped", "stopsequence", "endturn", "end", "eos", "eostoken", "eot", "complete", "completed"),
        *("finished", "done", "toolcalls", "tooluse", "functioncall"),
    )
)
_CUT = {"length": "The answer was cut at its length limit.", "content_filter": "The answer was filtered."}


class OpenAiApi:
    """An endpoint at an address, with or without `/v1` at its end. `key` is its API key, or empty."""

    name = "OpenAI-compatible endpoint"
    mode = ""

    def __init__(self, address: Address, model: str, key: str, option: str = "--model") -> None:
        self.address = address
        self.model = model
        self._authorization = key if not key or " " in key else f"Bearer {key}"
        self._option = option
        base = address.base.removesuffix("/chat/completions")  # as people copy it from an example
        self._base = base if base.endswith("/v1") else f"{base}/v1"
        self.probed_paths = (self._base.removeprefix(address.base) + "/models",)

    def describe(self) -> dict[str, Any]:
        """Choose the endpoint's first model if none was named. Raises CannotRun if it cannot be reached."""
        try:
            models = self._models()
        except Failure as failure:
            if self.model:
                return {}
            path = f"{self._base}/models"
            raise CannotRun(f"GET {path} at {self.address.url}: {failure}; name a model with {self._option}.") from None
        except (OSError, http.client.HTTPException) as error:
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise CannotRun(f"No endpoint answers at {self.address.url} ({why}).") from None
        if not self.model and not models:
            raise CannotRun(f"{self.address.url} lists no model; name one with {self._option}.")
        self.model = self.model or models[0]
        return {"models": models}

    def prepare(self, user: User) -> None:
        """Do nothing: there is no state."""

    def request(self, user: User, prompt: str) -> bytes:  # noqa: ARG002 - all users are alike
        """Return the request for a streamed completion."""
        body = {
            "model": self.model,
            "messages": [{"role": "user", "content": prompt}],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        headers = self.headers() | {"Accept": "text/event-stream", "Content-Type": _JSON}
        return request_bytes("POST", f"{self._base}/chat/completions", headers, json.dumps(body).encode())

    def note(self, timeline: Timeline, now: float, event: str, data: bytes) -> None:  # noqa: ARG002 - none is named
        """Record a chunk. Raises Failure if it reports an error or the answer's end is not a good one."""
        if data == b"[DONE]":
            _finish(timeline, now)
            return
        chunk = json_object(data)
        if error := chunk.get("error") or (chunk if chunk.get("object") == "error" else None):
            named = error if isinstance(error, dict) else {"message": error}
            raise Failure(str(named.get("code") or named.get("type") or "error"), str(named.get("message") or ""))
        _note_usage(timeline, chunk)
        choices = chunk.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
        _note_delta(timeline, now, choice.get("delta"))
        if isinstance(reason := choice.get("finish_reason"), str) and reason:
            timeline.about["finish_reason"] = reason

    def accept(self, timeline: Timeline, now: float) -> None:
        """Take the head of the response for the first event."""
        timeline.turn = now

    def close(self, timeline: Timeline, now: float) -> None:
        """Accept an answer whose last chunk gave a reason for its end; some endpoints send no `[DONE]`."""
        if "finish_reason" in timeline.about:
            _finish(timeline, now)

    def headers(self) -> dict[str, str]:
        """Return the headers of a short request."""
        headers = {"Host": self.address.authority, "Accept": _JSON, "User-Agent": "parley-concurrency-check"}
        return headers | ({"Authorization": self._authorization} if self._authorization else {})

    def clean_up(self, user: User) -> bool:  # noqa: ARG002 - there is no state
        """Do nothing: there is no state."""
        return True

    def _models(self) -> list[str]:
        with contextlib.closing(self.address.connect(timeout_s=10)) as connection:
            connection.request("GET", f"{self._base}/models", headers=self.headers())
            response = connection.getresponse()
            listed = response_object(response.status, response.reason, response.read()).get("data")
        return [str(each["id"]) for each in listed or [] if isinstance(each, dict) and each.get("id")]


def _note_delta(timeline: Timeline, now: float, delta: Any) -> None:
    if not isinstance(delta, dict):
        return
    if delta.get("reasoning_content") or delta.get("reasoning") or delta.get("tool_calls"):
        timeline.work(now)
    text = delta.get("content")
    if isinstance(text, str) and (text.strip() or (text and timeline.first_token is not None)):
        timeline.work(now)
        timeline.token(now, len(text))


def _note_usage(timeline: Timeline, chunk: dict[str, Any]) -> None:
    usage = chunk.get("usage")
    if isinstance(usage, dict) and isinstance(usage.get("completion_tokens"), int):
        timeline.tokens = usage["completion_tokens"] or None


def _finish(timeline: Timeline, now: float) -> None:
    reason = timeline.about.get("finish_reason", "")
    if reason and re.sub(r"[\W_]", "", reason).lower() not in _COMPLETE:
        name = re.sub(r"[^a-z0-9]+", "_", reason.lower())[:40]
        raise Failure(f"finish_{name}", _CUT.get(name, f"The answer ended for the reason {reason[:40]!r}."))
    if timeline.first_token is None:
        raise Failure("empty_answer", "The answer has no text.")
    timeline.done = now
