"""The options of the command. A wrong one ends with one sentence and exit status 2."""

from __future__ import annotations

import argparse
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from scripts.concurrency import objectives
from scripts.concurrency.objectives import Objective
from scripts.concurrency.plan import Plan

MOST_USERS = 10_000  # of one process and one address: there are no more ports than 28,000, and Python has one core
_LONGEST_PROMPT = 100_000
_LONGEST_FILE = 10_000_000
_DEFAULT_PROMPT = "Show me China market data"
_EPILOG = """\
example: python scripts/test_concurrent_users.py 10
Exit status: 0 concurrent; 1 sequential, errors or a missed objective; 2 could not run, or interrupted.
docs/concurrency-check.md explains the figures and the reports."""


@dataclass(frozen=True, kw_only=True)
class Sweep:
    """Numbers of users to try one after another. `continues`: double the last one until the knee or `most`."""

    steps: tuple[int, ...]
    continues: bool
    most: int


@dataclass(frozen=True, kw_only=True)
class Options:
    """Checked options. Times in seconds, "" or 0 for what was not given."""

    plan: Plan
    scene: bool
    users_given: bool
    url: str
    api: str
    model: str
    model_url: str
    timeout_s: float
    objectives: tuple[Objective, ...]
    sweep: Sweep | None
    token: str
    login: str
    json_file: str
    html_file: str
    compare: tuple[str, ...]
    quiet: bool


