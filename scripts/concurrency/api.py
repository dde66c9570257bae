"""The interface of a server's API for the load, and one user of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from scripts.concurrency.address import Address
from scripts.concurrency.errors import Failure
from scripts.concurrency.timeline import Timeline


@dataclass
class User:
    """A user with a browser and a conversation of their own. `failure`: they could not be prepared."""

    number: int
    cookies: dict[str, str] = field(default_factory=dict)
    conversation: str = ""
    ready: bool = False
    failure: Failure | None = None


class Api(Protocol):
    """A kind of server. `describe`, `prepare` and `clean_up` block, the others do no input or output."""

    name: str
    address: Address
    model: str
    mode: str  # "async", "sync" or "" if unknown

    @property
    def probed_paths(self) -> tuple[str, ...]:
        """The paths of short requests, which are sent beside the load."""

    def describe(self) -> dict[str, Any]:
        """Return the server's description of itself. Raises CannotRun."""

    def prepare(self, user: User) -> None:
        """Make a user ready to ask. Raises Failure, OSError or HTTPException."""

    def request(self, user: User, prompt: str) -> bytes:
        """Return the request for one answer."""

    def note(self, timeline: Timeline, now: float, event: str, data: bytes) -> None:
        """Record an event. Raises Failure if the answer failed."""

    def accept(self, timeline: Timeline, now: float) -> None:
        """Record that the head of a stream has arrived."""

    def close(self, timeline: Timeline, now: float) -> None:
        """Record that the stream has ended, which may be the end of a whole answer. Raises Failure."""

    def headers(self) -> dict[str, str]:
        """Return the headers of a short request."""

    def clean_up(self, user: User) -> bool:
        """Delete what the user left on the server. Return False if something stays. Raises as `prepare` does."""
