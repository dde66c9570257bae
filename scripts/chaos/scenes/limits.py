"""The server's limits: too few file descriptors, too little memory, a disk that takes no more."""

from __future__ import annotations

import contextlib
import resource
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from scripts.chaos.connection import Dropped, Refused
from scripts.chaos.crowd import Crowd, side_by_side
from scripts.chaos.database import TurnRow
from scripts.chaos.ledger import settle_questions
from scripts.chaos.person import Lost, Person
from scripts.chaos.question import PLAIN, STREAM, Question, question
from scripts.chaos.stage import Stage

HEALTHY_WITHIN_S = 1.0
REFUSED_WITHIN_S = 2.5
_LACKING_S = 3.0
# What a worker may still open, or take of memory, beyond what it has when a limit is set.
_FILES_LEFT = 4
_BYTES_LEFT = 8 << 20
_MOST_PEOPLE = 700
# How a turn may fail for want of something of the server's own: never by a fault of the model.
_OWN = ("overloaded", "database_unavailable", "internal")


def play(stage: Stage) -> None:
    limits = _Limits(stage)
    for number in range(stage.count):
        act = ACTS[number % len(ACTS)]
        act(limits)
        stage.add(act.__name__.replace("_", " "))
        stage.say(f"{number + 1} of {stage.count} limits, {len(limits.asked)} questions")
    rows = settle_questions(stage, limits.asked)
    for asked in limits.asked:
        if asked.client_id in rows:
            limits.check(asked, rows[asked.client_id])


