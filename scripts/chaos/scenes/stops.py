"""Answers are stopped from other connections: the model's is closed, and what was told is what is kept."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

from scripts.chaos.crowd import side_by_side
from scripts.chaos.ledger import settle_questions
from scripts.chaos.person import Person
from scripts.chaos.question import Question, question
from scripts.chaos.stage import MODELS, Stage

CLOSED_WITHIN_S = 1.0
_MOMENTS = ("before the first word", "in the middle", "in the middle", "during a tool call")
_PATIENCE_S = 20.0


def play(stage: Stage) -> None:
    asked: list[Question] = []
    people = side_by_side([lambda: Person(stage.server.address)] * min(stage.people, MODELS))
    while len(asked) < stage.count:
        many = min(len(people), stage.count - len(asked))
        asked += side_by_side([_stopped(stage, person, number) for number, person in enumerate(people[:many])])
        stage.say(f"{len(asked)} of {stage.count} stops")
    for row in settle_questions(stage, asked).values():
        stage.expect(row.status == "stopped", f"turn {row.id} is {row.status}, though it was stopped")


def _stopped(stage: Stage, person: Person, number: int) -> Callable[[], Question]:
    moment = _MOMENTS[number % len(_MOMENTS)]

    def run() -> Question:
        asked = _question(moment, stage.model(number))
        follower = threading.Thread(target=person.ask, args=(asked,), daemon=True)
        follower.start()
        _wait_for(moment, asked)
        before = time.time()
        shown = person.patiently(lambda: person.post(f"/api/turns/{asked.turn['turn_id']}/stop")).json
        stage.add("stops")
        follower.join(_PATIENCE_S)
        _check(stage, asked, shown)
        if moment != "during a tool call":
            _check_model(stage, asked, before)
        return asked

    return run


def _question(moment: str, model: str) -> Question:
    first = _PATIENCE_S if moment == "before the first word" else 0.05
    return question(600, model=model, tool=moment == "during a tool call", gap=0.03, first=first)


def _wait_for(moment: str, asked: Question) -> None:
    until = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until:
        if asked.turn and (
            moment == "before the first word"
            or (moment == "in the middle" and len(asked.told) > 20)
            or (moment == "during a tool call" and asked.at_a_tool)
        ):
            break
        time.sleep(0.02)
    assert asked.turn, f"nothing was heard of {asked}"
    time.sleep(random.uniform(0, 0.4))


def _check(stage: Stage, asked: Question, shown: dict[str, str]) -> None:
    stage.expect(asked.status == "stopped", f"its follower was told {asked.status or 'nothing'}: {asked}")
    stage.expect(shown["status"] == "stopped", f"the stop was answered with {shown['status']}: {asked}")
    stage.expect(shown["text"] == asked.told, f"the stop's answer has another text than its follower was told: {asked}")


def _check_model(stage: Stage, asked: Question, before: float) -> None:
    until = time.monotonic() + 2 * CLOSED_WITHIN_S * stage.slack
    while time.monotonic() < until:
        mine = [each["at"] for each in stage.llm.stats()["aborts"] if each["model"] == asked.model]
        if mine and mine[-1] >= before:
            stage.within("longest until the model's connection closed", mine[-1] - before, CLOSED_WITHIN_S, asked)
            return
        time.sleep(0.05)
    stage.expect(False, f"the connection to the model stayed open: {asked}")
