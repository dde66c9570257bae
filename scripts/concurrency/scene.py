"""The guide's scene, without a running server: five users before, a hundred after.

This server is started with the fake model, whose answers take the guide's 20 s: first in sync mode with one worker of
four threads, then in async mode. Both loads are measured like any other, and shown as in the guide: a table of before
and after, and a timeline of bars.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from scripts.concurrency import html_report, results_file, text_report
from scripts.concurrency.address import Address
from scripts.concurrency.bars import timeline_bars
from scripts.concurrency.errors import CannotRun
from scripts.concurrency.figures import answered
from scripts.concurrency.options import Options
from scripts.concurrency.parley_api import ParleyApi
from scripts.concurrency.result import COULD_NOT_RUN, Result
from scripts.concurrency.run import Runner
from scripts.concurrency.units import count, duration, rate
from scripts.fake_llm import FakeLLM
from scripts.kit.program import NotStarted
from scripts.kit.resource_limits import raise_open_files
from scripts.kit.server_runner import ServerRunner, parley_settings

BEFORE, AFTER = "sync, 1 worker × 4 threads", "async, 4 workers"
_THREADS = 4
_BEFORE_USERS, _AFTER_USERS = 8, 100
_FIRST_SHARE = 0.1  # of the answer, until the first token
_TOKENS = 90
_LONGEST_PLACE = 50
ANSWER_S = 20.0


@dataclasses.dataclass(frozen=True)
class Part:
    """One half of the scene."""

    name: str
    users: int
    settings: dict[str, object]


def play(chosen: Options, out: TextIO, answer_s: float = ANSWER_S) -> int:
    """Play both halves. Return the exit status: that of the async half."""
    raise_open_files()
    users = chosen.plan.users if chosen.users_given else _AFTER_USERS
    parts = (
        Part(
            BEFORE, min(users, _BEFORE_USERS), {"USE_ASYNC_AGENT": "false", "WEB_CONCURRENCY": 1, "THREADS": _THREADS}
        ),
        Part(AFTER, users, {"USE_ASYNC_AGENT": "true", "WEB_CONCURRENCY": 4}),
    )
    folder = _folder()
    results: list[Result] = []
    try:
        with _terminated_as_interrupted(), _model(answer_s) as model:
            for part in parts:
                results.append(_half(part, chosen, model, folder / str(len(results)), out))
                if results[-1].interrupted:
                    break
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if len(results) < len(parts) or results[-1].interrupted:
        print("Interrupted: the scene was not played to its end.", file=out)
        return COULD_NOT_RUN
    return _conclude(chosen, results, out)


def _half(part: Part, chosen: Options, model: FakeLLM, folder: Path, out: TextIO) -> Result:
    _say(chosen, f"\n{part.name}: {count(part.users, 'user')} ask at once", out)
    server = ServerRunner(folder)
    server.own_session = True  # Ctrl-C in the terminal must reach this program only, which then ends the server
    endpoint = {"OPENAI_BASE_URL": model.base_url, "OPENAI_API_KEY": "scene", "CHAT_MODEL": "fake", "GRACE_S": 1}
    server.settings = _unset() | parley_settings(folder, server.port) | endpoint | part.settings
    try:
        with server:
            api = ParleyApi(Address(server.url), "", "", chosen.timeout_s)
            about = {"server": server.url, "api": api.name, "mode": api.describe().get("mode"), "model": api.model}
            runner = Runner(
                api, None, about, timeout_s=chosen.timeout_s, objectives=chosen.objectives, out=out, quiet=chosen.quiet
            )
            plan = dataclasses.replace(chosen.plan, users=part.users)
            # The model's time is known here, so there is no need for one user alone.
            result = runner.run(plan, with_baseline=False)
    except NotStarted as error:
        raise CannotRun(f"The scene's server did not start: {_reason(error)}") from None
    except subprocess.TimeoutExpired:
        raise CannotRun("The scene's server did not end in time and was killed.") from None
    return result


def _folder() -> Path:
    """Make a temporary folder whose path leaves room for the names of Unix sockets."""
    place = tempfile.gettempdir()
    if len(place) > _LONGEST_PLACE and os.access("/tmp", os.W_OK):
        place = "/tmp"
    return Path(tempfile.mkdtemp(prefix="parley-", dir=place))


def _reason(error: NotStarted) -> str:
    """Return the line in which the server names the reason, or the last one. Its console's file is deleted."""
    lines = str(error).splitlines()
    return next((line.removeprefix("parley: ") for line in reversed(lines) if line.startswith("parley: ")), lines[-1])


