"""Contract of the roads on which a worker sends requests about turns to another one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

Request = dict[str, Any]
# Answers the requests of other workers. Raises Unreachable for a request that it cannot answer.
Handler = Callable[[Request], Iterable[bytes]]


class Unreachable(Exception):
    """The worker cannot be asked on this road, or does not answer."""


class Road(Protocol):
    """One way to ask a worker. Roads are tried in turn, the fastest first; each may be missing or fail at any time."""

    @property
    def reliable(self) -> bool:
        """Return whether an answer never breaks off in the middle."""
        ...

    def ask(self, worker: str, request: Request, timeout_s: float) -> Iterator[bytes]:
        """Yield the answer of the handler of `worker` (`host:pid`) as it arrives. Closing the iterator ends it there.

        `timeout_s` limits each wait for bytes. Raises Unreachable, on an unreliable road also in the middle of the
        answer. There, the answer of a worker that dies may just end, so a complete one must be recognizable by its
        content.
        """
        ...
