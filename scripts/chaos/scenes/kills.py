"""Workers are killed -9 at random while people ask, now and then the whole server with them."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from scripts.chaos.crowd import Crowd, side_by_side
from scripts.chaos.database import TurnRow
from scripts.chaos.ledger import settle
from scripts.chaos.person import Person
from scripts.chaos.question import FORMS, Question, question
from scripts.chaos.stage import Stage

MARKED_WITHIN_S = 10.0
TEXT_LOST_S = 1.0
_WHOLE_SERVER_EVERY = 5


@dataclass(frozen=True)
class Kill:
    """Which workers, and when, on both clocks. `others_since`: when there were others to find what they left."""

    pids: frozenset[int]
    at: float
    wall: float
    others_since: float


def play(stage: Stage) -> None:
    with Crowd(stage.server.address, stage.people, _asked) as crowd:
        kills = [_kill(stage, crowd, number) for number in range(1, stage.count + 1)]
        crowd.finish()
        turns = settle(stage, crowd)
        cut = [(*each, turns[each[1].client_id]) for each in crowd.asked if each[1].client_id in turns]
        cut = [each for each in cut if each[2].status != "completed"]
        for _, asked, row in cut:
            _check_interrupted(stage, kills, asked, row)
        _retry(stage, cut)


def _asked() -> Question:
    form = random.choice(FORMS)
    return question(
        random.randint(30, 120), form=form, tool=random.random() < 0.35, gap=0.03, first=random.uniform(0, 0.2)
    )


def _kill(stage: Stage, crowd: Crowd, number: int) -> Kill:
    time.sleep(random.uniform(0.5, 1.5))
    # One that lives on: where workers die faster than they start, nobody is there to find what they left.
    stage.server.wait_until_started(2)
    whole = number % _WHOLE_SERVER_EVERY == 0 or number == stage.count
    pid = _victim(stage, crowd)
    stage.add("mid-tool", sum(each.at_a_tool and (whole or _pid(each) == pid) for each in crowd.open_questions()))
    at, wall = time.monotonic(), time.time()
    if whole:
        pids = stage.server.kill()
        stage.server.start()
    else:
        stage.server.kill_worker(pid)
        pids = [pid]
    stage.add("kills")
    stage.add("of the whole server", int(whole))
    stage.say(f"{number} of {stage.count} kills, {len(crowd.asked)} questions")
    return Kill(frozenset(pids), at, wall, time.time() if whole else wall)


def _victim(stage: Stage, crowd: Crowd) -> int:
    """Return a random worker, mostly one that runs a turn, sometimes one that is starting."""
    workers = stage.server.workers
    busy = [pid for pid in map(_pid, crowd.open_questions()) if pid in workers]
    return random.choice(busy if busy and random.random() < 0.8 else workers)


def _pid(asked: Question) -> int:
    """Of the worker that runs it, as far as its follower was told."""
    return int((asked.turn or {}).get("worker", ":0").rpartition(":")[2])


def _check_interrupted(stage: Stage, kills: list[Kill], asked: Question, row: TurnRow) -> None:
    if row.status != "interrupted":
        stage.expect(False, f"{row.status} ({row.error}) where only kills happened: {asked}")
        return
    kill = next((kill for kill in kills if row.pid in kill.pids and kill.wall >= row.started_at), None)
    if kill is None:
        stage.expect(False, f"interrupted, though its worker was not killed: {asked}")
        return
    stage.within("longest until marked", row.ended_at - kill.others_since, MARKED_WITHIN_S, asked)
    stage.within("most text lost", kill.at - _first_lost(asked, row, kill), TEXT_LOST_S, asked)


def _first_lost(asked: Question, row: TurnRow, kill: Kill) -> float:
    """When the first text arrived that was seen before the kill and is not kept; the kill, if there is none."""
    length = 0
    for event in asked.events:
        if event.name == "delta" and event.at < kill.at:
            length += len(event.data["text"])
            if length > len(row.text):
                return event.at
    return kill.at


def _retry(stage: Stage, cut: list[tuple[Person, Question, TurnRow]]) -> None:
    """Request each interrupted answer again, as the page's button does."""
    each_ones_last = {person.name: (person, asked, row) for person, asked, row in cut}
    side_by_side([_retried(stage, *each) for each in each_ones_last.values()])


def _retried(stage: Stage, person: Person, asked: Question, row: TurnRow) -> Callable[[], None]:
    def run() -> None:
        again = person.ask_again(row.message, Question(asked.text, asked.answer, "", conversation=asked.conversation))
        whole = again.status == "completed" and again.told == asked.answer
        stage.expect(whole, f"the retry of turn {row.id} ended {again.status} ({again.error})")
        stage.add("retried")

    return run
