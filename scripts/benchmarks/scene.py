"""One scene: a crowd asks one server, whose model keeps to a schedule; the CPU that it took and its lateness.

Lateness is the time that the server adds: from sending to the token's arrival, minus the model's schedule, minus the
model's own delay. So both a queue before the model and slow forwarding after it count.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from scripts.benchmarks import backends, figures, machine, users
from scripts.benchmarks.crowd import Crowd, Moment
from scripts.benchmarks.model import Pace
from scripts.benchmarks.servers import Server
from scripts.benchmarks.stream import Stream
from scripts.fake_llm import FakeLLM

_MODEL_LATE_S = 0.005
_OTHERS_SHARE = 0.1
_REST_S = 0.5  # before and after, so that exactly the scene's own CPU is counted


@dataclass
class Outcome:
    """Times in seconds, CPU per token in microseconds. Lateness without an answer is infinite."""

    server: str
    users: int
    workers: int
    settings: dict[str, Any]
    completed: int
    failures: dict[str, int]
    stored: int  # whole answers in the database
    wall_s: float
    answers_per_s: float
    cpu_per_token_us: float
    first_late_s: dict[str, float]
    end_late_s: dict[str, float]
    relay_late_s: dict[str, float]  # of the first token, counted from when the model wrote it
    worker_shares: list[float]  # of the workers' CPU: an uneven share means an uneven part of the crowd
    model_late_s: dict[str, float]  # of first and last tokens
    model_mean_late_s: float  # of all
    model_cpu_per_token_us: float
    backend_cpu_per_turn_ms: dict[str, float]  # of PostgreSQL and Redis, by name
    load_cpu_per_token_us: float
    load_late_s: float
    tokens_per_event: float
    others_cpu_share: float  # of the machine's cores, used by other programs
    load_average: tuple[float, float, float]
    curves: dict[str, list[float]] = field(default_factory=dict)

    @property
    def doubts(self) -> list[str]:
        """Return the reasons why the figures are not reliable; none when they are."""
        sentences = []
        if self.model_mean_late_s > _MODEL_LATE_S:
            sentences.append("the model lagged and sent tokens together, which flatters the CPU per token")
        if self.others_cpu_share > _OTHERS_SHARE:
            sentences.append("other programs used the machine, which makes everything late")
        return sentences

    @property
    def failed(self) -> int:
        return self.users - self.completed


def play(
    server: Server,
    model: FakeLLM,
    pace: Pace,
    starts: Sequence[float],
    timeout_s: float,
    moments: Sequence[Moment] = (),
) -> tuple[Outcome, list[Stream]]:
    """Have one user come at each of `starts`, and wait until all have ended."""
    crowd = Crowd(server.port, users.ready(server.port, len(starts)), starts, timeout_s)
    time.sleep(_REST_S)
    before = _Used(server, model)
    began_at = time.monotonic()
    streams = crowd.run(moments)
    wall_s = max((stream.done for stream in streams), default=0.0) - began_at
    time.sleep(_REST_S)
    used = _Used(server, model) - before
    for stream in streams:
        if stream.done and stream.chars != pace.characters:
            stream.failed("characters missing")
    return _outcome(server, pace, crowd, used, wall_s), streams


def first_late_s(stream: Stream, pace: Pace) -> float | None:
    """Return the time that the server added to the first token; None without a token."""
    return None if stream.stamps is None else stream.first - stream.sent - pace.first_s - stream.stamps[0][1]


def end_late_s(stream: Stream, pace: Pace) -> float | None:
    """Return the time that the server added to the complete answer; None if it was never complete."""
    if stream.failure or stream.stamps is None:
        return None
    return stream.done - stream.sent - pace.answer_s - stream.stamps[1][1]


def answers_per_s(streams: Sequence[Stream], from_s: float, to_s: float) -> float:
    """Return the whole answers per second in a part of the scene, given in seconds from its beginning."""
    began_at = min(stream.sent for stream in streams)
    ended = [stream.done - began_at for stream in streams if stream.done and not stream.failure]
    return sum(from_s <= each < to_s for each in ended) / (to_s - from_s)


class _Used:
    """CPU seconds used so far by the server, the model and the whole machine."""

    def __init__(self, server: Server, model: FakeLLM) -> None:
        self.server = machine.cpu_s(server.pids)
        self.workers = [machine.cpu_s([pid]) for pid in server.worker_pids]
        stats = model.stats()
        self.model, self.model_mean_late_s = float(stats["cpu_s"]), float(stats["late_s"]["mean"])
        self.load = time.process_time()
        self.backends = {} if server.backends is None else server.backends.cpu_s()
        self.machine = machine.total_cpu_s()
        self.at = time.monotonic()

    def __sub__(self, earlier: _Used) -> _Used:
        for name in ("server", "model", "load", "machine", "at"):
            setattr(self, name, getattr(self, name) - getattr(earlier, name))
        self.workers = [now - then for now, then in zip(self.workers, earlier.workers, strict=False)]
        self.backends = {name: used - earlier.backends[name] for name, used in self.backends.items()}
        return self

    @property
    def others(self) -> float:
        """Return the share of the machine's cores that other programs used."""
        ours = self.server + self.model + self.load + sum(self.backends.values())
        return max(0.0, self.machine - ours) / (self.at * (os.cpu_count() or 1))


def _outcome(server: Server, pace: Pace, crowd: Crowd, used: _Used, wall_s: float) -> Outcome:
    streams = crowd.streams
    whole = [stream for stream in streams if not stream.failure]
    tokens = sum(stream.chars for stream in streams) / pace.characters * pace.tokens or float("nan")
    first = [first_late_s(stream, pace) for stream in streams]
    end = [end_late_s(stream, pace) for stream in streams]
    stamps = [stream.stamps for stream in streams]
    return Outcome(
        server=server.name,
        users=len(streams),
        workers=server.size,
        settings=server.overrides,
        completed=len(whole),
        failures=dict(Counter(stream.failure for stream in streams if stream.failure)),
        stored=_stored_answers(server, pace),
        wall_s=wall_s,
        answers_per_s=len(whole) / wall_s if wall_s > 0 else 0.0,
        cpu_per_token_us=used.server / tokens * 1e6,
        first_late_s=figures.spread(first),
        end_late_s=figures.spread(end),
        relay_late_s=figures.spread(
            None if stamp is None else stream.first - stamp[0][0] for stream, stamp in zip(streams, stamps, strict=True)
        ),
        worker_shares=[each / (sum(used.workers) or 1) for each in used.workers],
        model_late_s=figures.spread(stamp[0][1] for stamp in stamps if stamp),
        model_mean_late_s=used.model_mean_late_s,
        model_cpu_per_token_us=used.model / tokens * 1e6,
        backend_cpu_per_turn_ms={name: used_s * 1000 / len(streams) for name, used_s in used.backends.items()},
        load_cpu_per_token_us=crowd.cpu_s / tokens * 1e6,
        load_late_s=crowd.late_s,
        tokens_per_event=tokens / (sum(stream.deltas for stream in streams) or 1),
        others_cpu_share=used.others,
        load_average=os.getloadavg(),
        curves={"first_late_s": figures.curve(first), "end_late_s": figures.curve(end)},
    )


def _stored_answers(server: Server, pace: Pace) -> int:
    completed, shortest = backends.completed_turns(server.database_url)
    return completed if shortest == pace.characters else 0


def as_json(outcome: Outcome) -> dict[str, Any]:
    return vars(outcome) | {"failed": outcome.failed, "doubts": outcome.doubts}
