"""Followers are cut at random events and go on over new connections: what they get is the same, byte for byte."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

from scripts.chaos.connection import Event
from scripts.chaos.crowd import side_by_side
from scripts.chaos.ledger import settle_questions
from scripts.chaos.person import Person, asking_for
from scripts.chaos.question import Question, question
from scripts.chaos.stage import Stage

CAUGHT_UP_S = 1.0
_CUTTERS = 3


def play(stage: Stage) -> None:
    asked: list[Question] = []
    people = side_by_side([lambda: Person(stage.server.address)] * stage.people)
    while stage.counts.get("resumes", 0) < stage.count and not stage.failures:
        asked += side_by_side([_round(stage, person) for person in people])
        stage.say(f"{stage.counts.get('resumes', 0)} of {stage.count} resumes, {len(asked)} answers")
    settle_questions(stage, asked)


def _round(stage: Stage, person: Person) -> Callable[[], Question]:
    """One answer: followed to its end without a break by the person who asked, and with breaks by others."""

    def run() -> Question:
        asked = question(random.randint(20, 80), tool=random.random() < 0.3, gap=0.03, first=0.1)
        follower = threading.Thread(target=person.ask, args=(asked,), daemon=True)
        follower.start()
        while not asked.turn and follower.is_alive():
            time.sleep(0.01)
        others = side_by_side([lambda: _with_breaks(stage, person, asked)] * _CUTTERS)
        follower.join()
        _compare(stage, person, asked, others)
        return asked

    return run


def _with_breaks(stage: Stage, person: Person, asked: Question) -> list[Event]:
    assert asked.turn
    got: list[Event] = []
    while not got or got[-1].name != "done":
        if got:
            stage.add("resumes")
        with asking_for(f"{person.name}, {asked}, from event {got[-1].number if got else 0}"):
            got += _piece(stage, person, asked, got[-1].number if got else 0)
        if random.random() < 0.3:
            time.sleep(random.uniform(0, 0.5))
    return got


def _piece(stage: Stage, person: Person, asked: Question, after: int) -> list[Event]:
    """Return the events of one connection until it is cut at random, but never before it has caught up."""
    assert asked.turn
    known, since = asked.last, time.monotonic()
    many = random.randint(1, 12)
    piece: list[Event] = []
    answer = person.follow(asked.turn["turn_id"], after, by_header=random.random() < 0.5)
    for event in answer.events():
        if not piece or piece[-1].number < known <= event.number:
            stage.within("longest to catch up", event.at - since if known > after else 0.0, CAUGHT_UP_S, asked)
        piece.append(event)
        if event.name == "done" or (len(piece) >= many and event.number >= known):
            break
    answer.close()
    return piece


def _compare(stage: Stage, person: Person, asked: Question, others: list[list[Event]]) -> None:
    assert asked.turn
    whole = b"".join(event.raw for event in asked.events)
    stage.expect(not asked.drops, f"who was to have no break had one ({'; '.join(asked.drops)}): {asked}")
    for other in others:
        same = b"".join(event.raw for event in other) == whole
        stage.add("followers")
        stage.add("differ", int(not same))
        stage.expect(same, f"a follower with breaks was told something else: {asked}")
    with asking_for(f"{person.name}, {asked}"):
        after = b"".join(event.raw for event in person.follow(asked.turn["turn_id"]).events())
    stage.expect(after == whole, f"once ended, it is told differently: {asked}")
    stage.expect(person.look(asked.turn["turn_id"])["text"] == asked.told, f"its text is shown differently: {asked}")
