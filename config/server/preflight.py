"""Tries out whether the server could start: runs `chat/preflight.py` in a process of its own and reads the result.

Used before the worker class is changed, and by gunicorn's master before it reloads: a reload that fails half-way
would leave the server with nothing that can start.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from config.settings import ROOT

_LIMIT_S = 20.0
_CAUSE_CHARS = 300
_LOOK_EVERY_S = 0.02


@dataclass(frozen=True, slots=True)
class Outcome:
    """What would start, or in `failure` why nothing would: a cause to put in brackets, without a final stop."""

    mode: str = ""
    workers: int = 0
    failure: str = ""


class Preflight:
    """A start that is being tried out by `python`, with gunicorn's `arguments`. Bounded in time.

    Nothing here waits for the process, so that gunicorn's master can look after its workers meanwhile.
    """

    def __init__(self, python: str, arguments: Sequence[str], environ: Mapping[str, str], folder: Path) -> None:
        """Start the process. Raises OSError."""
        paths = [str(ROOT), environ.get("PYTHONPATH", "")]
        # Files instead of pipes: nobody reads a pipe while the process runs, and a full one would stop it.
        self._output, self._errors = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115
        # FLASK_RUN_FROM_CLI and the like are of the command that asks, and are not in `environ`.
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the server's own command line
                [python, "-m", "chat.preflight", *arguments],
                cwd=folder,
                env={**environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)},
                stdin=subprocess.DEVNULL,
                stdout=self._output,
                stderr=self._errors,
            )
        except OSError:
            self._close()
            raise
        self._until = time.monotonic() + _LIMIT_S
        self._outcome: Outcome | None = None

    def poll(self) -> Outcome | None:
        """Return what came of it, or None while it runs. After `_LIMIT_S` it is killed, and has failed."""
        if self._outcome is None:
            status = self._process.poll()
            if status is not None:
                self._outcome = self._read(status)
            elif time.monotonic() >= self._until:
                self.kill()
                self._outcome = Outcome(failure=f"it was not ready after {_LIMIT_S:.0f} s")
        return self._outcome

    def wait(self) -> Outcome:
        """Return what came of it, once it has ended."""
        while (outcome := self.poll()) is None:
            time.sleep(_LOOK_EVERY_S)
        return outcome

    def kill(self) -> None:
        """End the process, also one that is stopped; it has failed then."""
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
            # The status alone proves nothing: where somebody else has collected it, Python says 0.
            outcome = Outcome() if status else _told(_written(self._output))
            if outcome.mode:
                return outcome
            said = _written(self._errors).decode("utf-8", "replace")
            return Outcome(failure=cause(said) if status or said else "it ended before it was ready")


def check(python: str, arguments: Sequence[str], environ: Mapping[str, str], folder: Path) -> Outcome:
    """Try out a start in this environment and working directory, and wait for its end."""
    try:
        return Preflight(python, arguments, environ, folder).wait()
    except OSError as error:
        return Outcome(failure=str(error))


def cause(said: str) -> str:
    """The last line of a failure that says something, be it our own sentence or a traceback's end."""
    lines = [line.strip() for line in said.splitlines()]
    spoken = [line for line in lines if re.search(r"\w{2}", line)]
    last = spoken[-1] if spoken else "no reason was given"
    shown = "".join(char if char.isprintable() else " " for char in last.removeprefix("parley: "))
    return shown[:_CAUSE_CHARS].rstrip(" .")


def _written(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _told(output: bytes) -> Outcome:
    try:
        told = json.loads(output.splitlines()[-1])
        return Outcome(mode=str(told["mode"]), workers=int(told["workers"]))
    except (IndexError, KeyError, TypeError, ValueError):
        return Outcome()
