"""The events of one user and their times (`time.monotonic()`, in seconds)."""

from __future__ import annotations

import json
from array import array
from dataclasses import dataclass, field
from typing import Any

# Events that show that a turn is being worked on, not only accepted.
_SIGNS_OF_WORK = ("delta", "reasoning", "tool_call", "tool_result")


class Failure(Exception):
    """The reason why a user got no whole answer. `code` is the server's or the check's, `status` is HTTP's, or 0."""

    def __init__(self, code: str, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


@dataclass
class Timeline:
    """One user's turn. A time is None while, or if, the thing did not happen."""

    sent: float | None = None
    turn: float | None = None
    worked: float | None = None  # the first sign of work
    first_token: float | None = None
    last_token: float | None = None
    done: float | None = None  # only of a turn that was completed
    ended: float | None = None  # for whatever reason
    gaps: array[float] = field(default_factory=lambda: array("d"))
    about: dict[str, Any] = field(default_factory=dict)  # the data of `turn`
    failure: Failure | None = None

    @property
    def wait_s(self) -> float | None:
        """From sending the question to `turn`."""
        return None if self.turn is None or self.sent is None else self.turn - self.sent

    @property
    def first_token_s(self) -> float | None:
        """From sending the question, which is what a user feels."""
        return None if self.first_token is None or self.sent is None else self.first_token - self.sent

    @property
    def response_s(self) -> float | None:
        """From `turn` to `done`."""
        return None if self.done is None or self.turn is None else self.done - self.turn

    @property
    def total_s(self) -> float | None:
        """From sending the question to `done`."""
        return None if self.done is None or self.sent is None else self.done - self.sent

    def note(self, now: float, event: str, data: bytes) -> None:
        """Record an event. Raises Failure if it reports that the turn failed."""
        if event in _SIGNS_OF_WORK and self.worked is None:
            self.worked = now
        if event == "delta":
            self._token(now, data)
        elif event == "turn":
            self.turn, self.about = now, _object(data)
        elif event == "error":
            self.failure = Failure(*_code_and_message(_object(data)))
        elif event == "done":
            self._finish(now, _object(data).get("status"))

    def _token(self, now: float, data: bytes) -> None:
        if self.last_token is None:
            if not str(_object(data).get("text") or "").strip():
                return  # blanks are no answer yet
            self.first_token = now
        else:
            self.gaps.append(now - self.last_token)
        self.last_token = now

    def _finish(self, now: float, status: Any) -> None:
        if self.failure:
            raise self.failure
        if status != "completed":
            raise Failure(f"turn_{status}", f"The turn ended as {status!r}.")
        if self.turn is None:
            raise Failure("not_the_contract", "The stream had a `done` but no `turn`.")
        if self.first_token is None:
            raise Failure("empty_answer", "The turn was completed without a word.")
        self.done = now


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Failure("not_the_contract", "An event's data is not a JSON object.")
    return found


def _code_and_message(error: dict[str, Any]) -> tuple[str, str]:
    return str(error.get("code", "unknown")), str(error.get("message", ""))
