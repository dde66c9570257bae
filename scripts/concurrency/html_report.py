"""The HTML report: one file without external resources, complete for a run. Every text is escaped."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from scripts.concurrency import html_charts, sweep, text_report
from scripts.concurrency.errors import CannotRun
from scripts.concurrency.figures import PERCENTILES
from scripts.concurrency.result import Result
from scripts.concurrency.units import count, duration, rate

_STYLE = Path(__file__).with_name("html_report.css")
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_METHOD = (
    "Times to the first token, waits and totals count from the intended start, also if the check itself was late. The "
    "response time runs from the turn's acceptance to its end. Percentiles are nearest ranks: each is a value that "
    "occurred, so that the p99 of fewer than a hundred values is their maximum. Failed requests have no times."
)


@dataclass(frozen=True)
class Comparison:
    """A table of this run beside others, with a sentence before and after it."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    before: str = ""
    after: str = ""


def page(result: Result, steps: Sequence[sweep.Step] = (), comparison: Comparison | None = None) -> str:
    """Return the page."""
    sections = [
        _verdict(result),
        _cards(result),
        _objectives(result),
        _section("Times", _table(result)),
        _section("Requests", _bars(result)),
        _section("Over time", _lines(result)),
        _section("Sweep", _sweep(steps) if steps else ""),
        _section("Comparison", _comparison(comparison) if comparison else ""),
        _section("Errors", _errors(result)),
        _section("Server and check", _notes(result)),
        _section("Conditions", _conditions(result)),
        f'<p class="quiet"><small>{escape(_METHOD)}</small></p>',
    ]
    head = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Concurrency check: {escape(_word(result))}</title>\n"
        f"<style>\n{_STYLE.read_text(encoding='utf-8')}</style>\n</head>\n<body>\n<main>\n"
    )
    return head + "\n".join(filter(None, sections)) + "\n</main>\n</body>\n</html>\n"


def write(name: str, text: str) -> None:
    """Write the page. Raises CannotRun."""
    try:
        Path(name).write_text(text, encoding="utf-8")
    except OSError as error:
        raise CannotRun(f"{name} cannot be written ({error.strerror}); the results are above.") from None


def _word(result: Result) -> str:
    return (result.verdict.word if result.verdict else None) or ("interrupted" if result.interrupted else "no verdict")


def _verdict(result: Result) -> str:
    verdict = result.verdict
    if verdict is None or verdict.concurrent is None:
        title, numbers = ("Interrupted: no verdict" if result.interrupted else "No verdict"), ""
    else:
        title, _, numbers = str(verdict).partition("\n")
    lines = [f"<h1>{escape(title)}</h1>"]
    if numbers:
        lines.append(f'<p class="quiet">{escape(numbers.strip())}</p>')
    if verdict:
        lines += [f"<p>{escape(text)}</p>" for text in (verdict.reason,) if text]
        lines += [f"<p><strong>{escape(cause.sentence)}</strong></p>" for cause in (verdict.cause,) if cause]
    kind = (verdict.word if verdict else None) or "none"
    return f'<div class="verdict {kind}">{"".join(lines)}</div>'


def _cards(result: Result) -> str:
    figures, rows = result.rates, result.measures
    cards = [
        ("Users", f"{result.plan.users:,}"),
        ("Whole answers", f"{figures.answers:,} of {len(result.timelines):,}"),
        ("Answers a second", rate(figures.answers_per_s)),
        ("Tokens a second", rate(figures.tokens_per_s)),
        ("Answered at once", f"{figures.peak:,}"),
        ("First token, p95", duration(rows["time to first token"].get("p95"))),
        ("Response, p95", duration(rows["response time"].get("p95"))),
        ("Wait, p95", duration(rows["wait"].get("p95"))),
    ]
    inner = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in cards)
    return f'<dl class="cards">{inner}</dl>'


