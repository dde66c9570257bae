"""What processes and the machine have used, out of Linux's /proc."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    return [pid, *(each for child in children(pid) for each in family(child))]


def children(pid: int) -> list[int]:
    # Asked of every process: a kernel may be built without the list of children.
    return sorted(int(stat[0]) for stat in _stats() if int(stat[1]) == pid)


def cpu_s(pids: Iterable[int]) -> float:
    """User and system time of processes that live, and of the children they have waited for."""
    return sum(sum(int(part) for part in _fields(pid)[11:15]) for pid in pids) * _TICK_S


def pss_bytes(pid: int) -> int:
    """Proportional set size: memory of its own, and its share of what it has in common with others."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0


def machine_cpu_s() -> float:
    """Return the CPU time of all processes since the machine's start."""
    user, nice, system, _idle, _waiting, irq, soft_irq, *_ = (
        Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    )
    return sum(int(part) for part in (user, nice, system, irq, soft_irq)) * _TICK_S


def machine() -> dict[str, Any]:
    """Return a description of the machine, without which the figures mean little."""
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    total_kb = int(Path("/proc/meminfo").read_text().split()[1])
    return {
        "cpu": models[0].partition(":")[2].strip() if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(total_kb / 1024**2, 1),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
    }


def _fields(pid: int) -> list[str]:
    """Return the fields after a process's name, which may contain any characters. The first is field 3 of proc(5)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _stats() -> Iterable[tuple[str, str]]:
    """`(pid, parent's pid)` of every process."""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                yield folder.name, _fields(int(folder.name))[1]
            except OSError:  # it has just ended
                continue
