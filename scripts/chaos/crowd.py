"""Several users at once, each in a thread: they ask repeatedly until they are stopped, or each makes one call."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TypeVar

from scripts.chaos.connection import Address, Dropped, Refused
from scripts.chaos.parley import CannotRun
from scripts.chaos.question import Question
from scripts.chaos.user import TIMEOUT_S, Lost, User

T = TypeVar("T")


class Crowd:
    """Users who ask the questions of `make`, one after another. A context manager; at its end all of them leave.

    `questions` has each question with its user, `problems` a sentence about each user who gave up.
    """

    def __init__(self, address: Address, size: int, make: Callable[[], Question]) -> None:
        self.users = side_by_side([lambda: User(address)] * size)
        self.questions: list[tuple[User, Question]] = []
        self.problems: list[str] = []
        self._make = make
        self._enough = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(each,), daemon=True) for each in self.users]

    def __enter__(self) -> Crowd:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._enough.set()
        for user in self.users:
            user.leaving.set()

    def finish(self) -> None:
        """Ask no new questions; return when every user has received the end of the answer."""
        self._enough.set()
        for thread in self._threads:
            thread.join(2 * TIMEOUT_S)

    def open_questions(self) -> list[Question]:
        """Return the questions that are being answered now."""
        return [question for _, question in list(self.questions) if question.turn and not question.status]

    def _ask(self, user: User) -> None:
        while not self._enough.is_set():
            question = self._make()
            self.questions.append((user, question))
            try:
                user.ask(question)
            except Lost as lost:
                if not user.leaving.is_set():
                    self.problems.append(str(lost))
                return


def side_by_side(calls: Iterable[Callable[[], T]]) -> list[T]:
    """Make all calls at the same time and return their results. Raises the first error."""
    results: dict[int, T] = {}
    failures: list[Exception] = []

    def run(number: int, call: Callable[[], T]) -> None:
        try:
            results[number] = call()
        except (Lost, Dropped, Refused, CannotRun, AssertionError, threading.BrokenBarrierError) as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=each, daemon=True) for each in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return [results[number] for number in range(len(threads))]
