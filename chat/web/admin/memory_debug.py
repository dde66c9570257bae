"""Report for operators: turns, conversations and memory of every worker."""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request

from chat.runtime.block_watch.watch import Block
from chat.turns.worker_report import HeldConversation, Report, ServerReport, Totals
from chat.web.auth.principal import require_operator
from chat.web.openapi.operation import Answer, Refusal, operation
from chat.web.services import services

bp = Blueprint("admin", __name__, url_prefix="/admin")

bp.before_request(require_operator)

OPERATOR_REFUSALS = (
    Refusal(401, "unauthorized", "This needs the bearer token of ADMIN_TOKEN."),
    Refusal(
        403,
        "forbidden",
        "Without ADMIN_TOKEN, this is answered only to callers on the server's own machine that use no proxy.",
    ),
)

_AT = "2026-03-02T09:30:00.000Z"
_EXAMPLE = ServerReport(
    mode="async",
    at=_AT,
    totals=Totals(
        servers=1,
        workers=1,
        active_turns=1,
        active_conversations=1,
        conversations_in_memory=1,
        memory_bytes=9_216,
        rss_bytes=96_468_992,
    ),
    workers=[
        Report(
            pid=4711,
            host="host",
            server="host:5000",
            mode="async",
            worker_class="gevent",
            started_at=_AT,
            reported_at=_AT,
            stale=False,
            active_turns=1,
            active_conversations=1,
            conversations_in_memory=1,
            memory_bytes=9_216,
            memory_limit_bytes=67_108_864,
            open_streams=1,
            greenlets=14,
            threads=7,
            fds=38,
            rss_bytes=96_468_992,
            pss_bytes=61_865_984,
            loop_lag_ms=0.2,
            blocked=[Block(at=_AT, ms=240, where="chat/tools/x.py:12 fetch → json/decoder.py:355 raw_decode")],
            conversations=[
                HeldConversation(id=7, messages=2, tokens=1_024, bytes=9_216, idle_s=3.5, running=True, subscribers=1)
            ],
        )
    ],
)


@bp.get("/memory-debug")
@operation(
    Answer(content=ServerReport, example=_EXAMPLE),
    Answer(content={"type": "string"}, media_type="text/html"),
    refusals=OPERATOR_REFUSALS,
)
def memory_debug() -> ServerReport | Response:
    """Return the report of all workers, as JSON, or as a page to a browser that requests one."""
    report = services().report.everyone()
    best = request.accept_mimetypes.best_match(("application/json", "text/html"), "application/json")
    return Response(render_template("memory_debug.html", report=report)) if best == "text/html" else report
