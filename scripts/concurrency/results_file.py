"""The JSON file of results: written by --json, read by --compare.

A file has one result, or `runs` with several: those of a sweep, in which the same number of users may come repeatedly.
All times are in seconds; those of a request count from the start of the load.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import math
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from scripts.concurrency.errors import CannotRun, Failure
from scripts.concurrency.result import Result
from scripts.concurrency.timeline import Timeline

FORMAT = 1
_LONGEST = 1 << 28  # characters of a file to compare with
_TIMES = ("planned", "sent", "turn", "worked", "first_token", "done", "ended")


@dataclasses.dataclass(frozen=True)
class OldRun:
    """A run of an earlier file. `conditions` are the parts of the plan and the server that matter to its figures."""

    conditions: dict[str, Any]
    timelines: list[Timeline]


def as_json(result: Result) -> dict[str, Any]:
    """Return a result, with every request's raw times."""
    verdict, figures, plan = result.verdict, result.rates, result.plan
    return result.about | {
        "format": FORMAT,
        "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "conditions": conditions(result),
        "arrival": plan.describe(),
        "setup_s": _rounded(result.evidence.setup_s),
        "completed": figures.answers,
        "interrupted": result.interrupted,
        "verdict": verdict.word if verdict else None,
        "reason": verdict.reason if verdict else "",
        "cause": dataclasses.asdict(verdict.cause) if verdict and verdict.cause else None,
        "exit_status": result.status,
        "total_s": verdict.total_s if verdict else None,
        "max_response_s": verdict.max_response_s if verdict else None,
        "seconds": {name.replace(" ", "_"): row for name, row in result.measures.items()},
        "rates": _numbers(dataclasses.asdict(figures))
        | {"answers_per_s": _rounded(figures.answers_per_s), "tokens_per_s": _rounded(figures.tokens_per_s)},
        "alone": _numbers(dataclasses.asdict(result.evidence.alone)) if result.evidence.alone else None,
        "straight_to_model": _numbers(dataclasses.asdict(result.straight_figures)) if result.straight_figures else None,
        "probes": {
            path: _numbers(answers.figures()) | {"requests": len(answers.seconds), "good": answers.good}
            for path, answers in result.evidence.probe.items()
        },
        "server_memory": result.memory.as_json(),
        "not_cleaned_up": result.left_over,
        "check": _numbers(dataclasses.asdict(result.evidence.own)),
        "objectives": [
            {"objective": str(outcome.objective), "value_ms": outcome.value_ms, "met": outcome.met}
            for outcome in result.outcomes
        ],
        "good_answers": result.good if result.objectives else None,
        "errors": result.errors,
        "requests": [_request(line, result.began_at) for line in result.timelines],
        "requests_to_model": [_request(line, _begin(result.straight)) for line in result.straight],
    }


def conditions(result: Result) -> dict[str, Any]:
    """Return what must be the same in runs whose figures are compared."""
    plan = result.plan
    names = ("users", "rate", "ramp_s", "duration_s", "turns", "think_s")
    return {name: getattr(plan, name) for name in names} | {
        "prompts": list(plan.prompts[:20]),
        "mode": result.about.get("mode"),
        "model": result.about.get("model"),
    }


def read(name: str) -> list[OldRun]:
    """Return the runs of a file. Raises CannotRun if it is not one of ours, or of a later version."""
    try:
        with Path(name).open(encoding="utf-8") as file:
            text = file.read(_LONGEST)
    except OSError as error:
        raise CannotRun(f"{name} cannot be read ({error.strerror}); give --compare a file that --json wrote.") from None
    except ValueError:
        text = ""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        content = None
    written = content.get("format") if isinstance(content, dict) else None
    if type(written) is int and written > FORMAT:
        raise CannotRun(
            f"{name} has format {written} of a later version, but this one reads format {FORMAT}; compare with a file "
            "that this version wrote."
        )
    runs = content.get("runs", [content]) if isinstance(content, dict) else []
    try:
        read_runs = [OldRun(dict(run["conditions"]), [_timeline(each) for each in run["requests"]]) for run in runs]
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        read_runs = []
    if not read_runs:
        raise CannotRun(f"{name} is not a file of results; give --compare a file that --json wrote.")
    return read_runs


def write(name: str, content: dict[str, Any], print_text: Callable[[str], object]) -> None:
    """Write a file, or hand its text to `print_text` if the name is `-`. Raises CannotRun."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n"
    if name == "-":
        print_text(text)
        return
    try:
        Path(name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CannotRun(f"{name} cannot be written ({error.strerror}); the results are above.") from None


def check_writable(name: str, option: str) -> None:
    """Refuse a file that cannot be written, before minutes are spent. Raises CannotRun."""
    if not name or name == "-":
        return
    existed = Path(name).exists()
    try:
        Path(name).open("a").close()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise CannotRun(f"{name} cannot be written to ({why}); give {option} another file.") from None
    if not existed:
        Path(name).unlink()


def _request(line: Timeline, began_at: float) -> dict[str, Any]:
    times = {f"{name}_s": _since(getattr(line, name), began_at) for name in _TIMES}
    return {
        "user": line.user,
        "turn": line.round,
        **{name: line.about.get(name) for name in ("conversation_id", "turn_id", "worker") if name in line.about},
        **times,
        "token_s": [_rounded(at - began_at) for at in line.token_times],
        "tokens": line.tokens,
        "wait_s": _rounded(line.wait_s),
        "first_token_after_s": _rounded(line.first_token_s),
        "response_s": line.response_s,
        "timings": line.timings,
        "error": line.failure.code if line.failure else None,
        "status": line.failure.status if line.failure else None,
        "message": line.failure.message if line.failure else None,
    }


def _timeline(request: dict[str, Any]) -> Timeline:
    times = {name: request[f"{name}_s"] for name in _TIMES}
    tokens = array("d", request["token_s"])
    failure = None
    if request["error"]:
        failure = Failure(str(request["error"]), str(request.get("message") or ""), int(request.get("status") or 0))
    numbers = [*times.values(), *tokens, request.get("tokens"), *dict(request.get("timings") or {}).values()]
    if not all(number is None or math.isfinite(number) for number in numbers):
        raise ValueError("a figure is not a finite number")
    return Timeline(
        user=int(request["user"]),
        round=int(request["turn"]),
        token_times=tokens,
        last_token=tokens[-1] if tokens else None,
        tokens=request.get("tokens"),
        timings=dict(request.get("timings") or {}),
        about={"worker": request["worker"]} if "worker" in request else {},
        failure=failure,
        **times,
    )


def _begin(timelines: Sequence[Timeline]) -> float:
    return min((line.start for line in timelines if line.start is not None), default=0.0)


def _since(at: float | None, began_at: float) -> float | None:
    return None if at is None else _rounded(at - began_at)


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 5)


def _numbers(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _rounded(value) if isinstance(value, float) else value for name, value in values.items()}
