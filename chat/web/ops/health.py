"""Health checks for monitoring and load balancers."""

from __future__ import annotations

import threading

from flask import Blueprint
from msgspec import UNSET, Struct, UnsetType

from chat.errors import LimitReached, ModelError, StoreUnavailable, TurnEnded
from chat.llm.model_probe import probe
from chat.web.admin.access import OPERATOR_REFUSALS
from chat.web.api import query
from chat.web.auth.principal import require_operator
from chat.web.openapi.operation import Answer, Refusal, operation
from chat.web.services import services
from config.server import shutdown

bp = Blueprint("health", __name__)

PATHS = ("/healthz", "/readyz")
# A load balancer's patience is usually longer. Each worker asks one question at a time.
_DEEP_TIMEOUT_S = 10.0
_asking = threading.Lock()
_OTHER_DATABASES = (
    "Another server with the same SECRET_KEY and Redis has another database: servers that belong together need one"
    " PostgreSQL (DATABASE_URL), as a SQLite file serves one machine only."
)
_OTHER_KEYS = "SECRET_KEY differs from that of another server that uses this database; it must be the same on all."
_ANSWERS = "answers"
_BUSY = "The model is being asked already; try again in a few seconds."


class Health(Struct, frozen=True, kw_only=True):
    """The worker is alive."""

    status: str


class Checks(Struct, frozen=True, kw_only=True):
    """Each check: "ok", or a sentence that says what is wrong. `worker` is there when the worker is about to end.

    With `deep`, `model` is "answers" or the reason why not, and `model_ms` the time until its answer began.
    `redis` is there when a Redis is configured, `secret_key` when servers of one database have different ones, `clock`
    when this machine's differs from the database's, `servers` when servers with one key have several databases. None
    of these makes a worker unready.
    """

    database: str
    model: str
    model_ms: int | UnsetType = UNSET
    redis: str | UnsetType = UNSET
    secret_key: str | UnsetType = UNSET
    servers: str | UnsetType = UNSET
    clock: str | UnsetType = UNSET
    worker: str | UnsetType = UNSET


class Readiness(Struct, frozen=True, kw_only=True):
    """Readiness of the worker: `ready` or `unavailable`."""

    status: str
    checks: Checks


_READY = Readiness(status="ready", checks=Checks(database="ok", model="configured"))
_UNAVAILABLE = Readiness(
    status="unavailable", checks=Checks(database="The database cannot be opened.", model="configured")
)


@bp.get("/healthz")
@operation(Answer(content=Health, example=Health(status="ok")))
def healthz() -> Health:
    """Answer that the worker is alive."""
    return Health(status="ok")


@bp.get("/readyz")
@operation(
    Answer(content=Readiness, example=_READY),
    Answer(status=503, content=Readiness, example=_UNAVAILABLE, description="The worker cannot serve."),
    parameters=(query.flag_parameter("deep", "Also ask the model a real question, for operators"),),
    refusals=(*OPERATOR_REFUSALS, Refusal(429, "busy", _BUSY)),
)
def readyz() -> tuple[Readiness, int]:
    """Return whether the worker can serve: 200, or 503 with the failed check.

    With `deep`, the model is asked a question, for at most 10 seconds; this has the access of `/admin`.
    """
    deep = query.flag("deep")
    if deep:
        require_operator()
    database = "ok"
    try:
        services().store.ping()
    except StoreUnavailable as error:
        database = error.message
    leaving = services().admission.closed or shutdown.notice_given()
    model, model_ms = _probe() if deep else ("demo" if services().settings.demo else "configured", UNSET)
    redis = services().redis
    checks = Checks(
        database=database,
        model=model,
        model_ms=model_ms,
        redis=UNSET if redis is None else redis.problem or "ok",
        servers=_OTHER_DATABASES if redis is not None and redis.other_database else UNSET,
        clock=services().store.readiness.clock_problem or UNSET,
        secret_key=_OTHER_KEYS if services().has_other_keys() else UNSET,
        worker="It is about to end; another one answers." if leaving else UNSET,
    )
    ready = database == "ok" and not leaving and (not deep or model == _ANSWERS)
    return Readiness(status="ready" if ready else "unavailable", checks=checks), 200 if ready else 503


def _probe() -> tuple[str, int | UnsetType]:
    """Ask the default model. Return "answers" and the milliseconds until it began, or a sentence that says why not.

    Raises LimitReached while another request asks.
    """
    current = services()
    if not _asking.acquire(blocking=False):
        raise LimitReached("busy", _BUSY)
    try:
        timeout_s = min(_DEEP_TIMEOUT_S, current.settings.model_timeout_s)
        return _ANSWERS, probe(current.model, current.settings.models[0], timeout_s).first_ms
    except TurnEnded:
        return f"The model has not answered within {timeout_s:g} seconds.", UNSET
    except ModelError as error:
        return error.message, UNSET
    finally:
        _asking.release()
