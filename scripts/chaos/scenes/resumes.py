"""Followers lose their connections at random events and resume: their events are the same, byte for byte."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable

from scripts.chaos.crowd import side_by_side
from scripts.chaos.ledger import settle_questions
from scripts.chaos.question import Question, make_question
from scripts.chaos.scene_run import SceneRun
from scripts.chaos.user import User, asking_for
from scripts.kit.sse import Event

CAUGHT_UP_S = 1.0
_CUTTERS = 3


def play(scene: SceneRun) -> None:
    questions: list[Question] = []
    users = side_by_side([lambda: User(scene.server.address)] * scene.users)
    while scene.counts.get("resumes", 0) < scene.count and not scene.failures:
        questions += side_by_side([_round(scene, user) for user in users])
        scene.say(f"{scene.counts.get('resumes', 0)} of {scene.count} resumes, {len(questions)} answers")
    settle_questions(scene, questions)


def _round(scene: SceneRun, user: User) -> Callable[[], Question]:
    """Follow one answer to its end: its own user without a break, the others with breaks."""

    def run() -> Question:
        question = make_question(random.randint(20, 80), tool=random.random() < 0.3, gap=0.03, first=0.1)
        follower = threading.Thread(target=user.ask, args=(question,), daemon=True)
        follower.start()
        while not question.turn and follower.is_alive():
            time.sleep(0.01)
        others = side_by_side([lambda: _with_breaks(scene, user, question)] * _CUTTERS)
        follower.join()
        _compare(scene, user, question, others)
        return question

    return run


def _with_breaks(scene: SceneRun, user: User, question: Question) -> list[Event]:
    assert question.turn
    events: list[Event] = []
    while not events or events[-1].name != "done":
        if events:
            scene.add("resumes")
        with asking_for(f"{user.name}, {question}, from event {events[-1].number if events else 0}"):
            events += _piece(scene, user, question, events[-1].number if events else 0)
        if random.random() < 0.3:
            time.sleep(random.uniform(0, 0.5))
    return events


def _piece(scene: SceneRun, user: User, question: Question, after: int) -> list[Event]:
    """Return the events of one connection until it is cut at random, but never before it has caught up."""
    assert question.turn
    known, since = question.last, time.monotonic()
    many = random.randint(1, 12)
    piece: list[Event] = []
    answer = user.follow(question.turn["turn_id"], after, by_header=random.random() < 0.5)
    for event in answer.events():
        if not piece or piece[-1].number < known <= event.number:
            scene.within("longest to catch up", event.at - since if known > after else 0.0, CAUGHT_UP_S, question)
        piece.append(event)
        if event.name == "done" or (len(piece) >= many and event.number >= known):
            break
    answer.close()
    return piece


def _compare(scene: SceneRun, user: User, question: Question, others: list[list[Event]]) -> None:
    assert question.turn
    whole = b"".join(event.raw for event in question.events)
    scene.expect(not question.drops, f"who was to have no break had one ({'; '.join(question.drops)}): {question}")
    for other in others:
        same = b"".join(event.raw for event in other) == whole
        scene.add("followers")
        scene.add("differ", int(not same))
        scene.expect(same, f"a follower with breaks got other events: {question}")
    with asking_for(f"{user.name}, {question}"):
        after = b"".join(event.raw for event in user.follow(question.turn["turn_id"]).events())
    scene.expect(after == whole, f"after its end, its events differ: {question}")
    scene.expect(
        user.look(question.turn["turn_id"])["text"] == question.received_text,
        f"its text is shown differently: {question}",
    )
