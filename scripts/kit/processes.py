"""The processes of a server, from Linux's /proc."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path


def family(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    return [pid, *(each for child in children(pid) for each in family(child))]


def children(pid: int) -> list[int]:
    """Return the children of a process."""
    try:
        return sorted(int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    except OSError:  # the process has ended, or the kernel was built without this list
        return sorted(child for child, parent in _parents() if parent == pid)


def fields(pid: int) -> list[str]:
    """Return the fields after a process's name, which may contain any characters. The first is field 3 of proc(5)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def pss_bytes(pid: int | str = "self") -> int:
    """Return the proportional set size: memory of a process's own, and its share of what it shares with others."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def _parents() -> Iterator[tuple[int, int]]:
    """Yield `(pid, parent's pid)` of every process."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                yield int(folder.name), int(fields(int(folder.name))[1])
            except OSError:  # it has just ended
                continue
