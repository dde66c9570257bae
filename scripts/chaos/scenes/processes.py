"""Faults of the server's processes at bad moments: the master, workers, a file that they read."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable

from scripts.chaos.connection import Dropped, Refused
from scripts.chaos.crowd import Crowd
from scripts.chaos.database import Holder, TurnRow
from scripts.chaos.ledger import settle
from scripts.chaos.question import STREAM, Question, make_question
from scripts.chaos.scene_run import SceneRun
from scripts.kit.waiting import poll

GRACE_S = 6
CLOSED_WITHIN_S = 1.2
SERVED_WITHIN_S = 5.0
REPLACED_WITHIN_S = 5.0
ENDED_WITHIN_S = GRACE_S + 20.0
# The grace for turns, ten seconds for the last connections, and ten for the last resort.
ORPHANS_S = GRACE_S + 20.0
_RELOADS = 20
_LOCKED_S = 5.0
_BROKEN_S = 3.0
_RELOADED_S = 30.0
_BROKEN_FILE = "chat/web/ops/health.py"


def play(scene: SceneRun) -> None:
    with Crowd(scene.server.address, scene.users, _question) as crowd:
        faults = _ProcessFaults(scene, crowd)
        for number in range(scene.count):
            _wait_for_streams(crowd)
            fault = FAULTS[number % len(FAULTS)]
            fault(faults)
            scene.add(fault.__name__.replace("_", " ").strip())
            scene.say(f"{number + 1} of {scene.count} faults, {len(crowd.questions)} questions")
        crowd.finish()
        for question, row in _rows(scene, crowd):
            allowed = row.status == "completed" or (row.status == "interrupted" and row.pid in faults.killed)
            scene.expect(allowed, f"{row.status} ({row.error}), though its worker was not killed: {question}")


def _rows(scene: SceneRun, crowd: Crowd) -> list[tuple[Question, TurnRow]]:
    rows = settle(scene, crowd)
    return [(question, rows[question.client_id]) for _, question in crowd.questions if question.client_id in rows]


def _question() -> Question:
    """Return a question whose answer is shorter than the grace period."""
    return make_question(50, form=STREAM, gap=0.04, first=0.05)


def _wait_for_streams(crowd: Crowd) -> None:
    poll(lambda: len(crowd.open_questions()) >= len(crowd.users) // 2, 10)


class _ProcessFaults:
    """The parts of the scene, and the workers whose turns they must interrupt."""

    def __init__(self, scene: SceneRun, crowd: Crowd) -> None:
        self.scene = scene
        self.server = scene.server
        self.crowd = crowd
        self.killed: set[int] = set()
        self.size = scene.server.size

    def kill_one(self) -> int:
        pid = self.server.workers[-1]
        self.killed.add(pid)
        self.server.kill_worker(pid)
        return pid

    def reload_many_times(self) -> None:
        """Send many HUPs: they become few reloads, which interrupt no answer and never have too many workers alive."""
        before = set(self.server.workers)
        for _ in range(_RELOADS):
            self.server.hang_up()
            time.sleep(0.05)
        most = [len(before)]

        def replaced() -> bool:
            now = self.server.workers
            most.append(len(now))
            return not before & set(now)

        self.scene.expect(
            poll(replaced, _RELOADED_S * self.scene.slack), f"workers of before {_RELOADS} HUPs are still there"
        )
        # Twice as many may be leaving, and one process may be a preflight.
        self.scene.expect(max(most) <= 3 * self.size + 1, f"{max(most)} processes at once after many HUPs")
        self.server.wait_until_started(self.size)

    def kill_in_a_reload(self) -> None:
        """Kill a new worker while old ones still answer: it must be replaced at once."""
        before = set(self.server.workers)
        self.server.hang_up()
        new = poll(lambda: self._ready() - before, _RELOADED_S * self.scene.slack)
        self.scene.expect(new, "no new worker started after a HUP")
        dead = next(iter(self._ready() - before), 0)
        self.killed.add(dead)
        if dead:
            self.server.kill_worker(dead)
            since = time.monotonic()
            poll(lambda: len(set(self.server.workers) - before - {dead}) >= self.size, 60)
            self.scene.within("longest until replaced", time.monotonic() - since, REPLACED_WITHIN_S, "in a reload")
        self.server.wait_until_started(self.size)

    def break_a_file(self) -> None:
        """Kill a worker while a file of the program is incomplete: the others continue, and it recovers by itself."""
        file = self.server.folder / _BROKEN_FILE
        text = file.read_text()
        file.write_text(text + "\ndef half(")
        try:
            self.kill_one()
            until = time.monotonic() + _BROKEN_S
            while time.monotonic() < until:
                self._must_be_ready()
                time.sleep(0.1)
        finally:
            file.write_text(text)
        self.server.wait_until_started(self.size)

    def kill_while_locked(self) -> None:
        """Kill a worker while another program holds the database's lock."""
        with Holder(self.scene.database, _LOCKED_S):
            self.kill_one()
        self.server.wait_until_started(self.size)

    def kill_the_master(self) -> None:
        """Kill the master: its workers close their sockets, finish and exit; a new server starts beside them."""
        since = time.monotonic()
        orphans = self.server.kill_master()
        closed = poll(self.server.address.is_closed, 30)
        self.scene.within("longest until closed", time.monotonic() - since, CLOSED_WITHIN_S, f"closed: {closed}")
        self.server.start()
        self.scene.within("longest until served again", time.monotonic() - since, SERVED_WITHIN_S, "a dead master")
        ended = poll(lambda: not any(_alive(pid) for pid in orphans), ORPHANS_S * self.scene.slack)
        self.scene.expect(ended, f"workers of a dead master are still there: {orphans}")
        self.server.wait_until_started(self.size)

    def stop_in_a_reload(self) -> None:
        """Send TERM in the middle of a reload, with a stopped worker."""
        stopped = self.server.workers[0]
        self.killed.add(stopped)
        os.kill(stopped, signal.SIGSTOP)
        self.server.hang_up()
        time.sleep(0.5)
        try:
            took = self.server.time_to_stop(3 * ENDED_WITHIN_S)
            self.scene.within("longest to end", took, ENDED_WITHIN_S, f"the grace is {GRACE_S} s")
        except subprocess.TimeoutExpired:
            self.scene.expect(False, "the server did not end in time")
        self.server.start()
        self.server.wait_until_started(self.size)

    def _ready(self) -> set[int]:
        return self.server.started()

    def _must_be_ready(self) -> None:
        since = time.monotonic()
        try:
            self.server.address.ask("GET", "/readyz", timeout_s=10)
        except (Dropped, Refused) as error:
            self.scene.expect(False, f"/readyz of the others: {error}")
        self.scene.within("longest until ready", time.monotonic() - since, 1.0, "of the other workers")


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


FAULTS: tuple[Callable[[_ProcessFaults], None], ...] = (
    _ProcessFaults.kill_the_master,
    _ProcessFaults.break_a_file,
    _ProcessFaults.reload_many_times,
    _ProcessFaults.kill_while_locked,
    _ProcessFaults.kill_in_a_reload,
    _ProcessFaults.stop_in_a_reload,
)
