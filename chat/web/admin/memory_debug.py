"""Report for operators: turns, conversations and memory of every worker."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from chat.web.auth.principal import require_operator
from chat.web.services import services

bp = Blueprint("admin", __name__, url_prefix="/admin")

bp.before_request(require_operator)


@bp.get("/memory-debug")
def memory_debug() -> ResponseReturnValue:
    """Return the report of all workers, as a page or as JSON."""
    report = services().report.everyone()
    best = request.accept_mimetypes.best_match(("application/json", "text/html"), "application/json")
    return render_template("memory_debug.html", report=report) if best == "text/html" else report
