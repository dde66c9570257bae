"""Tries out whether the server could start: `chat/rehearsal.py` in a process of its own, and what came of it.

Used before the worker class is changed, and by gunicorn's master before it reloads: a reload that fails half-way
would take the whole server with it.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from config.settings import ROOT

_LIMIT_S = 20.0
_CAUSE_CHARS = 300


@dataclass(frozen=True, slots=True)
class Outcome:
    """What would start, or in `failure` why nothing would: a cause to put in brackets, without a final stop."""

    mode: str = ""
    workers: int = 0
    failure: str = ""


def attempt(python: str, arguments: Sequence[str], environ: Mapping[str, str], folder: Path) -> Outcome:
    """A start by `python`, with gunicorn's `arguments`, in this environment and working directory. Bounded in time."""
    paths = [str(ROOT), environ.get("PYTHONPATH", "")]
    # FLASK_RUN_FROM_CLI and the like are of the command that asks, and are not in `environ`.
    try:
        ended = subprocess.run(  # noqa: S603 - the server's own command line
            [python, "-m", "chat.rehearsal", *arguments],
            cwd=folder,
            env={**environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Outcome(failure=f"it was not ready after {_LIMIT_S:.0f} s")
    except OSError as error:
        return Outcome(failure=str(error))
    if ended.returncode == 0:
        return _told(ended.stdout)
    if ended.returncode < 0:
        return Outcome(failure=f"it was ended by {signal.Signals(-ended.returncode).name}")
    return Outcome(failure=cause(ended.stderr.decode("utf-8", "replace")))


def cause(said: str) -> str:
    """The last line of a failure that says something, be it our own sentence or a traceback's end."""
    lines = [line.strip() for line in said.splitlines()]
    spoken = [line for line in lines if re.search(r"\w{2}", line)]
    last = spoken[-1] if spoken else "no reason was given"
    shown = "".join(char if char.isprintable() else " " for char in last.removeprefix("parley: "))
    return shown[:_CAUSE_CHARS].rstrip(" .")


def _told(output: bytes) -> Outcome:
    try:
        told = json.loads(output.splitlines()[-1])
        return Outcome(mode=str(told["mode"]), workers=int(told["workers"]))
    except (IndexError, KeyError, TypeError, ValueError):
        return Outcome(failure="it ended before it was ready")
