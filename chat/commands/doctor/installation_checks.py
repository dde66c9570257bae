"""Checks of Python and of the packages."""

from __future__ import annotations

import importlib.metadata
import os
import re
import sys
import time
from pathlib import Path

from chat.commands.doctor.findings import Checks, Finding, failed, passed, skipped, warned
from chat.commands.doctor.installation import Installation, NotAvailable
from config.server.processes import start_ticks

check = Checks()

_PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)\s*(?:;\s*(.*?))?\s*\\?$", re.MULTILINE)
_INSTALL = "Run ./scripts/venv requirements.txt, or pip install --require-hashes -r requirements.txt."
_MAX_NAMED = 5


@check("PAR001", "Python")
def python(_installation: Installation) -> Finding:
    """Check Python's version and optimization."""
    version = sys.version.split()[0]
    if sys.version_info < (3, 11):  # noqa: UP036 - the command may be given to any Python
        return failed(f"This is Python {version}.", "Install Python 3.11 or later.")
    if sys.flags.optimize >= 2:
        return failed("PYTHONOPTIMIZE=2 leaves out what describes the tools to the model.", "Unset PYTHONOPTIMIZE.")
    return passed(f"Python {version}.")


@check("PAR002", "packages")
def packages(installation: Installation) -> Finding:
    """Compare the installed packages with requirements.txt."""
    try:
        pinned = _PINNED.findall((installation.root / "requirements.txt").read_text(encoding="utf-8"))
    except OSError:
        return skipped("There is no requirements.txt to compare with.")
    installed = {_normal(each.name): each.version for each in importlib.metadata.distributions() if each.name}
    wrong = [
        f"{name} {installed.get(_normal(name), 'is missing')} instead of {version}"
        for name, version, marker in pinned
        if not marker and installed.get(_normal(name)) != version
    ]
    if wrong:
        more = f" and {len(wrong) - _MAX_NAMED} more" if len(wrong) > _MAX_NAMED else ""
        return failed(f"{', '.join(wrong[:_MAX_NAMED])}{more}.", _INSTALL)
    return passed(f"{len(pinned)} packages are as in requirements.txt.")


@check("PAR003", "program")
def program(installation: Installation) -> Finding:
    """Check that the running server was started after the last change of the program's files."""
    began_at = _started_at(installation.master)
    changed = [
        path
        for folder in ("chat", "config")
        for path in (installation.root / folder).rglob("*.py")
        if path.stat().st_mtime > began_at + 1
    ]
    if changed:
        name = changed[0].relative_to(installation.root)
        return warned(
            f"{len(changed)} files of the program are newer than the running server, such as {name}.",
            "Restart the server, so that it runs what is on the disk.",
        )
    return passed("The running server was started after the last change of the program.")


def _started_at(pid: int) -> float:
    """Return the wall clock's time at which a process began. Raises NotAvailable where there is no /proc."""
    ticks = start_ticks(pid)
    try:
        uptime_s = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
    except OSError:
        ticks = None
    if ticks is None:
        raise NotAvailable("this system does not say when a process began")
    return time.time() - uptime_s + ticks / os.sysconf("SC_CLK_TCK")


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
