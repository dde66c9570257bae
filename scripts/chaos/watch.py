"""Probe that measures the response times of /healthz, and whether a turn would be accepted.

It runs in a process of its own: among the threads of a crowd it would measure its own wait for the interpreter.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass, field

from scripts.chaos.connection import EVENT_STREAM, Address, Dropped, Refused
from scripts.chaos.user import User
from scripts.kit.percentiles import percentile
from scripts.kit.server_runner import ROOT

_LOOK_S = 0.02
_OVERLOADED = 503


@dataclass
class ProbeResults:
    """Results: seconds until `/healthz` was answered, and until a turn was refused; a sentence for each failure."""

    times: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


class Watch:
    """Probes a server during a block; the results are available afterwards. A context manager.

    With `user`, it also sends their question as long as the server refuses it.
    """

    def __init__(self, address: Address, user: User | None = None) -> None:
        self._place = [address.host, str(address.port)]
        if user:
            self._place += [user.headers["Cookie"], str(user.conversation)]
        self._process: subprocess.Popen[str] | None = None
        self._results = ProbeResults()

    def __enter__(self) -> Watch:
        command = [sys.executable, "-m", "scripts.chaos.watch", *self._place]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._process.stdout.readline()  # it has begun
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        report, _ = self._process.communicate()  # the process ends with its input
        self._results = ProbeResults(**json.loads(report))

    @property
    def failures(self) -> list[str]:
        return self._results.failures

    @property
    def refusals(self) -> int:
        return len(self._results.refused)

    @property
    def p99_s(self) -> float:
        """Return the 99th percentile of the response times of /healthz."""
        return _p99(self._results.times)

    @property
    def refused_p99_s(self) -> float:
        return _p99(self._results.refused)


def _p99(times: list[float]) -> float:
    return percentile(times, 99) if times else math.inf


def _look(address: Address, results: ProbeResults) -> None:
    since = time.monotonic()
    try:
        address.ask("GET", "/healthz")
    except (Dropped, Refused) as error:
        results.failures.append(str(error))
    results.times.append(time.monotonic() - since)


def _send_question(address: Address, cookie: str, conversation: str, results: ProbeResults) -> None:
    since = time.monotonic()
    headers = {"Cookie": cookie, "Accept": EVENT_STREAM}
    try:
        address.ask("POST", f"/api/conversations/{conversation}/turns", {"text": "Hello"}, headers).close()
    except Refused as refused:
        if refused.status == _OVERLOADED:
            results.refused.append(time.monotonic() - since)
    except Dropped as dropped:
        results.failures.append(str(dropped))


def main(arguments: list[str]) -> None:
    """Probe until the input ends, then print the results. The arguments are `HOST PORT [COOKIE CONVERSATION]`."""
    host, port, *who = arguments
    address, results, enough = Address(host, int(port)), ProbeResults(), threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), enough.set()), daemon=True).start()
    print("watching", flush=True)
    while not enough.wait(_LOOK_S):
        _look(address, results)
        if who:
            _send_question(address, who[0], who[1], results)
    print(json.dumps(asdict(results)))


if __name__ == "__main__":
    main(sys.argv[1:])
