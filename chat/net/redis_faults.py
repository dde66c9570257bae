"""Faults of Redis, each in a sentence for the operator.

The library's own messages are not shown: they may contain secrets.
"""

from __future__ import annotations

import ssl

from redis import exceptions as errors
from redis.sentinel import MasterNotFoundError

from chat.net.redis_pool import WAIT_S

_OLDEST = (6, 2)
_CLUSTER = "REDIS_URL names a cluster, but takes one server, or a server by its Sentinels."
# By the class of the error, or of the one that caused it; the first that fits.
_BY_CLASS: tuple[tuple[type[BaseException], str], ...] = (
    (errors.AskError, _CLUSTER),
    (errors.ClusterDownError, _CLUSTER),
    (errors.AuthenticationError, "Redis refuses the name or the password in REDIS_URL, or requires them."),
    (
        errors.NoPermissionError,
        "Redis does not allow the user in REDIS_URL everything that Parley needs; docs/scaling.md has its rights.",
    ),
    (errors.OutOfMemoryError, "Redis has no memory left for new keys (maxmemory)."),
    (errors.ReadOnlyError, "Redis is a replica that takes no writes; REDIS_URL takes the master."),
    (errors.BusyLoadingError, "Redis is still loading its data."),
    (
        ssl.SSLCertVerificationError,
        "Redis has a certificate that is not trusted; REDIS_URL takes ssl_ca_certs.",
    ),
    (ssl.SSLError, "Redis does not speak TLS, as rediss:// in REDIS_URL says."),
    (errors.TimeoutError, f"Redis does not answer within {WAIT_S:g} s."),
    (TimeoutError, f"Redis does not answer within {WAIT_S:g} s."),
    (MasterNotFoundError, "No Sentinel in REDIS_URL answers and knows a server of the name in ?sentinel=."),
    (errors.InvalidResponse, "The server that REDIS_URL names is no Redis."),
)

# By the start of the server's reply.
_BY_REPLY = (
    ("DB index", "Redis has no database of the number in REDIS_URL."),
    ("unknown command 'SENTINEL'", "The server that REDIS_URL names is no Sentinel, as ?sentinel= says."),
    ("unknown command `SENTINEL`", "The server that REDIS_URL names is no Sentinel, as ?sentinel= says."),  # Redis 6
)


def sentence(error: BaseException) -> str:
    """Return what an error of the library says."""
    chain = [each for each in (error, error.__context__) if each is not None]
    for kind, text in _BY_CLASS:
        if any(isinstance(each, kind) for each in chain):
            return text
    if isinstance(error, errors.ResponseError):
        for start, text in _BY_REPLY:
            if str(error).startswith(start):
                return text
        return f"Redis refuses a command ({str(error).partition(' ')[0][:40]})."
    # The path of a socket may be too long, which is an error without a number.
    reason = next((each.strerror or str(each) for each in chain if isinstance(each, OSError)), "")
    return f"Redis cannot be reached ({reason or 'the connection was closed'})."


def unsuitable(information: bytes | None) -> str:
    """Return why the server that describes itself so cannot be used, or ""."""
    lines = (information or b"").decode("utf-8", "replace").splitlines()
    values = dict(line.split(":", 1) for line in lines if ":" in line)
    mode = values.get("redis_mode") or values.get("server_mode")
    if mode == "cluster":
        return _CLUSTER
    if mode == "sentinel":
        return "REDIS_URL names a Sentinel; add ?sentinel= and the name of the server that it watches."
    version = values.get("redis_version", "")
    numbers = tuple(int(each) for each in version.split(".")[:2] if each.isdigit())
    if numbers and numbers < _OLDEST:
        return f"REDIS_URL names a Redis {version}, but takes 6.2 or later."
    return ""
