"""The result of one run: a load, its baseline, the load straight at the model, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from scripts.concurrency.evidence import Evidence, StraightToModel
from scripts.concurrency.figures import Rates, errors, measures, rates
from scripts.concurrency.objectives import Objective, Outcome, good_answers, outcomes
from scripts.concurrency.plan import Plan
from scripts.concurrency.server_memory import ServerMemory
from scripts.concurrency.timeline import Timeline
from scripts.concurrency.verdict import Verdict

CONCURRENT, NOT_CONCURRENT, COULD_NOT_RUN = 0, 1, 2


@dataclass
class Result:
    """Everything about a run. `verdict` is None if it was interrupted."""

    about: dict[str, Any]
    plan: Plan
    timelines: list[Timeline]
    began_at: float = 0.0
    baseline: list[Timeline] = field(default_factory=list)
    straight: list[Timeline] = field(default_factory=list)
    objectives: Sequence[Objective] = ()
    evidence: Evidence = field(default_factory=Evidence)
    memory: ServerMemory = field(default_factory=lambda: ServerMemory(refusal="not read"))
    left_over: int = 0
    interrupted: bool = False
    verdict: Verdict | None = None

    @property
    def rates(self) -> Rates:
        """Figures of the whole load."""
        return rates(self.timelines)

    @property
    def measures(self) -> dict[str, dict[str, float]]:
        """Rows of the table."""
        return measures(self.timelines)

    @property
    def errors(self) -> list[dict[str, Any]]:
        """Causes of failures, those of the baseline included."""
        return errors([*self.baseline, *self.timelines])

    @property
    def outcomes(self) -> list[Outcome]:
        """Outcomes of the objectives."""
        return outcomes(self.objectives, self.timelines)

    @property
    def missed(self) -> list[Outcome]:
        """Outcomes of the objectives that were missed."""
        return [outcome for outcome in self.outcomes if not outcome.met]

    @property
    def good(self) -> int:
        """Answers that keep every objective."""
        return good_answers(self.objectives, self.timelines)

    @property
    def straight_figures(self) -> StraightToModel | None:
        """Figures of the load straight at the model."""
        return self.evidence.straight

    @property
    def status(self) -> int:
        """The exit status."""
        if self.interrupted or self.verdict is None:
            return COULD_NOT_RUN
        if self.verdict.concurrent is None:
            return NOT_CONCURRENT if not any(line.done for line in self.timelines) else COULD_NOT_RUN
        fine = self.verdict.concurrent and not self.errors and not self.missed
        return CONCURRENT if fine else NOT_CONCURRENT
