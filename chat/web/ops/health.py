"""Health checks for monitoring and load balancers."""

from __future__ import annotations

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue

from chat.errors import StoreUnavailable
from chat.web.services import services
from config.server import shutdown

bp = Blueprint("health", __name__)

PATHS = ("/healthz", "/readyz")


@bp.get("/healthz")
def healthz() -> dict[str, str]:
    """Answer that the worker is alive."""
    return {"status": "ok"}


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    """Return whether the worker can serve: 200, or 503 with the failed check."""
    checks: dict[str, Any] = {"database": "ok", "model": "demo" if services().settings.demo else "configured"}
    try:
        services().store.ping()
    except StoreUnavailable as error:
        checks["database"] = error.message
    leaving = services().admission.closed or shutdown.notice_given()
    if leaving:
        checks["worker"] = "It is about to end; another one answers."
    ready = checks["database"] == "ok" and not leaving
    return {"status": "ready" if ready else "unavailable", "checks": checks}, 200 if ready else 503
