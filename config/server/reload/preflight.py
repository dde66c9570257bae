"""Preflight of a start: runs `preflight_process.py` and reads its result.

Used before the worker class is changed and by gunicorn's master before a reload, because a reload that fails half-way
would leave the server unable to start workers.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from config.paths import ROOT

LIMIT_S = 20.0
_CAUSE_CHARS = 300
_LOOK_EVERY_S = 0.02


@dataclass(frozen=True, slots=True)
class Outcome:
    """Mode and number of workers that would start, or in `failure` the cause, without a final full stop."""

    mode: str = ""
    workers: int = 0
    failure: str = ""


def starved_s(pid: int) -> float:
    """Return the seconds for which a process could have run, but all processors were busy; 0 if unknown."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0


class Preflight:
    """Running preflight of `python` with gunicorn's `arguments`, bounded in time.

    The time for which it was `starved` does not count: on a busy machine it is slow, but it does not hang.
    `poll` does not block, so that gunicorn's master can manage its workers meanwhile.
    """

    def __init__(
        self,
        python: str,
        arguments: Sequence[str],
        environ: Mapping[str, str],
        folder: Path,
        limit_s: float = LIMIT_S,
        starved: Callable[[int], float] = starved_s,
    ) -> None:
        """Start the process, which must be ready after `limit_s`. Raises OSError."""
        self._limit_s, self._starved = limit_s, starved
        paths = [str(ROOT), environ.get("PYTHONPATH", "")]
        # Files instead of pipes: a full pipe would block the process, since nothing reads it meanwhile.
        self._output, self._errors = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115
        # `environ` is the server's: variables of the calling command, such as FLASK_RUN_FROM_CLI, are not in it.
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the server's own command line
                [python, "-m", "config.server.reload.preflight_process", *arguments],
                cwd=folder,
                env={**environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)},
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._errors,
            )
        except OSError:
            self._close()
            raise
        self._until = time.monotonic() + limit_s
        self._outcome: Outcome | None = None

    def poll(self) -> Outcome | None:
        """Return the outcome, or None while the process runs. After `limit_s` it is killed and has failed."""
        if self._outcome is None:
            status = self._process.poll()
            if status is not None:
                self._outcome = self._read(status)
            elif time.monotonic() >= self._until and time.monotonic() >= self._until + self._starved(self._process.pid):
                self.kill()
                self._outcome = Outcome(failure=f"it was not ready after {self._limit_s:.0f} s")
        return self._outcome

    def wait(self) -> Outcome:
        """Wait for the end of the process and return the outcome."""
        while (outcome := self.poll()) is None:
            time.sleep(_LOOK_EVERY_S)
        return outcome

    def kill(self) -> None:
        """Kill the process, even if it is stopped. It has failed then."""
        if self._outcome is None:
            self._process.kill()
            self._process.wait()
            self._close()
            self._outcome = Outcome(failure="it was ended")

    def _close(self) -> None:
        self._output.close()
        self._errors.close()

    def _read(self, status: int) -> Outcome:
        with self._output, self._errors:
            if status < 0:
                return Outcome(failure=f"it was ended by {signal.Signals(-status).name}")
            # The status alone proves nothing: Python reports 0 if other code has already reaped the process.
            outcome = Outcome() if status else _parsed(_content(self._output))
            if outcome.mode:
                return outcome
            errors = _content(self._errors).decode("utf-8", "replace")
            return Outcome(failure=cause(errors) if status or errors else "it ended before it was ready")


def check(
    python: str, arguments: Sequence[str], environ: Mapping[str, str], folder: Path, limit_s: float = LIMIT_S
) -> Outcome:
    """Run a preflight in this environment and working directory and wait for its outcome."""
    try:
        preflight = Preflight(python, arguments, environ, folder, limit_s)
    except OSError as error:
        return Outcome(failure=str(error))
    try:
        return preflight.wait()
    finally:  # also after Ctrl-C
        preflight.kill()


def cause(output: str) -> str:
    """Return the last line of the output that contains words: our own sentence or the end of a traceback."""
    lines = [line.strip() for line in output.splitlines()]
    with_words = [line for line in lines if re.search(r"\w{2}", line)]
    last = with_words[-1] if with_words else "no reason was given"
    printable = "".join(char if char.isprintable() else " " for char in last.removeprefix("parley: "))
    return printable[:_CAUSE_CHARS].rstrip(" .")


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _parsed(output: bytes) -> Outcome:
    try:
        result = json.loads(output.splitlines()[-1])
        return Outcome(mode=str(result["mode"]), workers=int(result["workers"]))
    except (IndexError, KeyError, TypeError, ValueError):
        return Outcome()
