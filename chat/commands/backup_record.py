"""The time of the last good backup: `DATA_DIR/last-backup`, written by `db backup` and read by the doctor."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

_NAME = "last-backup"


def note(data_dir: Path) -> None:
    """Note that a backup was written and verified now. A failure to note it is ignored: the backup is good."""
    with contextlib.suppress(OSError):
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        scratch = data_dir / f"{_NAME}.{os.getpid()}"
        scratch.write_text(f"{int(time.time())}\n", encoding="ascii")
        scratch.replace(data_dir / _NAME)


def age_s(data_dir: Path) -> float | None:
    """Return the seconds since the last backup, None if none is known."""
    try:
        return max(0.0, time.time() - int((data_dir / _NAME).read_text(encoding="ascii")))
    except (OSError, ValueError):
        return None
