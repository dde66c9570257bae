"""For operators: what every worker holds and weighs."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from chat.web import operators
from chat.web.parts import parts

bp = Blueprint("admin", __name__, url_prefix="/admin")

bp.before_request(operators.let_in)


@bp.get("/memory-debug")
def memory_debug() -> ResponseReturnValue:
    report = parts().report.everyone()
    wanted = request.accept_mimetypes.best_match(("application/json", "text/html"), "application/json")
    return render_template("memory_debug.html", report=report) if wanted == "text/html" else report
