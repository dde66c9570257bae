"""The scenes: the fault of each, its count, and its settings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from scripts.chaos import nginx
from scripts.chaos.scene_run import SceneRun
from scripts.chaos.scenes import (
    backups,
    clients,
    clock,
    faults,
    growth,
    kills,
    limits,
    locks,
    overload,
    processes,
    restarts,
    resumes,
    rolls,
    sends,
    servers,
    stops,
    switches,
)
from scripts.kit import postgresql_server, redis_server


@dataclass(frozen=True)
class Scene:
    """One scene. `full` and `quick` are numbers of its `unit`; `crowds` are numbers of users in each mode.

    A gthread server holds 4 x 8 streams: its crowds leave room for a missing worker. `missing` returns what this
    machine has not for it, or "". `engines`: see `start_scene`.
    """

    play: Callable[[SceneRun], None]
    unit: str
    full: int
    quick: int
    crowds: Mapping[str, int]
    settings: Mapping[str, object] = field(default_factory=dict)
    missing: Callable[[], str] = lambda: ""
    engines: Collection[str] = ()


def _three_servers(play: Callable[[SceneRun], None], *engines: str) -> Scene:
    """Return a scene with three servers, enough threads for one that is away, and one key."""
    settings = {"WEB_CONCURRENCY": 2, "THREADS": 128, "GRACE_S": servers.GRACE_S, "SECRET_KEY": servers.KEY}
    checks = [nginx.missing, postgresql_server.missing, *([redis_server.missing] if "redis" in engines else [])]
    return Scene(
        play,
        "answers followed from another server",
        300,
        12,
        {"async": 300, "sync": 300},
        settings,
        lambda: next(filter(None, (check() for check in checks)), ""),
        engines,
    )


SCENES: dict[str, Scene] = {
    "kills": Scene(kills.play, "kills", 100, 6, {"async": 24, "sync": 12}),
    "resumes": Scene(resumes.play, "reconnections", 500, 40, {"async": 12, "sync": 6}),
    "sends": Scene(sends.play, "messages", 50, 3, {"async": 1, "sync": 1}),
    "stops": Scene(stops.play, "stopped answers", 100, 12, {"async": 12, "sync": 10}),
    # Enough threads for the users who reconnect while the earlier workers still finish.
    "switches": Scene(switches.play, "switches there and back", 20, 2, {"async": 200, "sync": 200}, {"THREADS": 64}),
    "restarts": Scene(restarts.play, "restarts", 10, 2, {"async": 36, "sync": 18}, {"GRACE_S": restarts.GRACE_S}),
    # Enough threads that one server can answer all of them while the other is away.
    "rolls": Scene(
        rolls.play,
        "restarts",
        20,
        2,
        {"async": 24, "sync": 24},
        {"WEB_CONCURRENCY": 2, "THREADS": 32, "NOTICE_S": rolls.NOTICE_S, "GRACE_S": rolls.GRACE_S},
        nginx.missing,
    ),
    "faults": Scene(
        faults.play,
        "faults of the model",
        102,
        17,
        {"async": 24, "sync": 16},
        {"MODEL_TIMEOUT_S": faults.MODEL_TIMEOUT_S, "TURN_TIMEOUT_S": faults.TURN_TIMEOUT_S},
    ),
    "growth": Scene(
        growth.play, "turns", 100_000, 2000, {"async": 24, "sync": 12}, {"MEMORY_LIMIT_MB": growth.MEMORY_LIMIT_MB}
    ),
    "limits": Scene(limits.play, "limits", 15, 5, {"async": 24, "sync": 12}),
    "processes": Scene(processes.play, "faults", 30, 6, {"async": 24, "sync": 12}, {"GRACE_S": processes.GRACE_S}),
    "clock": Scene(
        clock.play, "rounds", 10, 1, {"async": 24, "sync": 12}, {"GRACE_S": clock.GRACE_S, "MODEL_TIMEOUT_S": 60}
    ),
    "locks": Scene(locks.play, "locks", 6, 1, {"async": 24, "sync": 12}),
    "backups": Scene(backups.play, "backups", 10, 1, {"async": 200, "sync": 24}),
    "clients": Scene(
        clients.play,
        "half seconds for each attack",
        20,
        2,
        {"async": 1, "sync": 1},
        {"REQUEST_TIMEOUT_S": clients.REQUEST_TIMEOUT_S},
    ),
    "overload": Scene(
        overload.play,
        "measurements of four seconds",
        5,
        1,
        {"async": 4 * overload.PLACES, "sync": 4 * overload.PLACES},
        {"MAX_ACTIVE_TURNS": overload.PLACES, "THREADS": overload.PLACES},
    ),
    "servers": _three_servers(servers.play, "postgresql", "redis"),
    "roadless": _three_servers(servers.play, "postgresql"),
    "stalled": _three_servers(servers.play_and_stop_redis, "postgresql", "redis"),
}
