"""The model fails in every way it can, in random order, while others are answered by the same workers."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from scripts.chaos.crowd import Crowd, side_by_side
from scripts.chaos.ledger import all_completed, settle, settle_questions
from scripts.chaos.person import Person
from scripts.chaos.question import Question, question
from scripts.chaos.stage import Stage

MODEL_TIMEOUT_S = 1
TURN_TIMEOUT_S = 4
_NAMED_WITHIN_S = 2.0  # of the deadline
_AT, _WORDS = 12, 40


@dataclass(frozen=True)
class Fault:
    """What is played, how it is named to the person, and by when. `code` "" is for what only delays an answer."""

    name: str
    code: str
    how: dict[str, Any]
    keeps: bool  # whether it comes after `_AT` tokens, which are then kept
    deadline_s: float = MODEL_TIMEOUT_S


def _before(name: str, code: str, **how: Any) -> Fault:
    return Fault(name, code, {"fault": name, "at": 0} | how, False)


def _within(name: str, code: str, **how: Any) -> Fault:
    return Fault(name, code, {"fault": name, "at": _AT} | how, True)


FAULTS = (
    _before("429", "model_rate_limited", retry_after="30"),
    _before("500", "model_unavailable"),
    _before("401", "model_rejected"),
    _before("refuse", "model_unreachable"),
    _before("mute", "model_timeout"),
    _before("html", "model_garbled"),
    _before("reset", "model_unreachable"),
    _within("stall", "model_timeout"),
    _within("drip", "model_timeout"),
    _within("reset", "model_interrupted"),
    _within("cut", "model_interrupted"),
    _within("truncate", "model_interrupted"),
    _within("end", "model_interrupted"),
    _within("badjson", "model_garbled"),
    _within("error", "model_unavailable"),
    _within("huge", "model_garbled"),
    _within("empty", ""),
)


def play(stage: Stage) -> None:
    half = max(2, stage.people // 2)
    with Crowd(stage.server.address, half, _healthy) as others:
        people = side_by_side([lambda: Person(stage.server.address)] * half)
        asked = _all_faults(stage, people)
        others.finish()
        settle_questions(stage, [each for _, each in asked])
        for fault, each in asked:
            _check(stage, fault, each)
        suffered = dict(stage.counts)
        stage.counts.clear()
        all_completed(stage, settle(stage, others).values())
        for _, each in others.asked:
            stage.expect(each.status == "completed", f"another's answer ended {each.status} ({each.error}): {each}")
        stage.counts = {"faults": suffered["questions"], "others' answers": stage.counts["questions"]} | {
            name: suffered.get(name, 0) + stage.counts.get(name, 0) for name in ("lost", "doubled")
        }


def _healthy() -> Question:
    return question(random.randint(20, 60), gap=0.03, first=0.05)


def _all_faults(stage: Stage, people: list[Person]) -> list[tuple[Fault, Question]]:
    faults = [FAULTS[number % len(FAULTS)] for number in range(stage.count)]
    random.shuffle(faults)
    asked: list[tuple[Fault, Question]] = []
    while len(asked) < len(faults):
        batch = faults[len(asked) : len(asked) + len(people)]
        questions = [question(_WORDS, gap=0.02, first=0.05, **fault.how) for fault in batch]
        side_by_side(
            [lambda person=person, each=each: person.ask(each) for person, each in zip(people, questions, strict=False)]
        )
        asked += zip(batch, questions, strict=True)
        stage.say(f"{len(asked)} of {len(faults)} faults")
    return asked


def _check(stage: Stage, fault: Fault, asked: Question) -> None:
    status = "failed" if fault.code else "completed"
    stage.expect(asked.status == status, f"{fault.name} ended {asked.status}, not {status}: {asked}")
    stage.expect(asked.error == fault.code, f"{fault.name} is called {asked.error}, not {fault.code}: {asked}")
    if fault.code:
        kept = len(asked.told)
        stage.expect(bool(kept) == fault.keeps, f"{fault.name} left {kept} characters: {asked}")
        late = asked.ended_at - asked.asked_at - fault.deadline_s
        stage.within("longest past the deadline", late, _NAMED_WITHIN_S, f"{fault.name}, {asked}")
