"""The limit on open files, which child processes inherit."""

from __future__ import annotations

import math
import resource


def raise_open_files(wanted: int | None = None) -> float:
    """Allow `wanted` open files, or as many as the hard limit permits. Return the limit that then holds.

    Connections count as files. A limit that is higher already stays. Raises OSError or ValueError where the system
    refuses what its own hard limit permits.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = hard if wanted is None or wanted > _number(hard) else wanted
    if _number(limit) > _number(soft):
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
        soft = limit
    return _number(soft)


def _number(limit: int) -> float:
    return math.inf if limit == resource.RLIM_INFINITY else limit
