"""`GET /metrics`: the figures of this server's workers for Prometheus.

The counters are sums over all workers since the server's start, those that have ended included. Of several servers,
each one answers for its own workers.
"""

from __future__ import annotations

import collections
from collections.abc import Callable, Iterator

from flask import Blueprint, Response

from chat.metrics.exposition import CONTENT_TYPE, Gauge, render
from chat.turns.worker_report import Report
from chat.web.admin.access import OPERATOR_REFUSALS
from chat.web.auth.principal import require_operator
from chat.web.openapi.operation import Answer, operation
from chat.web.services import WebServices, services
from config.server import capacity
from config.version import VERSION

bp = Blueprint("metrics", __name__)

_Figure = Callable[[Report], float]

_SUMS: tuple[tuple[str, str, _Figure], ...] = (
    ("parley_active_turns", "Turns that run.", lambda report: report.active_turns),
    ("parley_open_streams", "Streams that follow a turn.", lambda report: report.open_streams),
    (
        "parley_conversations_in_memory",
        "Conversations in memory for the model.",
        lambda each: each.conversations_in_memory,
    ),
    ("parley_conversation_memory_bytes", "Memory of these conversations.", lambda report: report.memory_bytes),
)
_BY_WORKER: tuple[tuple[str, str, _Figure], ...] = (
    ("parley_worker_rss_bytes", "Resident memory of a worker.", lambda report: report.rss_bytes),
    ("parley_worker_pss_bytes", "A worker's share of the memory of all.", lambda report: report.pss_bytes),
    ("parley_worker_open_fds", "Open file descriptors of a worker.", lambda report: report.fds),
    ("parley_worker_threads", "Native threads of a worker.", lambda report: report.threads),
    ("parley_worker_greenlets", "Greenlets of a worker.", lambda report: report.greenlets),
    (
        "parley_worker_loop_lag_seconds",
        "The largest delay of a worker's timer in the last five seconds.",
        lambda report: report.loop_lag_ms / 1000,
    ),
    ("parley_worker_stale", "1 if a worker has not reported for five seconds.", lambda report: report.stale),
)


@bp.before_request
def _check_access() -> None:
    require_operator()


@bp.get("/metrics")
@operation(
    Answer(content={"type": "string"}, media_type="text/plain", example="parley_active_turns 3"),
    refusals=OPERATOR_REFUSALS,
)
def metrics() -> Response:
    """Return the figures of all workers of this server, in the text format of Prometheus."""
    current = services()
    own = current.metrics
    text = render(own.families(), own.totals(), gauges(current))
    return Response(text, content_type=CONTENT_TYPE)


def gauges(current: WebServices) -> Iterator[Gauge]:
    """Yield the figures of this moment."""
    report = current.report.this_server()
    workers = report.workers
    yield Gauge("parley_info", "1, with the version and the mode.", ("version", "mode"), {(VERSION, report.mode): 1})
    modes = dict[tuple[str, ...], float](collections.Counter((each.mode,) for each in workers))
    yield Gauge("parley_workers", "Workers that report.", ("mode",), modes)
    limit = current.settings.active_turns_limit * len(workers)
    yield Gauge("parley_active_turns_limit", "Turns that all workers may run at once.", (), {(): limit})
    yield Gauge("parley_turns_waiting", "Turns that wait for a thread.", (), {(): capacity.waiting()})
    for name, help_text, figure in _SUMS:
        yield Gauge(name, help_text, (), {(): float(sum(map(figure, workers)))})
    for name, help_text, figure in _BY_WORKER:
        yield Gauge(name, help_text, ("pid",), {(str(each.pid),): float(figure(each)) for each in workers})
