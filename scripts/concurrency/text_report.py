"""The report in the terminal."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from scripts.concurrency.figures import PERCENTILES, answered
from scripts.concurrency.objectives import Outcome
from scripts.concurrency.probe import Answers
from scripts.concurrency.result import Result
from scripts.concurrency.server_memory import ServerMemory, total
from scripts.concurrency.timeline import Timeline
from scripts.concurrency.units import count, duration, megabytes, rate

_NAMES = 26


def findings(result: Result) -> str:
    """Return the table, the figures and the errors, without the verdict."""
    lines = [table(result.measures), "", *_rates(result), *notes(result), *_objectives(result)]
    return "\n".join([*lines, errors_text(result.errors)])


def notes(result: Result) -> list[str]:
    """Return sentences about the server, the model and the check itself."""
    own = result.evidence.own
    lines = [_alone(result), _straight(result), _probes(result), _workers(result.timelines)]
    lines += memory_lines(result.memory, result.left_over)
    lines.append(f"This check: {own.cpu:.0%} of a core, events read at most {duration(own.lag_max_s)} late")
    return [line for line in lines if line]


def table(rows: dict[str, dict[str, float]]) -> str:
    """Return the table of percentiles."""
    lines = [" " * (_NAMES + 2) + "".join(f"{name:>9}" for name in PERCENTILES)]
    for name, row in rows.items():
        cells = "".join(f"{duration(row.get(part)):>9}" for part in PERCENTILES)
        lines.append(f"  {name:<{_NAMES}}{cells}")
    return "\n".join(lines)


def errors_text(causes: Sequence[dict[str, Any]]) -> str:
    """Return the errors by cause."""
    if not causes:
        return "Errors: none"
    lines = [f"Errors: {sum(cause['count'] for cause in causes)}"]
    for cause in causes:
        status = f" (HTTP {cause['status']})" if cause["status"] else ""
        lines.append(f"  {cause['count']} × {cause['code']}{status}: {_one_line(cause['message'])}")
    return "\n".join(lines)


def _one_line(text: str) -> str:
    """Return a server's text on one line, without control characters for a terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)[:300]


def _rates(result: Result) -> Iterable[str]:
    figures = result.rates
    unit = "tokens" if any(line.tokens for line in result.timelines) else "pieces of text"
    yield (
        f"{count(figures.answers, 'answer')} in {figures.seconds:.1f}s: {rate(figures.answers_per_s)} answers/s, "
        f"{rate(figures.tokens_per_s)} {unit}/s"
    )
    yield (
        f"Peak concurrency: {figures.peak:,} being answered at once; "
        f"first token grows {duration(max(0.0, figures.first_token_slope_s))} per user"
    )
    if figures.late_s > 0.05:
        yield f"The check itself began up to {duration(figures.late_s)} late; waits count from the intended start"


def _alone(result: Result) -> str:
    alone = result.evidence.alone
    if alone is None:
        return ""
    model = "" if alone.model_first_s is None else f" (the model's first byte after {duration(alone.model_first_s)})"
    return (
        f"One user alone: first token after {duration(alone.first_token_s)}{model}, all after {duration(alone.total_s)}"
    )


def _straight(result: Result) -> str:
    if not result.straight:
        return ""
    rows = answered(result.straight)
    if not rows:
        return "Straight at the model: no answer"
    figures = result.straight_figures
    totals = sorted((line.done or 0.0) - (line.sent or 0.0) for line in rows)
    first = sorted((line.first_token or 0.0) - (line.sent or 0.0) for line in rows)
    grown = (
        "" if figures is None else f"; the slowest {duration(max(0.0, figures.total_growth_s))} longer than one alone"
    )
    failed = len(result.straight) - len(rows)
    return (
        f"Straight at the model: first token after {duration(first[len(first) // 2])}, "
        f"all after {duration(totals[len(totals) // 2])} (p50){grown}" + (f"; {failed} failed" if failed else "")
    )


def _probes(result: Result) -> str:
    parts = []
    for path, answers in result.evidence.probe.items():
        if not answers.counts:
            continue
        figures, before = answers.figures(), result.evidence.probe_before.get(path, Answers()).figures()
        quiet = f" ({duration(before['p50'])} before)" if before else ""
        name = "the page" if path == "/" else path
        parts.append(f"{name} {duration(figures['p50'])}, p95 {duration(figures['p95'])}{quiet}")
    return f"Beside the load: {'; '.join(parts)}" if parts else ""


def _workers(timelines: Sequence[Timeline]) -> str:
    """Return the turns of each worker, which explain much of a bad result."""
    counts = Counter(str(line.about["worker"]) for line in timelines if "worker" in line.about)
    if not counts:
        return ""
    shares = ", ".join(str(number) for _, number in counts.most_common())
    return f"Turns by worker: {shares} (of {count(len(counts), 'worker')})"


def memory_lines(memory: ServerMemory, left_over: int) -> list[str]:
    """Return the server's memory, and what the check left there."""
    lines = []
    if memory.before and not memory.refusal:
        after = megabytes(total(memory.after, "rss_bytes")) if memory.after else "-"
        lines.append(
            f"Server memory: {megabytes(total(memory.before, 'rss_bytes'))} before, "
            f"{megabytes(memory.peak_bytes)} at peak, {after} after"
        )
        if memory.after:
            held = total(memory.after, "conversations_in_memory") - total(memory.before, "conversations_in_memory")
            running = total(memory.after, "active_turns")
            lines.append(
                f"Left over: {count(max(0, held), 'conversation')} more in memory, {count(running, 'running turn')}"
            )
    elif memory.refusal:
        lines.append(f"Server memory: {memory.refusal}")
    if left_over:
        lines.append(f"Not cleaned up: {count(left_over, 'conversation')} of this check stayed on the server")
    return lines


def objective_text(outcome: Outcome) -> str:
    """Return an objective, whether it was met, and the value."""
    value = "no value" if outcome.value_ms is None else f"{outcome.value_ms:.0f} ms"
    return f"Objective {outcome.objective}: {'met' if outcome.met else 'MISSED'} ({value})"


def _objectives(result: Result) -> Iterable[str]:
    yield from map(objective_text, result.outcomes)
    if result.objectives:
        figures = result.rates
        per_s = result.good / figures.seconds if figures.seconds else 0.0
        requests = len(result.timelines)
        yield (
            f"Goodput: {rate(per_s)} answers/s keep every objective ({result.good} of {requests} requests, "
            f"{result.good / max(1, requests):.0%})"
        )
