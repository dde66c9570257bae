"""One run: one user alone, the load, the same load straight at the model, and the verdict."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from scripts.concurrency import causes
from scripts.concurrency.api import Api
from scripts.concurrency.evidence import Alone, Evidence, alone, straight_to_model
from scripts.concurrency.figures import errors
from scripts.concurrency.load import Load
from scripts.concurrency.objectives import Objective
from scripts.concurrency.plan import Plan
from scripts.concurrency.probe import Answers
from scripts.concurrency.progress import ProgressLine
from scripts.concurrency.result import Result
from scripts.concurrency.server_memory import MemoryWatch
from scripts.concurrency.timeline import Timeline
from scripts.concurrency.verdict import Verdict, judge


@dataclasses.dataclass
class Baseline:
    """One user alone at the server, measured once for all runs."""

    timelines: list[Timeline] = dataclasses.field(default_factory=list)
    probe: Mapping[str, Answers] = dataclasses.field(default_factory=dict)

    @property
    def alone(self) -> Alone | None:
        """The answer of the user, if there was one."""
        return alone(self.timelines)


class Runner:
    """Makes runs on one server. KeyboardInterrupt ends a run; its result then has `interrupted`, and no verdict."""

    def __init__(
        self,
        api: Api,
        model: Api | None,
        about: dict[str, Any],
        *,
        timeout_s: float,
        objectives: Sequence[Objective] = (),
        out: TextIO,
        quiet: bool = False,
    ) -> None:
        self.baseline = Baseline()
        self._api, self._model, self._about = api, model, about
        self._timeout_s, self._objectives = timeout_s, objectives
        self._out, self._quiet = out, quiet

    def run(self, plan: Plan, *, with_baseline: bool = True, name: str = "") -> Result:
        """Make a run. The baseline is measured before the first one that has more than one user."""
        result = Result(dict(self._about), plan, [], objectives=self._objectives)
        if with_baseline and plan.users > 1 and not self.baseline.timelines:
            self._measure_baseline(result)
        result.baseline = self.baseline.timelines
        if not result.interrupted:
            self._measure(result, plan, name)
        if self._model and not result.interrupted:
            self._measure_model(result, self._model, plan)
        if not result.interrupted:
            result.verdict = _with_cause(judge(result.timelines, result.evidence), result)
        return result

    def _measure_baseline(self, result: Result) -> None:
        plan = dataclasses.replace(_one_turn(result.plan), users=1)
        load = Load(self._api, plan, self._timeout_s)
        self.baseline = Baseline(load.timelines)
        self._play(load, result, "one user alone")
        self.baseline.probe = load.probes

    def _measure(self, result: Result, plan: Plan, name: str) -> None:
        watch = MemoryWatch(self._api)
        if self._api.name == "Parley":
            watch.before()
        else:
            watch.memory.refusal = "not read from this kind of server"
        load = Load(self._api, plan, self._timeout_s, watch)
        result.timelines, result.memory = load.timelines, watch.memory
        self._play(load, result, name)
        result.began_at, result.left_over = load.began_at, load.left_over
        if not result.interrupted:
            watch.after()
        result.evidence = Evidence(
            setup_s=load.setup_s,
            mode=self._api.mode,
            is_parley=self._api.name == "Parley",
            open_arrivals=plan.rate > 0 and plan.duration_s > 0,
            alone=self.baseline.alone,
            probe_before=self.baseline.probe,
            probe=load.probes,
            own=load.own,
            loop_lag_ms=watch.memory.loop_lag_ms,
            blocked=tuple(str(block["where"]) for block in watch.memory.blocked),
        )

    def _measure_model(self, result: Result, model: Api, plan: Plan) -> None:
        alone_load = Load(model, dataclasses.replace(_one_turn(plan), users=1), self._timeout_s)
        self._play(alone_load, result, "one user straight at the model")
        if result.interrupted:
            return
        load = Load(model, plan, self._timeout_s)
        result.straight = load.timelines
        self._play(load, result, "straight at the model")
        straight = straight_to_model(alone(alone_load.timelines), load.timelines)
        result.evidence = dataclasses.replace(result.evidence, straight=straight)

    def _play(self, load: Load, result: Result, name: str) -> None:
        """Run a load and clean up after it, also after an interruption. A second Ctrl-C ends the cleaning."""
        progress = ProgressLine(self._out, name, self._quiet)
        try:
            load.run(progress.show)
        except KeyboardInterrupt:
            result.interrupted = True
        progress.close()
        try:
            load.clean_up(progress.show)
        except KeyboardInterrupt:
            result.interrupted = True
        progress.close()


def _with_cause(verdict: Verdict, result: Result) -> Verdict:
    """Return the verdict with the cause of a failed run that was concurrent all the same."""
    if verdict.cause is not None:
        return verdict
    missed = [outcome for outcome in result.outcomes if not outcome.met]
    cause = causes.of_the_baseline(errors(result.baseline)) or causes.of_a_missed_objective(
        missed, result.evidence.alone
    )
    return dataclasses.replace(verdict, cause=cause)


def _one_turn(plan: Plan) -> Plan:
    return Plan(users=plan.users, prompts=plan.prompts[:1])
