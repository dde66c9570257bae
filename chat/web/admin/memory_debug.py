"""Report for operators: turns, conversations and memory of every worker."""

from __future__ import annotations

from flask import Blueprint, Response, render_template

from chat.runtime.block_watch.watch import Block
from chat.turns.worker_report import ConversationUse, Report, ServerReport, Totals
from chat.web.admin.access import OPERATOR_REFUSALS, REFUSAL_PAGES, check_access, prefers_page
from chat.web.auth.principal import principal
from chat.web.openapi.operation import Answer, operation
from chat.web.services import services
from config.version import VERSION

bp = Blueprint("admin", __name__, url_prefix="/admin")

bp.before_request(check_access)

_AT = "2026-03-02T09:30:00.000Z"
EXAMPLE = ServerReport(
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
                ConversationUse(id=7, messages=2, tokens=1_024, bytes=9_216, idle_s=3.5, running=True, subscribers=1)
            ],
        )
    ],
)


@bp.get("/memory-debug")
@operation(
    Answer(content=ServerReport, example=EXAMPLE),
    Answer(content={"type": "string"}, media_type="text/html"),
    *REFUSAL_PAGES,
    refusals=OPERATOR_REFUSALS,
)
def memory_debug() -> ServerReport | Response:
    """Return the report of all workers, as JSON, or as a page to a browser that requests one."""
    return report_or_page()


def report_or_page() -> ServerReport | Response:
    """Return the report, or a page that fetches it repeatedly."""
    if prefers_page():
        signed_in = principal().via == "session"
        return Response(render_template("memory_debug.html", version=VERSION, signed_in=signed_in))
    return services().report.all_workers()
