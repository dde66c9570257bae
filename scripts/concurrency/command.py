"""The command: its output and its exit status."""

from __future__ import annotations

import dataclasses
import os
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from scripts.concurrency import comparison, html_report, options, results_file, sweep, text_report
from scripts.concurrency.api import Api
from scripts.concurrency.comparison import Difference
from scripts.concurrency.errors import CannotRun
from scripts.concurrency.options import Options
from scripts.concurrency.result import COULD_NOT_RUN, Result
from scripts.concurrency.results_file import OldRun
from scripts.concurrency.run import Runner
from scripts.concurrency.target import model_endpoint, target
from scripts.concurrency.units import count
from scripts.kit.resource_limits import raise_open_files

_SPARE_FILES = 64


def main(arguments: list[str]) -> int:
    """Run the check; returns its exit status."""
    sys.stdout = sys.stdout or Path(os.devnull).open("w")  # noqa: SIM115 - was closed by `>&-`, and stays open now
    sys.stderr = sys.stderr or Path(os.devnull).open("w")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    chosen = options.parse(arguments)
    out = sys.stderr if chosen.json_file == "-" else sys.stdout
    try:
        return _check(chosen, out)
    except CannotRun as error:
        print(error, file=sys.stderr)
        return COULD_NOT_RUN
    except KeyboardInterrupt:  # before anything was measured
        print("Interrupted before anything was measured.", file=sys.stderr)
        return COULD_NOT_RUN
    except OSError as error:  # of the output: a full disk, or `| head`, which has read enough
        if not isinstance(error, BrokenPipeError):
            print(f"The output cannot be written ({error.strerror or error}).", file=sys.stderr)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # for what Python writes when it ends
        return COULD_NOT_RUN


def _check(chosen: Options, out: TextIO) -> int:
    results_file.check_writable(chosen.json_file, "--json")
    results_file.check_writable(chosen.html_file, "--html")
    if chosen.scene:
        from scripts.concurrency import scene  # noqa: PLC0415 - it needs what a server needs

        return scene.play(chosen, out)
    return Check(chosen, out).run()


class Check:
    """One run of the command on a running server."""

    def __init__(self, chosen: Options, out: TextIO) -> None:
        self._options, self._out = chosen, out
        self._old_files = [results_file.read(name) for name in chosen.compare]
        self._steps: list[sweep.Step] = []

    def run(self) -> int:
        """Measure, print and write everything."""
        chosen = self._options
        most = max(chosen.sweep.steps) if chosen.sweep else chosen.plan.users
        if chosen.compare:
            comparison.old_runs(self._old_files, most)
        _allow_files(most)
        api = target(chosen)
        about = self._describe(api)
        model = model_endpoint(chosen, chosen.model or ("" if about["model"] == "the default one" else about["model"]))
        runner = Runner(
            api, model, about, timeout_s=chosen.timeout_s, objectives=chosen.objectives, out=self._out,
            quiet=chosen.quiet,
        )  # fmt: skip
        result = self._sweep(runner) if chosen.sweep else runner.run(chosen.plan)
        return self._conclude(result)

    def _describe(self, api: Api) -> dict[str, Any]:
        server = api.describe()
        plan = self._options.plan
        mode = server.get("mode") or ("" if api.name != "Parley" else "unknown")
        self._say(f"{api.name} at {api.address.url}: {f'{mode} mode, ' if mode else ''}model {api.model}")
        many = "user asks" if plan.users == 1 else "users ask"
        question = f'"{plan.prompts[0]}"' if len(plan.prompts) == 1 else count(len(plan.prompts), "question")
        if not self._options.sweep:
            self._say(f"{plan.users} {many} {question}, {plan.describe()}")
        return {
            "server": api.address.url, "api": api.name, "mode": server.get("mode"), "version": server.get("version"),
            "model": api.model, "text": plan.prompts[0], "ramp_s": plan.ramp_s,
        }  # fmt: skip

    def _sweep(self, runner: Runner) -> Result:
        assert self._options.sweep
        for users in sweep.numbers(self._options.sweep):
            _allow_files(users)
            plan = dataclasses.replace(self._options.plan, users=users)
            result = runner.run(plan, name=count(users, "user"))
            if result.interrupted:
                return result
            self._steps.append(sweep.step(result))
            if sweep.past_knee(self._steps):
                break
        return self._steps[-1].result

    def _conclude(self, result: Result) -> int:
        old = self._old_runs(result)
        differences = comparison.compare(old, result) if old and not result.interrupted else []
        self._say("")
        if self._steps:
            self._say(f"{sweep.table(self._steps)}\n{sweep.sentence(self._steps)}\n")
        self._say(text_report.findings(result))
        if self._options.quiet:
            missed = map(text_report.objective_text, result.missed)
            print(text_report.errors_text(result.errors), *missed, sep="\n", file=self._out)
        if differences:
            self._say(f"\n{comparison.text(differences, old, result)}")
        self._say("")
        status = self._print_verdict(result)
        if self._options.json_file:
            content = results_file.as_json(result) | {"compared": comparison.as_json(differences)}
            if self._steps:
                content = self._sweep_json()
            results_file.write(self._options.json_file, content, sys.stdout.write)
        if self._options.html_file:
            page = html_report.page(result, self._steps, _for_page(differences, old, result) if old else None)
            html_report.write(self._options.html_file, page)
        return status

    def _old_runs(self, result: Result) -> list[OldRun]:
        return comparison.old_runs(self._old_files, result.plan.users) if self._old_files else []

    def _sweep_json(self) -> dict[str, Any]:
        return {
            "format": results_file.FORMAT,
            "knee_users": sweep.knee(self._steps).users if sweep.past_knee(self._steps) else None,
            "runs": [results_file.as_json(step.result) for step in self._steps],
        }

    def _print_verdict(self, result: Result) -> int:
        out, verdict = self._out, result.verdict
        if verdict is None:
            done = sum(line.done is not None for line in result.timelines)
            planned = count(result.plan.users, "user")
            print(f"Interrupted with {count(done, 'whole answer')} of {planned}: no verdict.", file=out)
            return result.status
        if verdict.reason:
            print(verdict.reason, file=out)
        if verdict.concurrent is None:
            why = "there is nothing to judge" if not result.rates.answers else "the check cannot judge the server"
            print(f"No verdict: {why}.", file=out)
        else:
            if result.plan.users == 1:
                print("One user alone shows only that nothing else blocks the server: try 10.", file=out)
            print(verdict, file=out)
        if verdict.cause:
            print(verdict.cause.sentence, file=out)
        out.flush()
        return result.status

    def _say(self, text: str) -> None:
        """Print a text, unless --quiet was given."""
        if not self._options.quiet:
            print(text, file=self._out, flush=True)


def _for_page(differences: Sequence[Difference], old: Sequence[OldRun], result: Result) -> html_report.Comparison:
    return html_report.Comparison(
        head=("", "earlier", "now", "change", "noise", ""),
        rows=[difference.cells for difference in differences],
        before=comparison.heading(old),
        after=comparison.other_conditions(old, result),
    )


def _allow_files(users: int) -> None:
    """Raise the limit on open files, which also limits connections. Raises CannotRun."""
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
