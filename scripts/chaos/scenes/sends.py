"""The same message is sent many times at once; another one under its name; and from two tabs at the same time."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

from scripts.chaos.connection import EVENT_STREAM, Call, Refused
from scripts.chaos.crowd import side_by_side
from scripts.chaos.ledger import all_completed, settle_questions
from scripts.chaos.person import Lost, Person, asking_for
from scripts.chaos.question import POLL, STREAM, Question, question
from scripts.chaos.stage import Stage

AT_ONCE = 50


def play(stage: Stage) -> None:
    asked: list[Question] = []
    for number in range(1, stage.count + 1):
        person = Person(stage.server.address)
        asked.append(_same_message(stage, person))
        _another_body(stage, person, asked[-1])
        asked += _two_tabs(stage, person)
        stage.say(f"{number} of {stage.count} messages, each sent {AT_ONCE} times")
    rows = settle_questions(stage, asked)
    all_completed(stage, rows.values())


def _same_message(stage: Stage, person: Person) -> Question:
    asked = question(12, gap=0.02, first=0.05)
    asked.conversation = person.conversation
    start = threading.Barrier(AT_ONCE)
    numbers = Counter(side_by_side([_send(person, asked, number % 2 == 0, start) for number in range(AT_ONCE)]))
    stage.add("sent", AT_ONCE)
    stage.add("messages")
    stage.add("second turns", len(numbers) - 1)
    stage.expect(len(numbers) == 1, f"{person.name}: {asked.client_id} became the turns {sorted(numbers)}")
    asked.turn = {"turn_id": min(numbers)}
    asked.form = POLL
    return asked


def _send(person: Person, asked: Question, as_stream: bool, start: threading.Barrier) -> Callable[[], int]:
    path = f"/api/conversations/{asked.conversation}/turns"
    body = {"text": asked.text, "client_id": asked.client_id}
    headers = person.headers | ({"Accept": EVENT_STREAM} if as_stream else {})

    def run() -> int:
        with asking_for(f"{person.name}, {asked}"):
            call = Call(person.address)
            start.wait(60)
            answer = call.send("POST", path, body, headers)
            if not answer.streams:
                return int(answer.json["turn_id"])
            events = list(answer.events())
        assert events[-1].name == "done", f"{person.name}: a stream of {asked.client_id} has no end"
        return int(events[0].data["turn_id"])

    return run


def _another_body(stage: Stage, person: Person, asked: Question) -> None:
    body = {"text": "Something else", "client_id": asked.client_id}
    outcome = _outcome(lambda: person.post(f"/api/conversations/{asked.conversation}/turns", body))
    stage.expect(outcome == "409 client_id_reused", f"{person.name}: another text as {asked.client_id} got {outcome}")
    stage.add("reused refused", int(outcome.startswith("409")))


def _two_tabs(stage: Stage, person: Person) -> list[Question]:
    """One of them runs; the other is refused, or accepted because the first had ended."""
    tabs = [question(10, form=form, gap=0.02, first=0.1) for form in (STREAM, POLL)]
    conversation = person.new_conversation()
    for tab in tabs:
        tab.conversation = conversation
    outcomes = side_by_side([lambda tab=tab: _outcome(lambda: person.ask(tab)) for tab in tabs])
    for tab, outcome in zip(tabs, outcomes, strict=True):
        stage.expect(outcome in ("ok", "409 turn_running"), f"{person.name}: of two tabs one got {outcome}: {tab}")
    stage.expect("ok" in outcomes, f"{person.name}: of two tabs neither got an answer in conversation {conversation}")
    stage.add("second tabs refused", sum(outcome != "ok" for outcome in outcomes))
    return tabs


def _outcome(call: Callable[[], Any]) -> str:
    try:
        call()
    except Refused as refused:
        return f"{refused.status} {refused.code}"
    except Lost as lost:
        return lost.code
    return "ok"