def parse(arguments: list[str]) -> Options:
    """Return the options. Ends the program with status 2 if they are wrong."""
    parser = _parser()
    args = parser.parse_args(arguments)
    _check_combinations(parser, args)
    plan = Plan(
        users=args.users or 1,
        prompts=args.prompts or (args.text,),
        ramp_s=args.ramp,
        rate=args.rate,
        seed=args.seed,
        duration_s=args.duration,
        turns=args.turns,
        think_s=args.think,
    )
    return Options(
        plan=plan,
        scene=args.scene,
        users_given=args.users is not None,
        url=args.url,
        api=args.api,
        model=args.model or "",
        model_url=args.model_url,
        timeout_s=args.timeout,
        objectives=tuple(args.slo),
        sweep=_sweep(parser, args),
        token=args.token or "",
        login=args.login or "",
        json_file=args.json,
        html_file=args.html,
        compare=tuple(args.compare),
        quiet=args.quiet,
    )


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Print one sentence."""
        sentence = message.removeprefix("argument ")
        sentence = re.sub(r"^unrecognized arguments: (.*)$", r"there is no place for \1", sentence)
        sentence = re.sub(r"^(--[a-z-]+): expected one argument$", r"\1 needs a value", sentence)
        print(f"{self.prog}: {sentence.rstrip('.')} (--help lists the options).", file=sys.stderr)
        sys.exit(2)


def _parser() -> _Parser:
    parser = _Parser(
        prog="test_concurrent_users.py",
        description="Let N users ask at once, and report whether the server answers them side by side.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("users", metavar="N", nargs="?", type=_users, help=f"how many users, from 1 to {MOST_USERS}")
    load = parser.add_argument_group("the load").add_argument
    load("--rate", type=_rate, default=0.0, metavar="R", help="start R users a second, as a Poisson process")
    load("--seed", type=_integer(0, 2**32), default=1, metavar="N", help="of the random starts (1)")
    load("--ramp", type=_seconds(0), default=0.0, metavar="S", help="spread the starts evenly over so many seconds")
    load("--duration", type=_seconds(1), default=0.0, metavar="S", help="ask for this many seconds")
    load("--turns", type=_integer(1, 1000), default=1, metavar="K", help="turns of each user's conversation (1)")
    load("--think", type=_seconds(0), default=0.0, metavar="S", help="pause of a user between turns (0)")
    load("--prompts", type=_prompts, default=(), metavar="FILE", help="questions, one a line, asked in turn")
    load("--text", type=_text, default=_DEFAULT_PROMPT, help="the only question (default: %(default)r)")
    load("--sweep", default="", metavar="1,2,4,…", help="try these numbers of users until the knee; … doubles on")
    server = parser.add_argument_group("the server").add_argument
    server("--url", default="", help="its address (default: where HOST and PORT say)")
    server("--api", choices=("parley", "openai"), default="parley", help="openai: any OpenAI-compatible endpoint")
    server("--model", type=_name, metavar="NAME", help="the model to ask (default: the server's)")
    server("--model-url", default="", metavar="URL", help="put the same load straight on this model endpoint, too")
    server("--token", type=_name, help="sent as bearer: ADMIN_TOKEN, or an endpoint's API key")
    server("--login", type=_name, metavar="NAME", help="HTTP sign-in at a proxy; asks for the password")
    server("--timeout", type=_seconds(0.01), default=600.0, metavar="S", help="for one answer, in seconds (600)")
    server("--scene", action="store_true", help="start this server and a slow fake model; show sync, then async")
    report = parser.add_argument_group("the report").add_argument
    report("--slo", type=objectives.parse, action="append", default=[], metavar="ttft:p95:1500",
           help="an objective in ms; may be repeated; a miss is exit status 1")  # fmt: skip
    report("--json", default="", metavar="FILE", help="write every request's raw times; - is standard output")
    report("--html", default="", metavar="FILE", help="write a report for the browser, in one file")
    report("--compare", action="append", default=[], metavar="OLD.json",
           help="differences from an earlier --json file beyond noise; repeat it for repeated runs")  # fmt: skip
    report("--quiet", action="store_true", help="print errors, missed objectives and the verdict only")
    return parser


def _check_combinations(parser: _Parser, args: argparse.Namespace) -> None:
    rules = (
        (args.users is None and not (args.sweep or args.scene), "N is missing: the number of users, such as 10"),
        (args.rate and args.ramp, "--rate and --ramp exclude each other: both say when users start"),
        (args.duration and args.turns > 1, "--duration and --turns exclude each other: both say how often users ask"),
        (args.token and args.login, "--token and --login exclude each other: both set the Authorization header"),
        (args.scene and (args.url or args.model_url or args.sweep or args.compare or args.api != "parley"),
         "--scene starts its own server and model: leave out --url, --model-url, --api, --sweep and --compare"),
        (args.scene and (args.rate or args.ramp or args.duration or args.turns > 1),
         "--scene plays one turn of users who start together: leave out --rate, --ramp, --duration and --turns"),
        (args.api == "openai" and args.model_url, "--model-url needs a server in front: with --api openai use --url"),
        (args.api == "openai" and not args.url, "--api openai needs --url, such as --url http://127.0.0.1:8000/v1"),
        (args.think and args.turns == 1 and not args.duration, "--think needs --turns or --duration"),
        (args.rate and args.duration and args.rate * args.duration > 1_000_000,
         "--rate times --duration is more than a million requests: lower one of them"),
    )  # fmt: skip
    for wrong, sentence in rules:
        if wrong:
            parser.error(sentence)


def _sweep(parser: _Parser, args: argparse.Namespace) -> Sweep | None:
    if not args.sweep:
        return None
    parts = [part.strip() for part in args.sweep.replace("...", "…").split(",")]
    continues = parts[-1] == "…"
    parts = parts[:-1] if continues else parts
    numbers = [int(part) for part in parts if re.fullmatch("[0-9]{1,9}", part)]
    if not parts or len(numbers) < len(parts) or not all(1 <= number <= MOST_USERS for number in numbers):
        parser.error(f"--sweep: {args.sweep!r} is not a list of numbers of users, such as 1,2,4,8 or 1,2,4,…")
    if numbers != sorted(numbers):
        parser.error(f"--sweep: {args.sweep!r} does not grow; write it as 1,2,4,8")
    most = args.users or MOST_USERS
    if numbers[-1] > most:
        parser.error(f"--sweep: {numbers[-1]} users are more than N, which is {most}")
    return Sweep(steps=tuple(numbers), continues=continues, most=most)


def _users(text: str) -> int:
    if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= MOST_USERS:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of users from 1 to {MOST_USERS}, such as 10")
    return int(text)


class _integer:  # noqa: N801 - used as a function, named in messages by its type
    def __init__(self, least: int, most: int) -> None:
        self._least, self._most = least, most

    def __call__(self, text: str) -> int:
        if not re.fullmatch("[0-9]{1,12}", text) or not self._least <= int(text) <= self._most:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from {self._least} to {self._most}")
        return int(text)


class _seconds:  # noqa: N801 - as above
    def __init__(self, least: float) -> None:
        self._least = least

    def __call__(self, text: str) -> float:
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text):
            raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds, such as 2.5")
        if float(text) < self._least:
            raise argparse.ArgumentTypeError(f"{text} s is too short: at least {self._least:g}")
        return float(text)


def _rate(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,5}(\.[0-9]{1,6})?", text) or not 0.001 <= float(text) <= 10_000:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of starts a second from 0.001 to 10000, such as 5")
    return float(text)


def _text(text: str) -> str:
    if not text.strip() or len(text) > _LONGEST_PROMPT:
        raise argparse.ArgumentTypeError(f"a question has from 1 to {_LONGEST_PROMPT} characters")
    return text


def _name(text: str) -> str:
    if not text.strip() or not text.isprintable() or not text.isascii():
        raise argparse.ArgumentTypeError("the value must be one line of printable ASCII characters")
    return text.strip()


def _prompts(name: str) -> tuple[str, ...]:
    try:
        with Path(name).open(encoding="utf-8-sig") as file:
            text = file.read(_LONGEST_FILE + 1)
    except UnicodeDecodeError:
        raise argparse.ArgumentTypeError(f"{name} is not UTF-8 text") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise argparse.ArgumentTypeError(f"{name} cannot be read ({why})") from None
    if "\0" in text:
        raise argparse.ArgumentTypeError(f"{name} is not UTF-8 text")
    if len(text) > _LONGEST_FILE:
        raise argparse.ArgumentTypeError(f"{name} has more than {_LONGEST_FILE} characters")
    prompts = tuple(line.strip() for line in text.splitlines() if line.strip())
    if not prompts:
        raise argparse.ArgumentTypeError(f"{name} has no question; it takes one a line")
    if any(len(prompt) > _LONGEST_PROMPT for prompt in prompts):
        raise argparse.ArgumentTypeError(f"{name} has a question of more than {_LONGEST_PROMPT} characters")
    return prompts