def _objectives(result: Result) -> str:
    if not result.objectives:
        return ""
    items = [
        f'<p class="{"met" if outcome.met else "missed"}">Objective {escape(str(outcome.objective))}: '
        f"{'met' if outcome.met else 'missed'} "
        f"({'no value' if outcome.value_ms is None else f'{outcome.value_ms:.0f} ms'})</p>"
        for outcome in result.outcomes
    ]
    requests = len(result.timelines)
    items.append(f"<p>Goodput: {result.good:,} of {count(requests, 'request')} keep every objective.</p>")
    return _section("Objectives", "".join(items))


def _table(result: Result) -> str:
    rows = ((name, *(duration(row.get(part)) for part in PERCENTILES)) for name, row in result.measures.items())
    return _html_table(("", *PERCENTILES), rows)


def _sweep(steps: Sequence[sweep.Step]) -> str:
    return _html_table(sweep.HEAD, sweep.rows(steps)) + f"<p>{escape(sweep.sentence(steps))}</p>"


def _comparison(comparison: Comparison) -> str:
    table = _html_table(comparison.head, comparison.rows)
    return f'<p class="quiet">{escape(comparison.before)}</p>{table}<p>{escape(comparison.after)}</p>'


def _bars(result: Result) -> str:
    rows, group = html_charts.bars(result.timelines, result.began_at)
    if not rows:
        return ""
    each = "A bar a request" if group == 1 else f"A bar for {group} requests that started together, with their medians"
    keys = (("wait", "wait"), ("first", "to the first token"), ("stream", "streaming"), ("failed", "failed"))
    legend = "".join(f'<span class="key {kind}">{name}</span>' for kind, name in keys)
    return f'<p class="quiet">{each}.</p><p>{legend}</p>{html_charts.bars_html(rows)}'


def _lines(result: Result) -> str:
    lines = [line for line in result.timelines if line.start is not None]
    if not lines:
        return ""
    open_requests = html_charts.concurrency(lines, result.began_at, since_turn=False)
    answering = html_charts.concurrency(lines, result.began_at, since_turn=True)
    return html_charts.lines_html(
        [("Requests open", "wait", open_requests), ("being answered", "stream", answering)]
    ) + html_charts.lines_html([("Pieces of text a second", "stream", html_charts.tokens(lines, result.began_at))])


def _errors(result: Result) -> str:
    if not result.errors:
        return "<p>None.</p>"
    rows = "".join(
        f"<tr><td>{escape(cause['code'])}</td><td>{cause['count']:,}</td><td>{cause['status'] or '-'}</td>"
        f'<td class="text">{escape(cause["message"])}</td></tr>'
        for cause in result.errors
    )
    head = "<tr><th>Cause</th><th>Number</th><th>HTTP</th><th class='text'>Message</th></tr>"
    return f'<div class="wide"><table><thead>{head}</thead><tbody>{rows}</tbody></table></div>'


def _notes(result: Result) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in text_report.notes(result))


def _conditions(result: Result) -> str:
    plan, about = result.plan, result.about
    date = datetime.datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")
    questions = f'"{plan.prompts[0]}"' if len(plan.prompts) == 1 else f"{len(plan.prompts)} questions in turn"
    rows = [
        ("Server", f"{about.get('api')} at {about.get('server')}"),
        ("Mode", about.get("mode") or "unknown"),
        ("Model", about.get("model")),
        ("Load", f"{count(plan.users, 'user')}, {plan.describe()}"),
        ("Question", questions),
        ("Made", date),
    ]
    cells = "".join(f'<tr><td>{name}</td><td class="text">{escape(str(value))}</td></tr>' for name, value in rows)
    return f"<table><tbody>{cells}</tbody></table>"


def _html_table(head: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    names = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f'<div class="wide"><table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table></div>'


def _section(title: str, content: str) -> str:
    return f"<section><h2>{title}</h2>{content}</section>" if content else ""
