"""The server is stopped as by systemd or Docker, and started again, with answers under way."""

from __future__ import annotations

import subprocess
import threading
import time

from scripts.chaos.crowd import side_by_side
from scripts.chaos.ledger import settle_questions
from scripts.chaos.question import PLAIN, STREAM, Question, make_question
from scripts.chaos.scene_run import SceneRun
from scripts.chaos.user import Lost, User
from scripts.kit.waiting import poll

GRACE_S = 3
_ENDING_S = 10.0  # in addition to the grace period: the last connections before it, the last commits after it
_BEGINNING_S = 10.0


def play(scene: SceneRun) -> None:
    questions: list[Question] = []
    for number in range(1, scene.count + 1):
        questions += _round(scene, nobody_follows=number % 2 == 0)
        scene.say(f"{number} of {scene.count} restarts, {len(questions)} answers")
    rows = settle_questions(scene, questions)
    for each in questions:
        if each.client_id in rows:
            expected = "interrupted" if _is_long(each) else "completed"
            status = rows[each.client_id].status
            scene.expect(status == expected, f"{status}, but was to be {expected}: {each}")
            text = each.received_text
            stored = rows[each.client_id].text
            scene.expect(
                not each.status or text == stored, f"{len(text)} characters were sent, {len(stored)} are stored: {each}"
            )
            scene.expect(stored or expected == "completed", f"nothing is stored of {each}")


def _round(scene: SceneRun, *, nobody_follows: bool) -> list[Question]:
    users = side_by_side([lambda: User(scene.server.address)] * scene.users)
    questions = [_question(number, nobody_follows) for number in range(len(users))]
    pairs = list(zip(users, questions, strict=True))
    side_by_side([lambda pair=pair: _send(*pair) for pair in pairs if pair[1].form == PLAIN])
    followers = [threading.Thread(target=_ask, args=pair, daemon=True) for pair in pairs if pair[1].form == STREAM]
    for follower in followers:
        follower.start()
    _wait_until_begun(questions)
    _restart(scene)
    for follower in followers:
        follower.join(60)
    scene.add("restarts")
    return questions


def _question(number: int, nobody_follows: bool) -> Question:
    """Return a question: half of the answers end within the grace period, half after it; a third have no follower.

    Without a follower, no connection keeps a worker alive: it must wait for its turns itself.
    """
    form = PLAIN if nobody_follows or number % 3 == 2 else STREAM
    return make_question(600 if number % 2 else 50, form=form, gap=0.04, first=0.05)


def _is_long(question: Question) -> bool:
    return len(question.answer.split()) > 100


def _ask(user: User, question: Question) -> None:
    try:
        user.ask(question)
    except Lost:
        question.status = "lost"


def _send(user: User, question: Question) -> None:
    """Send the question without following its answer."""
    question.conversation = user.conversation
    path = f"/api/conversations/{user.conversation}/turns"
    body = {"text": question.text, "client_id": question.client_id}
    question.turn = user.until_served(lambda: user.post(path, body)).json


def _wait_until_begun(questions: list[Question]) -> None:
    poll(lambda: all(each.turn and (each.form == PLAIN or each.has_event("delta")) for each in questions), _BEGINNING_S)
    time.sleep(0.3)  # for the first words of answers without a follower


def _restart(scene: SceneRun) -> None:
    try:
        took = scene.server.time_to_stop(2 * (GRACE_S + _ENDING_S) * scene.slack + 30)
        scene.within("longest to end", took, GRACE_S + _ENDING_S, f"the server's grace is {GRACE_S} s")
    except subprocess.TimeoutExpired:
        scene.expect(False, "the server did not end in time")
    scene.server.start()
