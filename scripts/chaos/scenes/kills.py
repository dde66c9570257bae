"""Random workers are killed with -9 while users ask, sometimes together with the whole server."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from scripts.chaos.crowd import Crowd, side_by_side
from scripts.chaos.database import TurnRow
from scripts.chaos.ledger import settle
from scripts.chaos.question import FORMS, Question, make_question
from scripts.chaos.scene_run import SceneRun
from scripts.chaos.user import User

MARKED_WITHIN_S = 10.0
TEXT_LOST_S = 1.0
_WHOLE_SERVER_EVERY = 5


@dataclass(frozen=True)
class Kill:
    """The killed workers, and the time on both clocks. `others_since`: when other workers could find their turns."""

    pids: frozenset[int]
    at: float
    wall: float
    others_since: float


def play(scene: SceneRun) -> None:
    with Crowd(scene.server.address, scene.users, _question) as crowd:
        kills = [_kill(scene, crowd, number) for number in range(1, scene.count + 1)]
        crowd.finish()
        turns = settle(scene, crowd)
        cut = [(*each, turns[each[1].client_id]) for each in crowd.questions if each[1].client_id in turns]
        cut = [each for each in cut if each[2].status != "completed"]
        for _, question, row in cut:
            _check_interrupted(scene, kills, question, row)
        _retry(scene, cut)


def _question() -> Question:
    form = random.choice(FORMS)
    return make_question(
        random.randint(30, 120), form=form, tool=random.random() < 0.35, gap=0.03, first=random.uniform(0, 0.2)
    )


def _kill(scene: SceneRun, crowd: Crowd, number: int) -> Kill:
    time.sleep(random.uniform(0.5, 1.5))
    # One worker stays alive: if workers die faster than they start, nobody recovers their turns.
    scene.server.wait_until_started(2)
    whole = number % _WHOLE_SERVER_EVERY == 0 or number == scene.count
    pid = _choose_worker(scene, crowd)
    scene.add("mid-tool", sum(each.at_a_tool and (whole or _pid(each) == pid) for each in crowd.open_questions()))
    at, wall = time.monotonic(), time.time()
    if whole:
        pids = scene.server.workers
        scene.server.kill()
        scene.server.start()
    else:
        scene.server.kill_worker(pid)
        pids = [pid]
    scene.add("kills")
    scene.add("of the whole server", int(whole))
    scene.say(f"{number} of {scene.count} kills, {len(crowd.questions)} questions")
    return Kill(frozenset(pids), at, wall, time.time() if whole else wall)


def _choose_worker(scene: SceneRun, crowd: Crowd) -> int:
    """Return a random worker, mostly one that runs a turn, sometimes one that is starting."""
    workers = scene.server.workers
    busy = [pid for pid in map(_pid, crowd.open_questions()) if pid in workers]
    return random.choice(busy if busy and random.random() < 0.8 else workers)


def _pid(question: Question) -> int:
    """Return the process id of the turn's worker, as its follower knows it."""
    return int((question.turn or {}).get("worker", ":0").rpartition(":")[2])


def _check_interrupted(scene: SceneRun, kills: list[Kill], question: Question, row: TurnRow) -> None:
    if row.status != "interrupted":
        scene.expect(False, f"{row.status} ({row.error}) where only kills happened: {question}")
        return
    kill = next((kill for kill in kills if row.pid in kill.pids and kill.wall >= row.started_at), None)
    if kill is None:
        scene.expect(False, f"interrupted, though its worker was not killed: {question}")
        return
    scene.within("longest until marked", row.ended_at - kill.others_since, MARKED_WITHIN_S, question)
    scene.within("most text lost", kill.at - _first_lost(question, row, kill), TEXT_LOST_S, question)


def _first_lost(question: Question, row: TurnRow, kill: Kill) -> float:
    """Return when the first text came that the kill lost, or the time of the kill if it lost none."""
    length = 0
    for event in question.events:
        if event.name == "delta" and event.at < kill.at:
            length += len(event.data["text"])
            if length > len(row.text):
                return event.at
    return kill.at


def _retry(scene: SceneRun, cut: list[tuple[User, Question, TurnRow]]) -> None:
    """Request each interrupted answer again, as the page's button does."""
    each_ones_last = {user.name: (user, question, row) for user, question, row in cut}
    side_by_side([_retried(scene, *each) for each in each_ones_last.values()])


def _retried(scene: SceneRun, user: User, question: Question, row: TurnRow) -> Callable[[], None]:
    def run() -> None:
        again = user.ask_again(
            row.message, Question(question.text, question.answer, "", conversation=question.conversation)
        )
        whole = again.status == "completed" and again.received_text == question.answer
        scene.expect(whole, f"the retry of turn {row.id} ended {again.status} ({again.error})")
        scene.add("retried")

    return run