def _unset() -> dict[str, object]:
    """Return an empty value for each setting, so that `.env` does not count."""
    from config.settings import Settings  # noqa: PLC0415 - it needs python-dotenv

    names = [str(field.metadata["name"]) for field in dataclasses.fields(Settings)]
    return dict.fromkeys([*names, "REDIS_URL"], "")


def _model(answer_s: float) -> FakeLLM:
    first_s = _FIRST_SHARE * answer_s
    return FakeLLM(first=first_s, tokens=_TOKENS, gap=(answer_s - first_s) / _TOKENS)


def _conclude(chosen: Options, results: list[Result], out: TextIO) -> int:
    before, after = results
    for part, result in zip((BEFORE, AFTER), results, strict=True):
        _say(chosen, f"\n{part}\n{timeline_bars(result.timelines, result.began_at)}", out)
    _say(chosen, f"\n{comparison_table(before, after)}\n", out)
    if chosen.json_file:
        content = {"format": results_file.FORMAT, "runs": [results_file.as_json(result) for result in results]}
        results_file.write(chosen.json_file, content, lambda text: print(text, end=""))
    if chosen.html_file:
        head, *rows = before_and_after(before, after)
        html_report.write(chosen.html_file, html_report.page(after, (), html_report.Comparison(head, rows)))
    for part, result in zip((BEFORE, AFTER), results, strict=True):
        if result.errors:
            print(f"{part}: {text_report.errors_text(result.errors)}", file=out)
        print(f"{part}:\n{_verdict(result)}", file=out)
    return after.status


def before_and_after(before: Result, after: Result) -> list[tuple[str, str, str]]:
    """Return the rows of the guide's table of before and after, with the measured figures. The first is its head."""
    return [
        ("", BEFORE, AFTER),
        ("Users who asked", *(f"{result.plan.users}" for result in (before, after))),
        ("Concurrent users", *(f"{result.rates.peak}" for result in (before, after))),
        ("Throughput", *(f"{rate(result.rates.answers_per_s)} requests/second" for result in (before, after))),
        ("User experience", *(_experience(result) for result in (before, after))),
        ("First token, p50 and max", *(_spread(result, "time to first token") for result in (before, after))),
        ("Response time, p50 and max", *(_spread(result, "response time") for result in (before, after))),
        ("Errors", *(str(result.rates.failed) for result in (before, after))),
    ]


def comparison_table(before: Result, after: Result) -> str:
    """Return the guide's table for the terminal."""
    rows = before_and_after(before, after)
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _experience(result: Result) -> str:
    waits = [line.wait_s or 0.0 for line in answered(result.timelines)]
    longest = max(waits, default=0.0)
    usual = result.measures["response time"].get("p50", 0.0)
    if longest < 0.25 * usual:
        return f"all begin at once (longest wait {duration(longest)})"
    number = next((place + 1 for place, wait in enumerate(sorted(waits)) if wait > 0.25 * usual), len(waits))
    return f"user {number}+ waits, {duration(longest)} at most"


def _spread(result: Result, name: str) -> str:
    row = result.measures[name]
    return f"{duration(row.get('p50'))}, {duration(row.get('max'))}"


def _verdict(result: Result) -> str:
    verdict = result.verdict
    if verdict is None or verdict.concurrent is None:
        return "No verdict."
    return f"{verdict}\n{verdict.cause.sentence}" if verdict.cause else str(verdict)


def _say(chosen: Options, text: str, out: TextIO) -> None:
    if not chosen.quiet:
        print(text, file=out, flush=True)


@contextlib.contextmanager
def _terminated_as_interrupted() -> Iterator[None]:
    """Handle TERM and HUP like Ctrl-C, so that no server is left behind."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(number, interrupt) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
