"""The command: its arguments, what it prints in which order, how it ends."""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from scripts.concurrency import report
from scripts.concurrency.crowd import Crowd
from scripts.concurrency.server import CannotRun, Server, default_url
from scripts.concurrency.timeline import Timeline
from scripts.concurrency.user import User
from scripts.concurrency.verdict import judge
from scripts.kit.resource_limits import raise_open_files

CONCURRENT, NOT_CONCURRENT, COULD_NOT_RUN, INTERRUPTED = 0, 1, 2, 130
MOST_USERS = 10_000  # of one process and one address: there are no more ports than 28,000, and Python has one core
_SPARE_FILES = 64


@dataclass
class Run:
    """The outcome of a check."""

    timelines: list[Timeline]
    setup_s: float = 0.0
    interrupted: bool = False


def main(arguments: list[str]) -> int:
    """Run the check; returns its exit status."""
    options = _parser().parse_args(arguments)
    out = sys.stderr if options.json == "-" else sys.stdout
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    try:
        return _check(options, out)
    except CannotRun as error:
        print(error, file=sys.stderr)
        return COULD_NOT_RUN
    except KeyboardInterrupt:  # before there was a user to interrupt
        return INTERRUPTED
    except BrokenPipeError:  # `| head` has seen enough; Python must not try to write the rest when it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
        return NOT_CONCURRENT


def _check(options: argparse.Namespace, out: TextIO) -> int:
    _allow_files(options.users)
    _try_json(options.json)
    server = Server(options.url or default_url())
    about = _announce(server, options, out)
    users = [User(server, options.text, options.model, options.timeout) for _ in range(options.users)]
    crowd = Crowd(users, options.ramp, options.timeout)
    progress = report.ProgressLine(out)
    run = Run([user.timeline for user in users])
    try:
        run.setup_s = crowd.prepare(lambda now: progress.show(now, len(users)))
        crowd.ask(lambda now: progress.show(now, len(users)))
    except KeyboardInterrupt:
        run.interrupted = True
    progress.close()
    return _conclude(run, about, options, out)


def _announce(server: Server, options: argparse.Namespace, out: TextIO) -> dict[str, Any]:
    me = server.about()
    offered = _model_names(me)
    if options.model and offered and options.model not in offered:
        raise CannotRun(f"The server has no model {options.model!r}; it offers {', '.join(offered)}.")
    model = options.model or (offered[0] if offered else "the default one")
    at_once = f"over {options.ramp:g}s" if options.ramp else "all at once"
    many = "user asks" if options.users == 1 else "users ask"
    print(f"Parley at {server.url}: {me.get('mode', 'unknown')} mode, model {model}", file=out)
    print(f'{options.users} {many} "{options.text}", {at_once}', file=out, flush=True)
    return {"server": server.url, "mode": me.get("mode"), "model": model, "text": options.text, "ramp_s": options.ramp}


def _model_names(me: dict[str, Any]) -> list[str]:
    models = me.get("models")
    if not isinstance(models, list):
        return []
    return [str(model.get("id") or model.get("name")) if isinstance(model, dict) else str(model) for model in models]


def _conclude(run: Run, about: dict[str, Any], options: argparse.Namespace, out: TextIO) -> int:
    verdict = None if run.interrupted else judge(run.timelines, run.setup_s)
    causes = report.errors(run.timelines)
    _print_findings(run.timelines, causes, out)
    if options.json:
        _write_json(options.json, report.as_json(about, run.timelines, run.setup_s, verdict))
    if run.interrupted:
        done = sum(each.done is not None for each in run.timelines)
        print(f"Interrupted when {done} of {len(run.timelines)} users had their answer: no verdict.", file=out)
        return INTERRUPTED
    if verdict is None:
        print("Nobody got a whole answer, so there is nothing to judge.", file=out)
        return NOT_CONCURRENT
    if verdict.reason:
        print(verdict.reason, file=out)
    if len(run.timelines) == 1:
        print("One user alone shows only that nothing else blocks the server: try 10.", file=out)
    print(verdict, file=out)
    return CONCURRENT if verdict.concurrent and not causes else NOT_CONCURRENT


def _print_findings(timelines: list[Timeline], causes: list[dict[str, Any]], out: TextIO) -> None:
    print(file=out)
    print(report.table(report.measures(timelines)), file=out)
    print(file=out)
    if spread := report.workers_text(timelines):
        print(spread, file=out)
    print(report.errors_text(causes), file=out)
    print(file=out)


def _try_json(place: str | None) -> None:
    """Better to hear now than after minutes that there is nowhere to write."""
    if not place or place == "-":
        return
    try:
        Path(place).open("a").close()
    except OSError as error:
        raise CannotRun(f"{place} cannot be written to ({error.strerror}); give --json another file.") from None


def _write_json(place: str, found: dict[str, Any]) -> None:
    text = json.dumps(found, ensure_ascii=False, indent=1) + "\n"
    if place == "-":
        sys.stdout.write(text)
        sys.stdout.flush()
    else:
        Path(place).write_text(text, encoding="utf-8")


def _allow_files(users: int) -> None:
    """Raise the limit on open files, which also limits connections."""
    needed = users + _SPARE_FILES
    try:
        limit = raise_open_files(needed)
    except (ValueError, OSError):
        limit = 0.0
    if limit < needed:
        most = max(resource.getrlimit(resource.RLIMIT_NOFILE))
        raise CannotRun(
            f"{users} users need {needed} open files, but this system allows {most}: "
            f"ask for {max(most - _SPARE_FILES, 0)} users at most, or have the hard limit raised (ulimit -Hn)."
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="test_concurrent_users.py",
        description="Play N users who all ask at once, and say whether the server answers them side by side.",
        epilog="example: python scripts/test_concurrent_users.py 10      "
        "Exit status: 0 concurrent, 1 sequential or errors, 2 could not run, 130 interrupted.",
    )
    parser.add_argument("users", metavar="N", type=_users, help=f"how many users, from 1 to {MOST_USERS}")
    parser.add_argument("--url", help="the server's address (default: where HOST and PORT say)")
    parser.add_argument("--text", default="Show me China market data", help="what they ask (default: %(default)r)")
    parser.add_argument("--model", default="", help="the model they ask (default: the server's)")
    parser.add_argument("--timeout", type=_positive, default=600.0, metavar="S", help="for a user, in seconds (600)")
    parser.add_argument("--ramp", type=_seconds, default=0.0, metavar="S", help="spread the start over so many seconds")
    parser.add_argument("--json", metavar="FILE", help="write everything there as JSON; - is standard output")
    return parser


def _users(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= MOST_USERS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of users from 1 to {MOST_USERS}, such as 10")
    return int(text)


def _seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds, such as 2.5")
    return float(text)


def _positive(text: str) -> float:
    if not (seconds := _seconds(text)):
        raise argparse.ArgumentTypeError("no time at all is too little")
    return seconds
