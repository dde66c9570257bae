"""Hostile clients, each kind alone and all together, bare and behind nginx, while somebody else looks at /healthz."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from scripts.chaos import nginx
from scripts.chaos.attacks import Target, kinds
from scripts.chaos.connection import Address
from scripts.chaos.parley import ROOT
from scripts.chaos.person import Person
from scripts.chaos.question import STREAM, question
from scripts.chaos.stage import Stage
from scripts.chaos.watch import Watch
from scripts.fake_llm import directive

REQUEST_TIMEOUT_S = 3.0
HEALTH_P99_S = 0.5
GROWTH_MB = 50.0
_ALONE_S = 0.5
_WARM_UP_S = 0.2
_FIRST_S = 1.0
_GIVEN_BACK_S = 10.0
# About as large as an answer may be.
_TOKENS = 100_000
_PATIENCE_S = 60.0


def play(stage: Stage) -> None:
    person = Person(stage.server.address)
    turn = _large_answer(stage, person)
    calm_s = _calm_p99_s(stage)
    workers = set(stage.server.workers)
    _read_in_each_worker(stage, person, turn)
    # Once, for what a worker keeps from its first requests: its threads too, and their memory.
    target = Target(stage.server.address, person.headers["Cookie"], turn)
    with _attacked(target, list(kinds(target))):
        time.sleep(_FIRST_S)
    with _doors(stage) as doors:
        # What is given back is measured from the second round on: workers keep free memory for more of the same.
        rounds = [*doors.items(), ("bare, again", stage.server.address)][:2]
        before = 0.0
        for name, address in rounds:
            target = Target(address, person.headers["Cookie"], turn)
            every = list(kinds(target))
            # In the shortest run, each alone at one door only.
            for attacks in [*([one] for one in every if stage.count > 1 or name == "bare"), every]:
                _endure(stage, name, target, attacks, calm_s)
            before = before or _memory_mb(stage)
    stage.expect(set(stage.server.workers) == workers, "a worker was killed, or died")
    _expect_given_back(stage, before)
    stage.add("lost", 0)
    stage.add("doubled", 0)


@contextlib.contextmanager
def _doors(stage: Stage) -> Iterator[dict[str, Address]]:
    bare = {"bare": stage.server.address}
    if nginx.program() is None:
        yield bare
        return
    with nginx.Nginx(stage.server.folder / "nginx", [stage.server.address] * 2) as front:
        yield bare | {"behind nginx": front.address}


def _large_answer(stage: Stage, person: Person) -> int:
    """Run a turn to its end, for followers that never read its answer."""
    text = f"[{directive(tokens=_TOKENS, gap=0, first=0)}]"
    path = f"/api/conversations/{person.conversation}/turns"
    turn = int(person.patiently(lambda: person.post(path, {"text": text})).json["turn_id"])
    until = time.monotonic() + _PATIENCE_S
    while (status := person.look(turn)["status"]) == "running" and time.monotonic() < until:
        time.sleep(0.1)
    stage.expect(status == "completed", f"the large answer is {status}")
    return turn


def _read_in_each_worker(stage: Stage, person: Person, turn: int) -> None:
    """Have each worker read the large answer once, while the others are stopped.

    A worker keeps the memory that this takes, as free memory. Which workers have done so must not be left to chance.
    """
    workers = stage.server.workers
    for worker in workers:
        others = [other for other in workers if other != worker]
        for other in others:
            os.kill(other, signal.SIGSTOP)
        try:
            for _ in person.follow(turn).events():
                pass
        finally:
            for other in others:
                os.kill(other, signal.SIGCONT)


def _calm_p99_s(stage: Stage) -> float:
    """How long /healthz takes while nobody attacks: on a machine that has other things to do, not nothing."""
    with Watch(stage.server.address) as watch:
        time.sleep(_FIRST_S)
    return watch.p99_s


def _endure(stage: Stage, door: str, target: Target, attacks: Sequence[str], calm_s: float) -> None:
    together = len(attacks) > 1
    what = f"{'all together' if together else attacks[0]}, {door}"
    seconds = stage.count * _ALONE_S * (4 if together else 1)
    stage.say(f"{what}: {seconds:g} s")
    before = peak = _memory_mb(stage)
    with _attacked(target, attacks), Watch(target.address) as watch:
        asked = threading.Thread(target=_ask, args=(stage, what))
        if together:
            asked.start()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(0.25)
            peak = max(peak, _memory_mb(stage))
        if together:
            asked.join()
    stage.add("attacks", len(attacks))
    stage.expect(not watch.failures, f"{what}: /healthz failed: {watch.failures[:3]}")
    stage.within("longest p99 of /healthz", watch.p99_s, HEALTH_P99_S + 2 * calm_s, what)
    stage.expect(peak - before < GROWTH_MB, f"{what}: took {peak - before:.0f} MB")
    stage.counts["most MB taken"] = max(stage.counts.get("most MB taken", 0), round(peak - before))


def _ask(stage: Stage, what: str) -> None:
    """Somebody with a question meanwhile is answered."""
    asked = question(10, form=STREAM)
    Person(stage.server.address).ask(asked)
    stage.expect(asked.status == "completed", f"{what}: a question ended as {asked.status}")
    stage.add("answered meanwhile")


def _expect_given_back(stage: Stage, before: float) -> None:
    until = time.monotonic() + _GIVEN_BACK_S
    while (growth := _memory_mb(stage) - before) >= GROWTH_MB and time.monotonic() < until:
        time.sleep(0.25)
    stage.counts["MB not given back"] = round(growth)
    stage.expect(growth < GROWTH_MB, f"{growth:.0f} MB were not given back")


@contextlib.contextmanager
def _attacked(target: Target, attacks: Sequence[str]) -> Iterator[None]:
    """In a process of its own: it takes all that it can get of an interpreter."""
    place = [target.address.host, str(target.address.port), target.cookie, str(target.turn)]
    command = [sys.executable, "-m", "scripts.chaos.attacks", *place, *attacks]
    process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        process.stdout.readline()  # it has begun
        time.sleep(_WARM_UP_S)
        yield
    finally:
        process.terminate()
        process.communicate()


def _memory_mb(stage: Stage) -> float:
    return sum(_proportional_kb(pid) for pid in stage.server.workers) / 1024


def _proportional_kb(pid: int) -> int:
    with contextlib.suppress(OSError, StopIteration):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("Pss:")).split()[1])
    return 0
