"""The model fails in every possible way, in random order, while the same workers answer other users."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

from scripts.chaos.crowd import Crowd, side_by_side
from scripts.chaos.ledger import all_completed, settle, settle_questions
from scripts.chaos.question import Question, make_question
from scripts.chaos.scene_run import SceneRun
from scripts.chaos.user import User

MODEL_TIMEOUT_S = 1
TURN_TIMEOUT_S = 4
_NAMED_WITHIN_S = 2.0  # of the deadline
_AT, _WORDS = 12, 40


@dataclass(frozen=True)
class Fault:
    """A fault, its error code, and the deadline of its report. `code` is "" for a fault that only delays an answer."""

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


def play(scene: SceneRun) -> None:
    half = max(2, scene.users // 2)
    with Crowd(scene.server.address, half, _healthy) as others:
        users = side_by_side([lambda: User(scene.server.address)] * half)
        questions = _all_faults(scene, users)
        others.finish()
        settle_questions(scene, [each for _, each in questions])
        for fault, each in questions:
            _check(scene, fault, each)
        suffered = dict(scene.counts)
        scene.counts.clear()
        all_completed(scene, settle(scene, others).values())
        for _, each in others.questions:
            scene.expect(each.status == "completed", f"another's answer ended {each.status} ({each.error}): {each}")
        scene.counts = {"faults": suffered["questions"], "others' answers": scene.counts["questions"]} | {
            name: suffered.get(name, 0) + scene.counts.get(name, 0) for name in ("lost", "doubled")
        }


def _healthy() -> Question:
    return make_question(random.randint(20, 60), gap=0.03, first=0.05)


def _all_faults(scene: SceneRun, users: list[User]) -> list[tuple[Fault, Question]]:
    faults = [FAULTS[number % len(FAULTS)] for number in range(scene.count)]
    random.shuffle(faults)
    questions: list[tuple[Fault, Question]] = []
    while len(questions) < len(faults):
        batch = faults[len(questions) : len(questions) + len(users)]
        asking = [make_question(_WORDS, gap=0.02, first=0.05, **fault.how) for fault in batch]
        side_by_side([lambda user=user, each=each: user.ask(each) for user, each in zip(users, asking, strict=False)])
        questions += zip(batch, asking, strict=True)
        scene.say(f"{len(questions)} of {len(faults)} faults")
    return questions


def _check(scene: SceneRun, fault: Fault, question: Question) -> None:
    status = "failed" if fault.code else "completed"
    scene.expect(question.status == status, f"{fault.name} ended {question.status}, not {status}: {question}")
    scene.expect(question.error == fault.code, f"{fault.name} is called {question.error}, not {fault.code}: {question}")
    if fault.code:
        length = len(question.received_text)
        scene.expect(bool(length) == fault.keeps, f"{fault.name} left {length} characters: {question}")
        late = question.ended_at - question.sent_at - fault.deadline_s
        scene.within("longest past the deadline", late, _NAMED_WITHIN_S, f"{fault.name}, {question}")
