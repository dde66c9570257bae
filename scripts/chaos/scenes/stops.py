"""Answers are stopped from other connections: the model's connection is closed, and the text that was sent is kept."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

from scripts.chaos.crowd import side_by_side
from scripts.chaos.ledger import settle_questions
from scripts.chaos.question import Question, make_question
from scripts.chaos.scene_run import MODELS, SceneRun
from scripts.chaos.user import User
from scripts.kit.waiting import poll

CLOSED_WITHIN_S = 1.0
_MOMENTS = ("before the first word", "in the middle", "in the middle", "during a tool call")
_TIMEOUT_S = 20.0


def play(scene: SceneRun) -> None:
    questions: list[Question] = []
    users = side_by_side([lambda: User(scene.server.address)] * min(scene.users, MODELS))
    while len(questions) < scene.count:
        many = min(len(users), scene.count - len(questions))
        questions += side_by_side([_stopped(scene, user, number) for number, user in enumerate(users[:many])])
        scene.say(f"{len(questions)} of {scene.count} stops")
    for row in settle_questions(scene, questions).values():
        scene.expect(row.status == "stopped", f"turn {row.id} is {row.status}, though it was stopped")


def _stopped(scene: SceneRun, user: User, number: int) -> Callable[[], Question]:
    moment = _MOMENTS[number % len(_MOMENTS)]

    def run() -> Question:
        question = _question(moment, scene.model(number))
        follower = threading.Thread(target=user.ask, args=(question,), daemon=True)
        follower.start()
        _wait_for(moment, question)
        before = time.time()
        turn = user.until_served(lambda: user.post(f"/api/turns/{question.turn['turn_id']}/stop")).json
        scene.add("stops")
        follower.join(_TIMEOUT_S)
        _check(scene, question, turn)
        if moment != "during a tool call":
            _check_model(scene, question, before)
        return question

    return run


def _question(moment: str, model: str) -> Question:
    first = _TIMEOUT_S if moment == "before the first word" else 0.05
    return make_question(600, model=model, tool=moment == "during a tool call", gap=0.03, first=first)


def _wait_for(moment: str, question: Question) -> None:
    poll(
        lambda: (
            question.turn
            and (
                moment == "before the first word"
                or (moment == "in the middle" and len(question.received_text) > 20)
                or (moment == "during a tool call" and question.at_a_tool)
            )
        ),
        _TIMEOUT_S,
    )
    assert question.turn, f"nothing was heard of {question}"
    time.sleep(random.uniform(0, 0.4))


def _check(scene: SceneRun, question: Question, turn: dict[str, str]) -> None:
    scene.expect(question.status == "stopped", f"its follower got {question.status or 'no status'}: {question}")
    scene.expect(turn["status"] == "stopped", f"the stop was answered with {turn['status']}: {question}")
    scene.expect(
        turn["text"] == question.received_text,
        f"the stop's answer has another text than its follower got: {question}",
    )


def _check_model(scene: SceneRun, question: Question, before: float) -> None:
    def closed_at() -> float | None:
        ends = [each["at"] for each in scene.llm.stats()["aborts"] if each["model"] == question.model]
        return ends[-1] if ends and ends[-1] >= before else None

    closed = poll(closed_at, 2 * CLOSED_WITHIN_S * scene.slack, 0.05)
    if closed is None:
        scene.expect(False, f"the connection to the model stayed open: {question}")
    else:
        scene.within("longest until the model's connection closed", closed - before, CLOSED_WITHIN_S, question)
