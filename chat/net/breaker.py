"""A circuit breaker: after a failure, calls to a service are refused until a probe succeeds."""

from __future__ import annotations

import logging
from collections.abc import Callable

log = logging.getLogger(__name__)


class Breaker:
    """One service as seen by this process. It begins open, because the state of the service is unknown.

    `problem` is why it is open, a sentence for the operator. The functions in `on_open` are called each time it opens.
    """

    def __init__(self, service: str, address: str) -> None:
        self._service = service
        self._address = address  # for the log only
        self.problem = f"{service} has not been asked yet."
        self.on_open: list[Callable[[], None]] = []
        self._logged = ""

    @property
    def is_open(self) -> bool:
        """Return whether calls are refused."""
        return bool(self.problem)

    def open(self, problem: str) -> None:
        """Refuse calls from now on. A problem is logged once, however often it occurs again."""
        was_open, self.problem = self.is_open, problem
        if problem != self._logged:
            self._logged = problem
            log.warning("%s Continuing without %s (%s).", problem, self._service, self._address)
        if not was_open:
            for each in self.on_open:
                each()

    def close(self) -> None:
        """Allow calls."""
        if self._logged:
            self._logged = ""
            log.warning("%s (%s) can be used again.", self._service, self._address)
        self.problem = ""
