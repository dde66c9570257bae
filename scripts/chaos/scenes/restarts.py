"""The server is told to end, as systemd or Docker would, and started again, with answers under way."""

from __future__ import annotations

import subprocess
import threading
import time

from scripts.chaos.crowd import side_by_side
from scripts.chaos.ledger import settle_questions
from scripts.chaos.person import Lost, Person
from scripts.chaos.question import PLAIN, STREAM, Question, question
from scripts.chaos.stage import Stage

GRACE_S = 3
_ENDING_S = 10.0  # beside the grace: the last connections before it, the last commits after it
_BEGINNING_S = 10.0


def play(stage: Stage) -> None:
    asked: list[Question] = []
    for number in range(1, stage.count + 1):
        asked += _round(stage, nobody_follows=number % 2 == 0)
        stage.say(f"{number} of {stage.count} restarts, {len(asked)} answers")
    rows = settle_questions(stage, asked)
    for each in asked:
        if each.client_id in rows:
            expected = "interrupted" if _is_long(each) else "completed"
            status = rows[each.client_id].status
            stage.expect(status == expected, f"{status}, but was to be {expected}: {each}")
            told = each.told
            kept = rows[each.client_id].text
            stage.expect(not each.status or told == kept, f"told {len(told)} characters, kept {len(kept)}: {each}")
            stage.expect(kept or expected == "completed", f"nothing is kept of {each}")


def _round(stage: Stage, *, nobody_follows: bool) -> list[Question]:
    people = side_by_side([lambda: Person(stage.server.address)] * stage.people)
    asked = [_question(number, nobody_follows) for number in range(len(people))]
    pairs = list(zip(people, asked, strict=True))
    side_by_side([lambda pair=pair: _send(*pair) for pair in pairs if pair[1].form == PLAIN])
    followers = [threading.Thread(target=_ask, args=pair, daemon=True) for pair in pairs if pair[1].form == STREAM]
    for follower in followers:
        follower.start()
    _wait_until_begun(asked)
    _restart(stage)
    for follower in followers:
        follower.join(60)
    stage.add("restarts")
    return asked


def _question(number: int, nobody_follows: bool) -> Question:
    """Half of them end well within the grace, half long after it; of three, one is followed by nobody.

    Where nobody follows any, no connection keeps a worker: it has to think of its turns by itself.
    """
    form = PLAIN if nobody_follows or number % 3 == 2 else STREAM
    return question(600 if number % 2 else 50, form=form, gap=0.04, first=0.05)


def _is_long(asked: Question) -> bool:
    return len(asked.answer.split()) > 100


def _ask(person: Person, asked: Question) -> None:
    try:
        person.ask(asked)
    except Lost:
        asked.status = "lost"


def _send(person: Person, asked: Question) -> None:
    """Only that: nobody follows."""
    asked.conversation = person.conversation
    path = f"/api/conversations/{person.conversation}/turns"
    body = {"text": asked.text, "client_id": asked.client_id}
    asked.turn = person.patiently(lambda: person.post(path, body)).json


def _wait_until_begun(asked: list[Question]) -> None:
    until = time.monotonic() + _BEGINNING_S
    while time.monotonic() < until:
        if all(each.turn and (each.form == PLAIN or each.heard("delta")) for each in asked):
            break
        time.sleep(0.02)
    time.sleep(0.3)  # for the first words of those that nobody follows


def _restart(stage: Stage) -> None:
    try:
        took = stage.server.stop(2 * (GRACE_S + _ENDING_S) * stage.slack + 30)
        stage.within("longest to end", took, GRACE_S + _ENDING_S, f"the server's grace is {GRACE_S} s")
    except subprocess.TimeoutExpired:
        stage.expect(False, "the server did not end when it was told to")
        stage.server.kill()
    stage.server.start()
