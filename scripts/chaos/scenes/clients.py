"""Hostile clients, each kind alone and all together, bare and behind nginx, while another client reads /healthz."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence

from scripts.chaos import nginx
from scripts.chaos.attacks import Target, kinds
from scripts.chaos.connection import Address
from scripts.chaos.question import STREAM, make_question
from scripts.chaos.scene_run import SceneRun
from scripts.chaos.user import User
from scripts.chaos.watch import Watch
from scripts.fake_llm import directive
from scripts.kit import processes
from scripts.kit.server_runner import ROOT
from scripts.kit.waiting import poll

REQUEST_TIMEOUT_S = 3.0
HEALTH_P99_S = 0.5
GROWTH_MB = 50.0
_ALONE_S = 0.5
_IN_A_GROUP = 3
_WARM_UP_S = 0.2
_FIRST_S = 1.0
_GIVEN_BACK_S = 10.0
# About as large as an answer may be.
_TOKENS = 100_000
_TIMEOUT_S = 60.0


def play(scene: SceneRun) -> None:
    user = User(scene.server.address)
    turn = _large_answer(scene, user)
    calm_s = _calm_p99_s(scene)
    workers = set(scene.server.workers)
    _read_in_each_worker(scene, user, turn)
    # Once, because a worker keeps threads and memory from its first requests.
    target = Target(scene.server.address, user.headers["Cookie"], turn)
    with _attacked(target, list(kinds(target))):
        time.sleep(_FIRST_S)
    with _doors(scene) as doors:
        # Released memory is measured from the second round on, because workers keep free memory for such requests.
        rounds = [*doors.items(), ("bare, again", scene.server.address)][:2]
        before = 0.0
        for name, address in rounds:
            target = Target(address, user.headers["Cookie"], turn)
            every = list(kinds(target))
            for attacks in [*_attacks_apart(scene, name, every), every]:
                _endure(scene, name, target, attacks, calm_s)
            before = before or _memory_mb(scene)
    scene.expect(set(scene.server.workers) == workers, "a worker was killed, or died")
    _expect_given_back(scene, before)
    scene.add("lost", 0)
    scene.add("doubled", 0)


def _attacks_apart(scene: SceneRun, door: str, every: list[str]) -> list[list[str]]:
    """Return each kind alone; in the shortest run three unlike kinds at a time, at one address only."""
    if scene.count > 1:
        return [[one] for one in every]
    groups = -(-len(every) // _IN_A_GROUP)
    return [every[number::groups] for number in range(groups)] if door == "bare" else []


@contextlib.contextmanager
def _doors(scene: SceneRun) -> Iterator[dict[str, Address]]:
    bare = {"bare": scene.server.address}
    if nginx.program() is None:
        yield bare
        return
    with nginx.Nginx(scene.server.folder / "nginx", [scene.server.address]) as front:
        yield bare | {"behind nginx": front.address}


def _large_answer(scene: SceneRun, user: User) -> int:
    """Run a turn to its end, for followers that never read its answer."""
    text = f"[{directive(tokens=_TOKENS, gap=0, first=0)}]"
    path = f"/api/conversations/{user.conversation}/turns"
    turn = int(user.until_served(lambda: user.post(path, {"text": text})).json["turn_id"])
    poll(lambda: user.look(turn)["status"] != "running", _TIMEOUT_S, 0.1)
    status = user.look(turn)["status"]
    scene.expect(status == "completed", f"the large answer is {status}")
    return turn


def _read_in_each_worker(scene: SceneRun, user: User, turn: int) -> None:
    """Have each worker read the large answer once, while the others are stopped.

    A worker keeps the memory for this as free memory. So all workers must have done it before the measurement.
    """
    workers = scene.server.workers
    for worker in workers:
        others = [other for other in workers if other != worker]
        for other in others:
            os.kill(other, signal.SIGSTOP)
        try:
            for _ in user.follow(turn).events():
                pass
        finally:
            for other in others:
                os.kill(other, signal.SIGCONT)


def _calm_p99_s(scene: SceneRun) -> float:
    """Return the time that /healthz takes without attacks, which on a busy machine is not zero."""
    with Watch(scene.server.address) as watch:
        time.sleep(_FIRST_S)
    return watch.p99_s


def _endure(scene: SceneRun, door: str, target: Target, attacks: Sequence[str], calm_s: float) -> None:
    together = len(attacks) == len(kinds(target))
    what = f"{'all together' if together else ' and '.join(attacks)}, {door}"
    seconds = scene.count * _ALONE_S * (4 if together else 1)
    scene.say(f"{what}: {seconds:g} s")
    before = peak = _memory_mb(scene)
    with _attacked(target, attacks), Watch(target.address) as watch:
        asking = threading.Thread(target=_ask, args=(scene, what))
        if together:
            asking.start()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(0.25)
            peak = max(peak, _memory_mb(scene))
        if together:
            asking.join()
    scene.add("attacks", len(attacks))
    scene.expect(not watch.failures, f"{what}: /healthz failed: {watch.failures[:3]}")
    scene.within("longest p99 of /healthz", watch.p99_s, HEALTH_P99_S + 2 * calm_s, what)
    scene.expect(peak - before < GROWTH_MB, f"{what}: took {peak - before:.0f} MB")
    scene.counts["most MB taken"] = max(scene.counts.get("most MB taken", 0), round(peak - before))


def _ask(scene: SceneRun, what: str) -> None:
    """Check that a user's question is answered meanwhile."""
    question = make_question(10, form=STREAM)
    User(scene.server.address).ask(question)
    scene.expect(question.status == "completed", f"{what}: a question ended as {question.status}")
    scene.add("answered meanwhile")


def _expect_given_back(scene: SceneRun, before: float) -> None:
    poll(lambda: _memory_mb(scene) - before < GROWTH_MB, _GIVEN_BACK_S, 0.25)
    growth = _memory_mb(scene) - before
    scene.counts["MB not given back"] = round(growth)
    scene.expect(growth < GROWTH_MB, f"{growth:.0f} MB were not given back")


@contextlib.contextmanager
def _attacked(target: Target, attacks: Sequence[str]) -> Iterator[None]:
    """Run attacks in a process of their own, because they use a whole interpreter."""
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


def _memory_mb(scene: SceneRun) -> float:
    return sum(_pss_bytes(pid) for pid in scene.server.workers) / 1024**2


def _pss_bytes(pid: int) -> int:
    with contextlib.suppress(OSError):  # it has just ended
        return processes.pss_bytes(pid)
    return 0
