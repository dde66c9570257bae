"""A message is sent many times at once, with another text under its client_id, and from two tabs at the same time."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from scripts.chaos.connection import EVENT_STREAM, Call, Refused
from scripts.chaos.crowd import side_by_side
from scripts.chaos.ledger import all_completed, settle_questions
from scripts.chaos.question import POLL, STREAM, Question, make_question
from scripts.chaos.scene_run import SceneRun
from scripts.chaos.user import Lost, User, asking_for

AT_ONCE = 50


def play(scene: SceneRun) -> None:
    questions: list[Question] = []
    for number in range(1, scene.count + 1):
        user = User(scene.server.address)
        questions.append(_same_message(scene, user))
        _another_body(scene, user, questions[-1])
        questions += _two_tabs(scene, user)
        scene.say(f"{number} of {scene.count} messages, each sent {AT_ONCE} times")
    rows = settle_questions(scene, questions)
    all_completed(scene, rows.values())


def _same_message(scene: SceneRun, user: User) -> Question:
    question = make_question(12, gap=0.02, first=0.05)
    question.conversation = user.conversation
    start = threading.Barrier(AT_ONCE)
    numbers = Counter(side_by_side([_send(user, question, number % 2 == 0, start) for number in range(AT_ONCE)]))
    scene.add("sent", AT_ONCE)
    scene.add("messages")
    scene.add("second turns", len(numbers) - 1)
    scene.expect(len(numbers) == 1, f"{user.name}: {question.client_id} became the turns {sorted(numbers)}")
    question.turn = {"turn_id": min(numbers)}
    question.form = POLL
    return question


def _send(user: User, question: Question, as_stream: bool, start: threading.Barrier) -> Callable[[], int]:
    path = f"/api/conversations/{question.conversation}/turns"
    body = {"text": question.text, "client_id": question.client_id}
    headers = user.headers | ({"Accept": EVENT_STREAM} if as_stream else {})

    def run() -> int:
        with asking_for(f"{user.name}, {question}"):
            call = Call(user.address)
            start.wait(60)
            answer = call.send("POST", path, body, headers)
            if not answer.streams:
                return int(answer.json["turn_id"])
            events = list(answer.events())
        assert events[-1].name == "done", f"{user.name}: a stream of {question.client_id} has no end"
        return int(events[0].data["turn_id"])

    return run


def _another_body(scene: SceneRun, user: User, question: Question) -> None:
    body = {"text": "Something else", "client_id": question.client_id}
    outcome = _outcome(lambda: user.post(f"/api/conversations/{question.conversation}/turns", body))
    scene.expect(outcome == "409 client_id_reused", f"{user.name}: another text as {question.client_id} got {outcome}")
    scene.add("reused refused", int(outcome.startswith("409")))


def _two_tabs(scene: SceneRun, user: User) -> list[Question]:
    """Send from two tabs: one turn runs; the other is refused, or accepted because the first had ended."""
    tabs = [make_question(10, form=form, gap=0.02, first=0.1) for form in (STREAM, POLL)]
    conversation = user.new_conversation()
    for tab in tabs:
        tab.conversation = conversation
    outcomes = side_by_side([lambda tab=tab: _outcome(lambda: user.ask(tab)) for tab in tabs])
    for tab, outcome in zip(tabs, outcomes, strict=True):
        scene.expect(outcome in ("ok", "409 turn_running"), f"{user.name}: of two tabs one got {outcome}: {tab}")
    scene.expect("ok" in outcomes, f"{user.name}: of two tabs neither got an answer in conversation {conversation}")
    scene.add("second tabs refused", sum(outcome != "ok" for outcome in outcomes))
    return tabs


def _outcome(call: Callable[[], Any]) -> str:
    try:
        call()
    except Refused as refused:
        return f"{refused.status} {refused.code}"
    except Lost as lost:
        return lost.code
    return "ok"