class _Limits:
    """The acts. `lacked` are the questions that were asked while something was lacking: these may have failed."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.server = stage.server
        self.asked: list[Question] = []
        self.lacked: set[str] = set()

    def check(self, asked: Question, row: TurnRow) -> None:
        own = asked.client_id in self.lacked and row.status == "failed" and row.error in _OWN
        self.stage.expect(row.status == "completed" or own, f"{row.status} ({row.error}): {asked}")

    def few_descriptors(self) -> None:
        """Run many more users than a server with few open files can serve."""
        many = min(_MOST_PEOPLE, 10 * self.stage.people)
        self.server.stop(60)
        self.server.start(files=96 + many)  # enough for two fifths of them
        self.stage.expect("descriptors: at most" in self.server.console(), "the start does not say what it admits")
        people = side_by_side([lambda: Person(self.server.address)] * many)
        questions = [question(20, gap=0.1, first=0.1) for _ in people]
        with self._healthy():
            side_by_side([_all_asked(*pair) for pair in zip(people, questions, strict=True)])
        self.asked += questions
        refusals = sum((each.refusals for each in questions), Counter[str]())
        self.stage.add("told to come again", refusals["overloaded"])
        self.stage.expect(set(refusals) <= {"overloaded"}, f"refused otherwise: {dict(refusals)}")
        self.server.stop(60)
        self.server.start()

    def no_descriptors(self) -> None:
        """Nothing more can be opened: answers under way go on, and afterwards everything does."""
        self._lack(resource.RLIMIT_NOFILE, lambda pid: len(list(Path(f"/proc/{pid}/fd").iterdir())) + _FILES_LEFT)

    def little_memory(self) -> None:
        """Next to no memory can be had."""
        self._lack(resource.RLIMIT_AS, lambda pid: _virtual_bytes(pid) + _BYTES_LEFT)

    def full_disk(self) -> None:
        """No file can grow: not the database's, nor the logs."""
        with self._crowd():
            newcomers = side_by_side([lambda: Person(self.server.address)] * 4)
            with self._limited(resource.RLIMIT_FSIZE, lambda _: 0), self._healthy():
                until = time.monotonic() + _LACKING_S
                while time.monotonic() < until:
                    side_by_side([self._refused(person) for person in newcomers])
                    time.sleep(0.2)
        lines = [line for line in self.server.console().splitlines() if "takes no lines" in line]
        self.stage.expect(len(lines) <= 4 * self.server.size, f"{len(lines)} lines about a log that takes none")
        self.stage.expect("--- Logging error ---" not in self.server.console(), "a page for each line of a log")

    def _lack(self, kind: int, left: Callable[[int], int]) -> None:
        with self._crowd():
            newcomers = side_by_side([lambda: Person(self.server.address)] * 6)
            with self._limited(kind, left):
                late = [_sent(person, question(10, form=PLAIN)) for person in newcomers for _ in range(2)]
                time.sleep(_LACKING_S)
        self.asked += late
        self.lacked |= {each.client_id for each in late}

    @contextlib.contextmanager
    def _crowd(self) -> Iterator[None]:
        """People who are answered before, during and after what happens within; their workers live through it."""
        self.server.wait_until_started(self.server.size)
        workers = self.server.workers
        with Crowd(self.server.address, self.stage.people, lambda: question(60, form=STREAM, gap=0.05)) as crowd:
            until = time.monotonic() + 10
            while len(crowd.open_questions()) < len(crowd.people) and time.monotonic() < until:
                time.sleep(0.02)
            before = {each.client_id for each in crowd.open_questions()}
            yield
            crowd.finish()
        self.stage.expect(self.server.workers == workers, "a worker did not live through it")
        for problem in crowd.problems:
            self.stage.expect(False, f"somebody got no further: {problem}")
        self.asked += [each for _, each in crowd.asked]
        self.lacked |= {each.client_id for _, each in crowd.asked if each.client_id not in before}

    @contextlib.contextmanager
    def _limited(self, kind: int, left: Callable[[int], int]) -> Iterator[None]:
        before = {pid: resource.prlimit(pid, kind) for pid in self.server.workers}
        for pid, (_, hard) in before.items():
            resource.prlimit(pid, kind, (left(pid), hard))
        try:
            yield
        finally:
            for pid, limits in before.items():
                with contextlib.suppress(ProcessLookupError):
                    resource.prlimit(pid, kind, limits)

    @contextlib.contextmanager
    def _healthy(self) -> Iterator[None]:
        """/healthz answers all the while."""
        over = threading.Event()

        def look() -> None:
            while not over.wait(0.2):
                since = time.monotonic()
                with contextlib.suppress(Dropped):
                    self.server.address.ask("GET", "/healthz", timeout_s=10)
                self.stage.within("longest until healthy", time.monotonic() - since, HEALTHY_WITHIN_S, "/healthz")

        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _refused(self, person: Person) -> Callable[[], None]:
        def run() -> None:
            since = time.monotonic()
            path = f"/api/conversations/{person.conversation}/turns"
            try:
                person.post(path, {"text": "Is there room?"})
                self.stage.expect(False, f"{person.name}: a question was taken that cannot have been kept")
            except Refused as refused:
                told = refused.status == 503 and refused.retry_after
                self.stage.expect(told, f"{person.name}: a send while the disk was full got {refused}")
                self.stage.add("told to come again")
            self.stage.within("longest until told", time.monotonic() - since, REFUSED_WITHIN_S, person.name)

        return run


def _all_asked(person: Person, asked: Question) -> Callable[[], None]:
    def run() -> None:
        with contextlib.suppress(Lost):  # it shows in what is settled
            person.ask(asked)

    return run


def _sent(person: Person, asked: Question) -> Question:
    """Send once; nobody waits for the answer."""
    asked.conversation = person.conversation
    with contextlib.suppress(Dropped, Refused):
        asked.turn = person.address.ask(
            "POST",
            f"/api/conversations/{person.conversation}/turns",
            {"text": asked.text, "client_id": asked.client_id},
            person.headers,
            timeout_s=1.5,
        ).json
    return asked


def _virtual_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()


ACTS: tuple[Callable[[_Limits], None], ...] = (
    _Limits.few_descriptors,
    _Limits.no_descriptors,
    _Limits.full_disk,
    _Limits.little_memory,
)
