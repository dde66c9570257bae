"""Health checks for monitoring and load balancers."""

from __future__ import annotations

from flask import Blueprint
from msgspec import UNSET, Struct, UnsetType

from chat.errors import StoreUnavailable
from chat.web.openapi.operation import Answer, operation
from chat.web.services import services
from config.server import shutdown

bp = Blueprint("health", __name__)

PATHS = ("/healthz", "/readyz")


class Health(Struct, frozen=True, kw_only=True):
    """The worker is alive."""

    status: str


class Checks(Struct, frozen=True, kw_only=True):
    """Each check: "ok", or a sentence that says what is wrong. `worker` is there when the worker is about to end."""

    database: str
    model: str
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
)
def readyz() -> tuple[Readiness, int]:
    """Return whether the worker can serve: 200, or 503 with the failed check."""
    database = "ok"
    try:
        services().store.ping()
    except StoreUnavailable as error:
        database = error.message
    leaving = services().admission.closed or shutdown.notice_given()
    checks = Checks(
        database=database,
        model="demo" if services().settings.demo else "configured",
        worker="It is about to end; another one answers." if leaving else UNSET,
    )
    ready = database == "ok" and not leaving
    return Readiness(status="ready" if ready else "unavailable", checks=checks), 200 if ready else 503
