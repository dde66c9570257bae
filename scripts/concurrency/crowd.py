"""All users at once: made ready, then let go together, watched until the last has ended."""

from __future__ import annotations

import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from scripts.concurrency.exchange import Exchange
from scripts.concurrency.timeline import Failure
from scripts.concurrency.user import User

_LANES = 16  # users who are made ready side by side: that part is not the test
_LOOK_S = 0.1  # how often progress is reported and the deadline looked at


@dataclass(frozen=True)
class Progress:
    """Number of users in each state. `at_s` counts from the start of the preparation, then from that of the load."""

    at_s: float
    started: bool
    ready: int
    waiting: int
    answering: int
    done: int
    failed: int


Report = Callable[[Progress], None]


class Crowd:
    """`prepare` and then `ask`; both report their progress, and KeyboardInterrupt ends either at once.

    While they ask, one thread and one selector serve them all. It shares the machine with the server under test, and
    a thread or a greenlet a user would take several times the CPU.
    """

    def __init__(self, users: Sequence[User], ramp_s: float, timeout_s: float) -> None:
        self.users = users
        self._ramp_s, self._timeout_s = ramp_s, timeout_s
        self._selector = selectors.DefaultSelector()
        self._watched: dict[Exchange, tuple[socket.socket, int]] = {}
        self._began = 0.0

    def prepare(self, report: Report) -> float:
        """Prepare all users, their connections included. Return the seconds it took."""
        self._began = time.monotonic()
        for lane in range(_LANES):
            threading.Thread(target=_prepare, args=(self.users[lane::_LANES],), daemon=True).start()
        while not all(user.ready for user in self.users):
            report(self._progress(started=False))
            time.sleep(_LOOK_S / 4)
        report(self._progress(started=False))
        return time.monotonic() - self._began

    def ask(self, report: Report) -> None:
        """Let them go, and return when everybody has ended."""
        exchanges = [user.exchange for user in self.users if user.exchange]
        pause_s = self._ramp_s / len(self.users)
        self._began = now = time.monotonic()
        to_come = deque((now + number * pause_s, exchange) for number, exchange in enumerate(exchanges))
        look_at = now
        while to_come or self._watched:
            while to_come and to_come[0][0] <= now:
                self._go_on(to_come.popleft()[1])
            next_at = min(look_at, to_come[0][0]) if to_come else look_at
            for key, _ in self._selector.select(max(0.0, next_at - now)):
                self._go_on(key.data)
            now = time.monotonic()
            if now >= look_at:
                look_at = now + _LOOK_S
                self._end_those_too_late(now)
                report(self._progress(started=True))
        report(self._progress(started=True))

    def _go_on(self, exchange: Exchange) -> None:
        """Let it run until it needs its socket to be ready, and watch for that."""
        wanted = exchange.go_on()
        if self._watched.get(exchange) == (exchange.sock, wanted):
            return
        self._forget(exchange)
        if wanted and exchange.sock:
            self._selector.register(exchange.sock, wanted, exchange)
            self._watched[exchange] = (exchange.sock, wanted)
        else:
            exchange.close()

    def _forget(self, exchange: Exchange) -> None:
        sock, _ = self._watched.pop(exchange, (None, 0))
        if sock:
            self._selector.unregister(sock)

    def _end_those_too_late(self, now: float) -> None:
        oldest = now - self._timeout_s
        for exchange in [each for each in self._watched if (each.timeline.sent or now) <= oldest]:
            self._forget(exchange)
            exchange.give_up(Failure("timeout", "No whole answer within --timeout."))

    def _progress(self, started: bool) -> Progress:
        lines = [user.timeline for user in self.users]
        running = [line for line in lines if line.sent is not None and line.ended is None]
        return Progress(
            at_s=time.monotonic() - self._began,
            started=started,
            ready=sum(user.ready for user in self.users),
            waiting=sum(line.turn is None for line in running),
            answering=sum(line.turn is not None for line in running),
            done=sum(line.done is not None for line in lines),
            failed=sum(line.failure is not None for line in lines),
        )


def _prepare(users: Sequence[User]) -> None:
    for user in users:
        user.prepare()
