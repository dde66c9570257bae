"""The likely cause behind a verdict and its remedy, as one sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scripts.concurrency import signs
from scripts.concurrency.event_loop import BUSY_CPU, OwnLoad
from scripts.concurrency.evidence import Alone, Evidence
from scripts.concurrency.objectives import Outcome
from scripts.concurrency.signs import Sign
from scripts.concurrency.units import count

_ASYNC = "set USE_ASYNC_AGENT=true"
_ERROR_REMEDIES = {
    "overloaded": "the server refuses more turns: raise MAX_ACTIVE_TURNS, or add workers or servers",
    "rate_limited": "a limit on requests was reached: ask more slowly with --rate, or raise the limit",
    "too_many_turns": "a limit on running turns was reached: raise it",
    "model_timeout": "the model was silent for too long: look at the model, or raise MODEL_TIMEOUT_S",
    "model_rate_limited": "the model's endpoint limits requests: raise its limit",
    "model_rejected": "the model's endpoint refuses the requests: check OPENAI_API_KEY and CHAT_MODEL",
    "model_unreachable": "the model's endpoint cannot be reached: correct OPENAI_BASE_URL, or start it",
    "model_unavailable": "the model's endpoint fails: look at its own log",
    "model_interrupted": "the model's answers were cut: look at the endpoint and at proxies before it",
    "empty_answer": "the model ended its answers without text: ask it directly with --model-url",
    "stream_cut": "connections were closed within an answer: look for killed workers and time limits of proxies",
    "stream_ended": "streams ended without their last event: look at the time limits and buffers of proxies",
    "turn_interrupted": "a worker ended before its turns: look for restarts and killed workers in the log",
    "timeout": "answers took longer than --timeout: raise it, or look at the model",
    "connection_refused": "nothing accepted connections: look whether the server still runs",
    "connection_lost": "connections were closed without a response: look for killed workers and a full backlog",
    "not_the_contract": "something else answers at this address: correct --url and --api",
    "not_http": "something else answers at this address: correct --url",
    "finish_length": "the model's limit on tokens is too low: raise it",
}
_STATUS_REMEDIES = {
    401: "the server asks for a sign-in: give --token or --login",
    403: "the server refuses this caller: give --token or --login",
    404: "the address or the model does not exist: correct --url, --api and --model",
    429: "a limit on requests was reached: ask more slowly with --rate, or raise the limit",
    503: "the server is overloaded: add workers or servers, or raise its limits",
}


@dataclass(frozen=True)
class Cause:
    """A code for programs, and a sentence for people."""

    code: str
    sentence: str


def of_the_server(sign: Sign, evidence: Evidence) -> Cause:
    """Return the cause of a sign that the server is to blame for."""
    if sign.kind == signs.HELD_UP and evidence.mode == "sync":
        return _thread_queue(sign)
    one_each = sign.per_worker <= 1 and evidence.mode == "async"
    if (
        evidence.lagged
        or (evidence.slow_probe and (sign.kind != signs.HELD_UP or one_each))
        or (sign.kind == signs.HELD_UP and one_each)
    ):
        return _blocked_loop(sign, evidence)
    if sign.kind == signs.HELD_UP:
        return _queue(sign, evidence)
    if sign.kind == signs.ALL_WAITED:
        return Cause("late_start", f"BLOCKING: the turns were accepted late; {_look_elsewhere(evidence)}.")
    return Cause("queue_inside", _queue_inside(sign, evidence))


def of_the_model(sign: Sign, evidence: Evidence) -> Cause:
    """Return the cause of a sign that the model explains."""
    if evidence.straight is not None:
        straight = evidence.straight
        proof = (
            f"the same load straight at the model takes {straight.total_growth_s:.1f} s longer than one user alone, too"
            f" ({count(straight.working, 'answer')} at a time)"
        )
    else:
        proof = f"{_growth(sign)}, as the model's own first byte does"
    return Cause("model", f"MODEL: {proof}; the server is not the cause: raise the model's limits or capacity.")


def of_probably_the_model(evidence: Evidence) -> Cause:
    """Return the cause of slow answers from a server whose loop was never blocked."""
    health_s = evidence.probe["/healthz"].figures()["p95"]
    return Cause(
        "model_probably",
        f"MODEL: the server answered /healthz within {_ms(health_s)} throughout, so the model is probably slow under "
        "this load; prove it with --model-url.",
    )


def of_a_buffer(evidence: Evidence) -> Cause:
    """Return the cause for streams that something between the server and this check collects."""
    held_s = evidence.alone.held_back_s if evidence.alone else 0.0
    return Cause(
        "buffered",
        f"BUFFERED: a proxy holds answers back, {_ms(held_s)} for one user alone, so nobody sees them being written; "
        "the server is not the cause: turn buffering off for text/event-stream, in nginx by proxy_buffering off.",
    )


def of_the_check(own: OwnLoad) -> Cause:
    """Return the cause for a check that was too busy itself, or whose machine was."""
    if own.cpu >= BUSY_CPU:
        why, remedy = f"this check used {own.cpu:.0%} of a core", "ask with fewer users, or from a faster machine"
    else:
        why, remedy = "this check had to wait for the CPU", "run it on another machine than the server and other work"
    return Cause(
        "check",
        f"CHECK TOO BUSY: {why} and read events up to {_ms(own.lag_max_s)} late, so its times are too long; {remedy}.",
    )


def of_too_few_users(late_s: float) -> Cause:
    """Return the cause for starts that waited for a free user of this check."""
    return Cause(
        "too_few_users",
        f"TOO FEW USERS: starts came up to {_ms(late_s)} late because every user was still being answered; give a "
        "larger N or a lower --rate.",
    )


def of_errors(failed: Sequence[dict[str, Any]], requests: int) -> Cause | None:
    """Return the cause of the most frequent error."""
    if not failed:
        return None
    number = sum(each["count"] for each in failed)
    return Cause("errors", f"ERRORS: {number} of {requests} requests failed, most of them by {_error(failed[0])}.")


def of_the_baseline(failed: Sequence[dict[str, Any]]) -> Cause | None:
    """Return the cause if only the user who asked alone before the load got no answer."""
    return Cause("errors", f"ERRORS: the user who asked alone failed by {_error(failed[0])}.") if failed else None


def of_a_missed_objective(missed: Sequence[Outcome], alone: Alone | None) -> Cause | None:
    """Return the cause of the first objective that was missed."""
    if not missed:
        return None
    objective, value_ms = missed[0].objective, missed[0].value_ms
    alone_s = {"ttft": alone.first_token_s, "response": alone.total_s}.get(objective.metric) if alone else None
    if alone_s is not None and alone_s * 1000 > objective.limit_ms:
        remedy = "one user alone misses it, too: use a quicker model, or a higher objective"
    else:
        remedy = "add workers or servers, or lower the load"
    took = "has no value" if value_ms is None else f"is {value_ms:.0f} ms"
    name = f"{objective.metric}:{objective.statistic}"
    return Cause("objective", f"OBJECTIVE MISSED: {name} {took}, above {objective.limit_ms:g} ms; {remedy}.")


def _error(error: dict[str, Any]) -> str:
    """Return an error by its name, with the remedy."""
    code, status = error["code"], error["status"]
    remedy = _ERROR_REMEDIES.get(code) or _STATUS_REMEDIES.get(status) or "look at the server's log"
    return f"{code}{f' (HTTP {status})' if status else ''}; {remedy}"


def _thread_queue(sign: Sign) -> Cause:
    threads = count(sign.at_once, "thread")
    if sign.workers > 1:
        threads = f"{sign.workers} × {count(sign.per_worker, 'thread')}"
    return Cause("thread_queue", f"BLOCKING: {_growth(sign)}; gthread with {threads}; {_ASYNC}.")


def _queue(sign: Sign, evidence: Evidence) -> Cause:
    remedy = "raise its limit on threads, processes or connections"
    if evidence.is_parley and not evidence.mode:
        remedy = f"{remedy}, or {_ASYNC}"
    elif evidence.is_parley:
        remedy = f"look for a limit of {sign.at_once} on threads, connections or locks, also in a proxy"
    return Cause("queue", f"BLOCKING: {_growth(sign)}; the server answers {sign.at_once} at a time; {remedy}.")


def _blocked_loop(sign: Sign, evidence: Evidence) -> Cause:
    proofs = [_growth(sign)] if sign.growth_s >= 0.001 else []
    if path := evidence.slow_probe:
        before = evidence.probe_before[path].figures().get("p50") if path in evidence.probe_before else None
        usual = f" instead of {_ms(before)}" if before is not None else ""
        proofs.append(f"{path} took {_ms(evidence.probe[path].figures()['p95'])}{usual}")
    if evidence.loop_lag_ms > 0 and evidence.lagged:
        proofs.append(f"the server reports a loop lag of {evidence.loop_lag_ms:.0f} ms")
    if evidence.blocked:
        remedy = f"{evidence.blocked[0]} holds the event loop: move that work to a native thread"
    else:
        where = "in `blocked` of /admin/memory-debug" if evidence.is_parley else "with a profiler"
        remedy = (
            "CPU work or a blocking call that is not patched holds the event loop: "
            f"find it {where} and move it to a native thread"
        )
    return Cause("blocked_loop", f"BLOCKED LOOP: {', '.join(proofs)}; {remedy}.")


def _queue_inside(sign: Sign, evidence: Evidence) -> str:
    if not evidence.is_parley:
        return f"BLOCKING: {_growth(sign)}; it accepts all, but works on {sign.at_once} at a time; raise that limit."
    where = "in the server" if evidence.straight is not None else "in the server or at the model"
    remedy = "look for a lock or a pool that turns share"
    if evidence.straight is None:
        remedy += ", and run again with --model-url to see the model's share"
    return f"BLOCKING: {_growth(sign)}; {sign.at_once} of the accepted turns advance at a time {where}; {remedy}."


def _look_elsewhere(evidence: Evidence) -> str:
    if evidence.mode == "sync":
        return f"its threads were busy with other users; {_ASYNC}"
    return "other users or a blocked event loop kept the server busy; look at /admin/memory-debug"


def _growth(sign: Sign) -> str:
    grows = f"{sign.growth_s:.1f} s" if sign.growth_s >= 0.1 else f"{sign.growth_s * 1000:.0f} ms"
    return f"first token grows {grows} per user"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
