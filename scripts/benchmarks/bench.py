"""The context of a scene: it starts servers and models, scales the number of users, and prints progress."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scripts.benchmarks.backends import Backends
from scripts.benchmarks.measures import written
from scripts.benchmarks.scene import Outcome
from scripts.benchmarks.servers import Parley, Reference, Server
from scripts.fake_llm import FakeLLM

Start = Callable[[FakeLLM], Server]


@dataclass
class Bench:
    """`outcomes` collects what the scenes found, by the scene's name and the server's."""

    folder: Path
    quick: bool = False
    with_reference: bool = True
    packages: Path | None = None
    backends: Backends | None = None
    outcomes: dict[str, dict[str, Outcome]] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    def parley(self, model: FakeLLM, workers: int, **settings: Any) -> Parley:
        return Parley(self._new_folder(), model.base_url, workers, self.backends, **settings)

    def reference(self, model: FakeLLM, workers: int) -> Reference:
        return Reference(self._new_folder(), model.base_url, workers, self.packages)

    def both(self, workers: int, **settings: Any) -> list[Start]:
        """Return the start of each server that is measured: Parley, and the reference unless it is left out."""
        starts: list[Start] = [lambda model: self.parley(model, workers, **settings)]
        if self.with_reference:
            starts.append(lambda model: self.reference(model, workers))
        return starts

    def target(self, alone: float, shared: float) -> float:
        """Return the target for SQLite alone, or for a database or Redis that servers share."""
        return alone if self.backends is None or not self.backends.shared else shared

    def fewer(self, count: int) -> int:
        """Return `count`, or a tenth of it in a quick run."""
        return max(3, count // 10) if self.quick else count

    def note(self, scene: str, outcome: Outcome) -> None:
        """Record an outcome, and print it in a few lines."""
        self.outcomes.setdefault(scene, {})[outcome.server] = outcome
        late, end = outcome.first_late_s, outcome.end_late_s
        self.say(
            f"{outcome.server}: {outcome.completed} of {outcome.users} answered, {outcome.stored} stored, "
            f"{written(outcome.answers_per_s, '/s')}, {written(outcome.cpu_per_token_us, 'µs')} a token; "
            f"first token late p50 {_ms(late['p50'])}, p99 {_ms(late['p99'])}; "
            f"end late p50 {_ms(end['p50'])}, p99 {_ms(end['p99'])}, max {_ms(end['max'])}"
        )
        if outcome.settings:
            self.say("  set for this: " + ", ".join(f"{name}={value}" for name, value in outcome.settings.items()))
        if outcome.failures:
            self.say("  failed: " + ", ".join(f"{count} × {why}" for why, count in outcome.failures.items()))
        self.say(
            f"  the model used {written(outcome.model_cpu_per_token_us, 'µs')} a token and was late by "
            f"{_ms(outcome.model_mean_late_s)} (mean); "
            f"the load used {written(outcome.load_cpu_per_token_us, 'µs')}; "
            f"{outcome.tokens_per_event:.1f} tokens an event; "
            f"the workers' shares {', '.join(f'{share:.0%}' for share in outcome.worker_shares)}; "
            f"other programs had "
            f"{outcome.others_cpu_share:.0%} of the machine, load average {outcome.load_average[0]:.1f}"
        )
        if outcome.backend_cpu_per_turn_ms:
            each = (f"{name} {written(used, 'ms')}" for name, used in outcome.backend_cpu_per_turn_ms.items())
            self.say(f"  CPU of a turn: {', '.join(each)}")
        for doubt in outcome.doubts:
            self.say(f"  NOT SOUND: {doubt}")

    @property
    def unsound(self) -> list[str]:
        """The scenes, with the server in each, whose figures are not reliable."""
        return [
            f"{scene} ({server})"
            for scene, outcomes in self.outcomes.items()
            for server, outcome in outcomes.items()
            if outcome.doubts
        ]

    def say(self, text: str) -> None:
        print(f"  {text}", flush=True)

    def _new_folder(self) -> Path:
        return self.folder / f"server-{next(self._numbers)}"


def _ms(seconds: float) -> str:
    return written(seconds * 1000, "ms")
