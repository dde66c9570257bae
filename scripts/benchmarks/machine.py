"""The machine, and the CPU time that it and its processes have used, from Linux's /proc."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from scripts.kit.processes import fields

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def cpu_s(pids: Iterable[int]) -> float:
    """Return user and system time of live processes and of the children they have waited for."""
    return sum(sum(int(part) for part in fields(pid)[11:15]) for pid in pids) * _TICK_S


def total_cpu_s() -> float:
    """Return the CPU time of all processes since the machine's start."""
    user, nice, system, _idle, _waiting, irq, soft_irq, *_ = (
        Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    )
    return sum(int(part) for part in (user, nice, system, irq, soft_irq)) * _TICK_S


def description() -> dict[str, Any]:
    """Return a description of the machine, which is needed to compare the figures."""
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    total_kb = int(Path("/proc/meminfo").read_text().split()[1])
    return {
        "cpu": models[0].partition(":")[2].strip() if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(total_kb / 1024**2, 1),
        "system": f"{platform.system()} {platform.release().split('-')[0]}",
        "python": platform.python_version(),
    }
