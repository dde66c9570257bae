"""Limit on open files, and the number of connections and turns that fit into it.

A turn needs a connection to the browser and one to the model; a follower served by another worker needs one more. If
the limit is too low for the settings, fewer connections and turns are admitted: a refused request can be repeated,
but an admitted one without a descriptor would fail with a misleading error.
"""

from __future__ import annotations

import dataclasses
import resource

from config.settings import Settings

# More than the usual WORKER_CONNECTIONS needs, and cheap for the kernel.
_ENOUGH = 65_536
# For the database, logs, listening sockets, other workers and the tools' connections.
RESERVE = 96
# Descriptors for each connection of a browser.
_EACH = 2.5


def raise_limit(settings: Settings) -> int:
    """Raise the soft limit as far as useful and allowed by the hard limit. Return the new limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    useful = max(_ENOUGH, RESERVE + int(settings.worker_connections * _EACH))
    if hard != resource.RLIM_INFINITY:
        useful = min(useful, hard)
    if soft != resource.RLIM_INFINITY and soft < useful:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (useful, hard))
        except (OSError, ValueError):  # macOS has another limit below the hard one
            return soft
        return useful
    return useful if soft == resource.RLIM_INFINITY else soft


def fitted(settings: Settings, limit: int) -> Settings:
    """Return the settings with at most as many connections and turns a worker as `limit` descriptors allow."""
    connections = max(10, int((limit - RESERVE) / _EACH))
    fewer = dataclasses.replace(settings, worker_connections=min(settings.worker_connections, connections))
    turns = max(1, connections * 3 // 4)
    return dataclasses.replace(fewer, max_active_turns=turns) if fewer.active_turns_limit > turns else fewer


def warning(configured: Settings, settings: Settings, limit: int) -> str:
    """Return a warning for the operator if `fitted` has changed the settings; empty otherwise."""
    if settings == configured:
        return ""
    return (
        f"{limit} descriptors: at most {settings.active_turns_limit} answers and {settings.worker_connections} "
        "connections at once a worker; raise `ulimit -n`"
    )
