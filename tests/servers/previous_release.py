"""The previous release of the program, from the repository's history.

It is the newest tag `v…` before this commit. Before there are tags, it is the last commit without the newest step of
SQLite's tables, which is the last one that differs from this one in what it expects of a database.
"""

from __future__ import annotations

import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

from chat.store.engines.sqlite.migrations import STEPS
from scripts.kit.server_runner import ROOT

_NEWEST_STEP = f"chat/store/engines/sqlite/migrations/{STEPS[-1].name}.py"


def previous_release() -> str:
    """Return the commit, or "" if this is no clone of the repository, or a clone without history."""
    if tag := _git("describe", "--tags", "--abbrev=0", "--match=v*", "HEAD^"):
        return tag
    *_, added = _git("log", "--diff-filter=A", "--format=%H", "--", _NEWEST_STEP).split() or [""]
    return added and _git("rev-parse", "--verify", "--quiet", f"{added}^")


def unpack(commit: str, folder: Path) -> None:
    """Write the program as of a commit into a folder."""
    content = subprocess.run(
        ["git", "archive", commit, "chat", "config", "wsgi.py", "gunicorn.gevent.py"],
        cwd=ROOT, capture_output=True, check=True,
    ).stdout  # fmt: skip
    with tarfile.open(fileobj=BytesIO(content)) as archive:
        archive.extractall(folder, filter="data")


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
