"""The check's output: the progress, the table, the errors by cause, and the same as JSON."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from scripts.concurrency.crowd import Progress
from scripts.concurrency.timeline import Timeline
from scripts.concurrency.verdict import Verdict
from scripts.kit.percentiles import percentiles

_PERCENTILES = {"p50": 50, "p95": 95, "p99": 99, "max": 100}


def measures(timelines: Sequence[Timeline]) -> dict[str, dict[str, float]]:
    """Return the rows of the table, in seconds, without failed turns."""
    answered = [each for each in timelines if each.done is not None]

    def present(values: Iterable[float | None]) -> list[float]:
        return [value for value in values if value is not None]

    return {
        "time to first token": percentiles(present(each.first_token_s for each in answered), _PERCENTILES),
        "gap between tokens": percentiles((gap for each in answered for gap in each.gaps), _PERCENTILES),
        "response time": percentiles(present(each.response_s for each in answered), _PERCENTILES),
        "wait": percentiles(present(each.wait_s for each in answered), _PERCENTILES),
    }


def table(rows: dict[str, dict[str, float]]) -> str:
    lines = [" " * 22 + "".join(f"{name:>10}" for name in _PERCENTILES)]
    for name, row in rows.items():
        cells = "".join(f"{_duration(row.get(part)):>10}" for part in _PERCENTILES)
        lines.append(f"  {name:<20}{cells}")
    return "\n".join(lines)


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def errors(timelines: Sequence[Timeline]) -> list[dict[str, Any]]:
    """Return each cause and its count, the most frequent first."""
    failures = [each.failure for each in timelines if each.failure]
    counts = Counter((failure.code, failure.status) for failure in failures)
    messages = {(failure.code, failure.status): failure.message for failure in reversed(failures)}
    return [
        {"code": code, "status": status, "count": count, "message": messages[code, status]}
        for (code, status), count in counts.most_common()
    ]


def errors_text(causes: Sequence[dict[str, Any]]) -> str:
    if not causes:
        return "Errors: none"
    lines = [f"Errors: {sum(cause['count'] for cause in causes)}"]
    for cause in causes:
        status = f" (HTTP {cause['status']})" if cause["status"] else ""
        lines.append(f"  {cause['count']} × {cause['code']}{status}: {cause['message']}")
    return "\n".join(lines)


def workers_text(timelines: Sequence[Timeline]) -> str:
    """Return the turns of each worker, which explain much of a bad result."""
    counts = Counter(str(each.about["worker"]) for each in timelines if "worker" in each.about)
    if not counts:
        return ""
    shares = ", ".join(str(count) for _, count in counts.most_common())
    return f"Turns by worker: {shares} (of {len(counts)} worker{'s' * (len(counts) > 1)})"


def as_json(
    about: dict[str, Any], timelines: Sequence[Timeline], setup_s: float, verdict: Verdict | None
) -> dict[str, Any]:
    """Return all that is printed, and each user's times, in seconds."""
    return about | {
        "setup_s": setup_s,
        "completed": sum(each.done is not None for each in timelines),
        "verdict": None if verdict is None else "concurrent" if verdict.concurrent else "sequential",
        "reason": verdict.reason if verdict else "",
        "total_s": verdict.total_s if verdict else None,
        "max_response_s": verdict.max_response_s if verdict else None,
        "seconds": {name.replace(" ", "_"): row for name, row in measures(timelines).items()},
        "errors": errors(timelines),
        "users": [_user_as_json(each) for each in timelines],
    }


def _user_as_json(line: Timeline) -> dict[str, Any]:
    return {
        **{name: line.about.get(name) for name in ("conversation_id", "turn_id", "worker")},
        "wait_s": line.wait_s,
        "first_token_s": line.first_token_s,
        "response_s": line.response_s,
        "error": line.failure.code if line.failure else None,
    }


class ProgressLine:
    """One line that renews itself on a terminal; elsewhere a line every few seconds, and at each stage's end."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        self._out = out
        self._terminal = out.isatty()
        self._next_s = {False: 1.0, True: 1.0}
        self._width = 0

    def show(self, progress: Progress, users: int) -> None:
        text = _progress_text(progress, users)
        at_end = progress.ready == users if not progress.started else progress.done + progress.failed == users
        if self._terminal:
            self._out.write("\r" + text.ljust(self._width) + ("\n" if at_end else ""))
            self._out.flush()
            self._width = 0 if at_end else len(text)
        elif at_end or progress.at_s >= self._next_s[progress.started]:
            self._next_s[progress.started] = progress.at_s + 5
            print(text, file=self._out, flush=True)

    def close(self) -> None:
        """Leave the line that was being renewed."""
        if self._width:
            print(file=self._out)


def _progress_text(progress: Progress, users: int) -> str:
    if not progress.started:
        return f"  {progress.at_s:5.1f}s  {progress.ready} of {users} users ready"
    return (
        f"  {progress.at_s:5.1f}s  {progress.waiting} waiting, {progress.answering} being answered, "
        f"{progress.done} done" + (f", {progress.failed} failed" if progress.failed else "")
    )
