"""How many files and sockets the server may have open, and how many people that is enough for.

A turn takes its browser's connection and the model's; a follower that is answered by another worker takes one more.
Where there are fewer descriptors than the settings would need, fewer are admitted: whoever is refused is told to come
again, whereas one that was admitted would fail, and the model would be blamed.
"""

from __future__ import annotations

import dataclasses
import resource

from config.settings import Settings

# More than WORKER_CONNECTIONS usually needs, and few enough for a kernel to hold for each worker.
_ENOUGH = 65_536
# What a worker has open besides: the database, logs, listening sockets, its neighbours, the tools' connections.
RESERVE = 96
# For each connection of a browser.
_EACH = 2.5


def raise_limit(settings: Settings) -> int:
    """Raise the soft limit as far as it is of use and the hard one allows; return what it is now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = max(_ENOUGH, RESERVE + int(settings.worker_connections * _EACH))
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        except (OSError, ValueError):  # macOS knows a limit below the hard one
            return soft
        return wanted
    return wanted if soft == resource.RLIM_INFINITY else soft


def fitted(settings: Settings, limit: int) -> Settings:
    """Return the settings with no more connections and turns for each worker than `limit` descriptors allow."""
    connections = max(10, int((limit - RESERVE) / _EACH))
    fewer = dataclasses.replace(settings, worker_connections=min(settings.worker_connections, connections))
    turns = max(1, connections * 3 // 4)
    return dataclasses.replace(fewer, max_active_turns=turns) if fewer.active_turns_limit > turns else fewer


def warning(wanted: Settings, settings: Settings, limit: int) -> str:
    """Return what the operator should know where the settings had to be `fitted`; empty otherwise."""
    if settings == wanted:
        return ""
    return (
        f"{limit} descriptors: at most {settings.active_turns_limit} answers and {settings.worker_connections} "
        "connections at once a worker; raise `ulimit -n`"
    )
