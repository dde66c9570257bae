"""Several people at once, each in a thread: asking on and on until they are told to stop, or each doing one thing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

from scripts.chaos.connection import Address, Dropped, Refused
from scripts.chaos.person import PATIENCE_S, Lost, Person
from scripts.chaos.question import Question

T = TypeVar("T")


class Crowd:
    """People who ask what `make` makes, one question after another. A context manager; at its end all of them leave.

    `asked` has every question with who asked it; `problems` a sentence about each person who gave up.
    """

    def __init__(self, address: Address, size: int, make: Callable[[], Question]) -> None:
        self.people = side_by_side([lambda: Person(address)] * size)
        self.asked: list[tuple[Person, Question]] = []
        self.problems: list[str] = []
        self._make = make
        self._enough = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(each,), daemon=True) for each in self.people]

    def __enter__(self) -> Crowd:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        for person in self.people:
            person.leaving.set()

    def finish(self) -> None:
        """No new questions; returns when everybody has had the end of their answer."""
        self._enough.set()
        for thread in self._threads:
            thread.join(2 * PATIENCE_S)

    def open_questions(self) -> list[Question]:
        """Those that are being answered now."""
        return [question for _, question in list(self.asked) if question.turn and not question.status]

    def _ask(self, person: Person) -> None:
        while not self._enough.is_set():
            question = self._make()
            self.asked.append((person, question))
            try:
                person.ask(question)
            except Lost as lost:
                if not person.leaving.is_set():
                    self.problems.append(str(lost))
                return


def side_by_side(calls: Iterable[Callable[[], T]]) -> list[T]:
    """Make all calls at the same time and return their results. Raises the first error."""
    results: dict[int, T] = {}
    failures: list[Exception] = []

    def run(number: int, call: Callable[[], T]) -> None:
        try:
            results[number] = call()
        except (Lost, Dropped, Refused, AssertionError, threading.BrokenBarrierError) as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=each, daemon=True) for each in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return [results[number] for number in range(len(threads))]
