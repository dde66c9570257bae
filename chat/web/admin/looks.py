"""Deeper looks of an operator into one worker, by POST below `/admin/memory-debug`: one at a time."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from flask import Blueprint

from chat.errors import NotFound
from chat.runtime.looks.allocations import NOT_TRACING
from chat.runtime.looks.findings import Finding
from chat.turns.operator_looks import COSTS, LookAnswer
from chat.web.admin.access import OPERATOR_REFUSALS
from chat.web.api import json_body
from chat.web.auth.principal import require_operator
from chat.web.openapi.operation import Answer, Body, Refusal, operation
from chat.web.services import services

bp = Blueprint("admin_looks", __name__, url_prefix="/admin/memory-debug")

bp.before_request(require_operator)

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class ChosenWorker(msgspec.Struct, omit_defaults=True):
    """Body of a look: the worker by its process id, and its host if several have that id. Absent: the one asked."""

    pid: Annotated[int, msgspec.Meta(ge=1, le=2**31)] | None = None
    host: Annotated[str, msgspec.Meta(max_length=255)] | None = None


class ChosenLevel(ChosenWorker, omit_defaults=True):
    """Body of POST …/log-level."""

    level: Level = "DEBUG"


class LookCost(msgspec.Struct, frozen=True, kw_only=True):
    """A look and what it costs."""

    look: str
    cost: str


class LookCosts(msgspec.Struct, frozen=True, kw_only=True):
    """All looks."""

    looks: list[LookCost]


_EXAMPLE = LookAnswer(
    look="collection",
    worker="host:4711",
    cost=COSTS["collection"],
    summary="Collected garbage: 812 objects freed, 1048576 bytes given back to the system.",
    ms=41.3,
    figures={"freed": 812},
    findings=[Finding(what="thread", count=1, stack=["chat/runtime/native.py:166 NativePool._serve"])],
)
_BODY = Body(shape=ChosenWorker, examples={"one": ChosenWorker(pid=4711)})
_REFUSALS = (
    *OPERATOR_REFUSALS,
    Refusal(404, "not_found", "There is no such worker."),
    Refusal(409, "look_running", "Another look is running; wait until it has ended."),
)
_ANSWER = Answer(content=LookAnswer, example=_EXAMPLE)
_TRACING = Refusal(409, "not_tracing", NOT_TRACING)


@bp.get("/looks")
@operation(
    Answer(content=LookCosts, example=LookCosts(looks=[LookCost(look="stacks", cost=COSTS["stacks"])])),
    refusals=OPERATOR_REFUSALS,
)
def costs() -> LookCosts:
    """Return what each look costs."""
    return LookCosts(looks=[LookCost(look=name, cost=cost) for name, cost in COSTS.items()])


@bp.post("/stacks")
@operation(_ANSWER, body=_BODY, refusals=_REFUSALS)
def stacks() -> LookAnswer:
    """Return the stacks of all greenlets and threads of a worker, without values."""
    return _look("stacks")


@bp.post("/tracemalloc/start")
@operation(
    _ANSWER,
    body=_BODY,
    refusals=(
        *_REFUSALS,
        Refusal(409, "already_tracing", "Allocations of this worker are already being traced."),
    ),
)
def start_tracing() -> LookAnswer:
    """Start tracing the allocations of a worker."""
    return _look("tracemalloc_start")


@bp.post("/tracemalloc/snapshot")
@operation(_ANSWER, body=_BODY, refusals=(*_REFUSALS, _TRACING))
def take_snapshot() -> LookAnswer:
    """Return the lines of code whose allocations use the most memory."""
    return _look("tracemalloc_snapshot")


@bp.post("/tracemalloc/difference")
@operation(
    _ANSWER,
    body=_BODY,
    refusals=(
        *_REFUSALS,
        _TRACING,
        Refusal(409, "no_snapshot", "There is no snapshot to compare with; take one first."),
    ),
)
def compare_snapshots() -> LookAnswer:
    """Return the lines of code whose memory has changed most since the last snapshot."""
    return _look("tracemalloc_difference")


@bp.post("/tracemalloc/stop")
@operation(_ANSWER, body=_BODY, refusals=(*_REFUSALS, _TRACING))
def stop_tracing() -> LookAnswer:
    """Stop tracing the allocations of a worker."""
    return _look("tracemalloc_stop")


@bp.post("/collection")
@operation(_ANSWER, body=_BODY, refusals=_REFUSALS)
def collect() -> LookAnswer:
    """Run a full garbage collection in a worker."""
    return _look("collection")


@bp.post("/growth")
@operation(_ANSWER, body=_BODY, refusals=_REFUSALS)
def count_objects() -> LookAnswer:
    """Return how many objects of each type a worker has, or how many more than at the last count."""
    return _look("growth")


@bp.post("/log-level")
@operation(
    _ANSWER,
    body=Body(shape=ChosenLevel, examples={"debug": ChosenLevel(pid=4711, level="DEBUG")}),
    refusals=_REFUSALS,
)
def set_log_level() -> LookAnswer:
    """Set the log level of a worker for ten minutes."""
    body = json_body.read(ChosenLevel)
    return services().looks.look("log_level", _worker(body), body.level)


def _look(name: str) -> LookAnswer:
    return services().looks.look(name, _worker(json_body.read(ChosenWorker)))


def _worker(body: ChosenWorker) -> str:
    """Return the name of the worker that a body chooses. Raises NotFound."""
    report = services().report
    if body.pid is None:
        own = report.make()
        return f"{own.host}:{own.pid}"
    for each in report.all_workers().workers:
        if each.pid == body.pid and body.host in (None, each.host):
            return f"{each.host}:{each.pid}"
    raise NotFound("There is no such worker.")
