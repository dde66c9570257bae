"""Checks of Redis, which is optional."""

from __future__ import annotations

from chat.commands.doctor.findings import Checks, Finding, failed, passed, skipped, warned
from chat.commands.doctor.installation import Installation
from chat.net.redis_client import RedisClient, RedisUnavailable
from config import redis_url

check = Checks()

_SLOW_MS = 10.0


@check("PAR060", "Redis")
def redis(installation: Installation) -> Finding:
    """Check that Redis can be reached and used, and how long it takes to answer."""
    if not installation.settings.redis_url:
        return skipped("REDIS_URL is not set; one server needs no Redis.")
    parsed = redis_url.parse(installation.settings.redis_url)
    client = RedisClient(parsed)
    times = []
    try:
        client.check()
        for _ in range(5):
            began_at = installation.timer()
            client.run("PING")
            times.append((installation.timer() - began_at) * 1000)
        version = client.run("INFO", "server").decode().partition("redis_version:")[2].split()[0]
    except RedisUnavailable as error:
        return failed(
            f"Redis at {parsed.redacted} cannot be used: {error}",
            "Check REDIS_URL and that Redis runs. The server goes on without it, by way of the database.",
        )
    finally:
        client.close()
    message = f"Redis {version} at {parsed.redacted} answers in {sorted(times)[2]:.1f} ms."
    if sorted(times)[2] > _SLOW_MS:
        return warned(message, "Put Redis nearer: each turn asks it a few times.")
    return passed(message)
