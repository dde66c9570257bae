"""Very many turns: afterwards memory, descriptors, greenlets and threads are where they were."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator

from scripts.chaos.connection import Dropped, Refused
from scripts.chaos.crowd import side_by_side
from scripts.chaos.person import Lost, Person
from scripts.chaos.question import FORMS, STREAM, question
from scripts.chaos.stage import Stage

MEMORY_LIMIT_MB = 2
# Before the first look: until caches are full, pools are open and the allocator has what it needs.
_WARM_SHARE = 0.2
_IN_A_CONVERSATION = 8
_SETTLED_S = 4.0
_READINGS = 20
# What a worker may have more of afterwards.
_BYTES, _DESCRIPTORS, _GREENLETS, _THREADS = 12 << 20, 4, 3, 3
_MORE = {"rss_bytes": _BYTES, "fds": _DESCRIPTORS, "greenlets": _GREENLETS, "threads": _THREADS}


def play(stage: Stage) -> None:
    warm = int(stage.count * _WARM_SHARE)
    people = side_by_side([lambda: Person(stage.server.address)] * stage.people)
    _ask(stage, people, warm)
    _open_what_is_opened_once(people)
    before = _figures(stage)
    _ask(stage, people, stage.count - warm)
    after = _figures(stage)
    for name, more in _MORE.items():
        grown = after[name] - before[name]
        stage.expect(grown <= more * stage.server.size, f"{name} grew from {before[name]} to {after[name]}")
    stage.counts |= {f"{name} before": before[name] for name in _MORE} | {
        f"{name} after": after[name] for name in _MORE
    }
    stage.counts |= {"lost": 0, "doubled": stage.database.doubled()}
    kept = len(stage.database.turns())
    stage.expect(kept == stage.counts["turns"], f"{stage.counts['turns']} turns were told, {kept} are kept")


def _open_what_is_opened_once(people: list[Person]) -> None:
    """Have so much read at once that every worker has used each of its connections to the database."""
    for _ in range(_READINGS):
        side_by_side([lambda person=person: person.patiently(lambda: person.get("/api/export")) for person in people])


def _ask(stage: Stage, people: list[Person], many: int) -> None:
    """So many turns, in all forms, one person in ten leaving in the middle of it."""
    numbers = iter(range(many))
    lock = threading.Lock()

    def mine() -> Iterator[int]:
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            yield number

    def run(person: Person) -> None:
        for own, number in zip(itertools.count(), mine(), strict=False):
            if own % _IN_A_CONVERSATION == 0:
                person.conversation = person.new_conversation()
            _turn(stage, person, number)

    side_by_side([lambda person=person: run(person) for person in people])


def _turn(stage: Stage, person: Person, number: int) -> None:
    asked = question(8, form=FORMS[number % len(FORMS)], gap=0.002, tool=number % 20 == 0)
    if number % 10 == 0 and asked.form == STREAM:
        _leave_in_the_middle(person, asked.text)
    else:
        try:
            person.ask(asked)
        except Lost as lost:
            stage.expect(False, f"somebody got no further: {lost}")
        whole = asked.status == "completed" and (asked.form != STREAM or asked.told == asked.answer)
        stage.expect(whole, f"{asked.status} ({asked.error}): {asked}")
    stage.add("turns")
    if number % 100 == 0:
        stage.say(f"{stage.counts['turns']} of {stage.count} turns")


def _leave_in_the_middle(person: Person, text: str) -> None:
    path = f"/api/conversations/{person.conversation}/turns"
    answer = person.patiently(lambda: person.post(path, {"text": text}, Accept="text/event-stream"))
    turn = next(answer.events()).data["turn_id"]
    answer.close()
    while person.look(turn)["status"] == "running":
        time.sleep(0.02)


def _figures(stage: Stage) -> dict[str, int]:
    """Return the sums over all workers, once no turn is running."""
    time.sleep(_SETTLED_S)
    until = time.monotonic() + 30
    while True:
        try:
            shown = stage.server.address.ask("GET", "/admin/memory-debug", headers={"Accept": "application/json"}).json
            workers = [worker for worker in shown["workers"] if not worker["stale"]]
            if len(workers) == stage.server.size and not any(worker["active_turns"] for worker in workers):
                return {name: sum(worker[name] for worker in workers) for name in _MORE}
        except (Dropped, Refused):
            pass
        if time.monotonic() > until:
            raise AssertionError("the workers do not come to rest")
        time.sleep(0.2)
