"""The server's limits: too few file descriptors, too little memory, a full disk, a slow disk."""

from __future__ import annotations

import contextlib
import resource
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from scripts.chaos import slow_disk
from scripts.chaos.connection import Dropped, Refused
from scripts.chaos.crowd import Crowd, side_by_side
from scripts.chaos.database import TurnRow
from scripts.chaos.ledger import settle_questions
from scripts.chaos.question import PLAIN, STREAM, Question, make_question
from scripts.chaos.scene_run import SceneRun
from scripts.chaos.user import Lost, User
from scripts.kit.waiting import poll

HEALTHY_WITHIN_S = 1.0
REFUSED_WITHIN_S = 2.5
_EXHAUSTED_S = 3.0
_SLOW_S = 6.0
_SLOW_WRITE_S = 0.1
# More than two gthread workers have threads.
_SENDERS = 24
# What a worker may still open or allocate when a limit is set.
_FILES_LEFT = 4
_BYTES_LEFT = 8 << 20
_MOST_PEOPLE = 700
# Errors of a turn when the server lacks a resource of its own: never a fault of the model.
_OWN = ("overloaded", "database_unavailable", "internal")


def play(scene: SceneRun) -> None:
    limits = _Limits(scene)
    faults = [fault for fault in FAULTS if scene.database.is_a_file or fault not in OF_THE_FILE]
    for number in range(scene.count):
        fault = faults[number % len(faults)]
        fault(limits)
        scene.add(fault.__name__.replace("_", " "))
        scene.say(f"{number + 1} of {scene.count} limits, {len(limits.questions)} questions")
    rows = settle_questions(scene, limits.questions)
    for question in limits.questions:
        if question.client_id in rows:
            limits.check(question, rows[question.client_id])


class _Limits:
    """The parts of the scene. `affected` are the questions of the time without a resource: they may fail."""

    def __init__(self, scene: SceneRun) -> None:
        self.scene = scene
        self.server = scene.server
        self.questions: list[Question] = []
        self.affected: set[str] = set()

    def check(self, question: Question, row: TurnRow) -> None:
        own = question.client_id in self.affected and row.status == "failed" and row.error in _OWN
        self.scene.expect(row.status == "completed" or own, f"{row.status} ({row.error}): {question}")

    def few_descriptors(self) -> None:
        """Run many more users than a server with few open files can serve."""
        many = min(_MOST_PEOPLE, 10 * self.scene.users)
        self.server.stop(60)
        self.server.start(files=96 + many)  # enough for two fifths of them
        self.scene.expect("descriptors: at most" in self.server.console(), "the start does not say what it admits")
        users = side_by_side([lambda: User(self.server.address)] * many)
        questions = [make_question(20, gap=0.1, first=0.1) for _ in users]
        with self._healthy():
            side_by_side([_ask_each(*pair) for pair in zip(users, questions, strict=True)])
        self.questions += questions
        refusals = sum((each.refusals for each in questions), Counter[str]())
        self.scene.add("refused temporarily", refusals["overloaded"])
        self.scene.expect(set(refusals) <= {"overloaded"}, f"refused otherwise: {dict(refusals)}")
        self.server.stop(60)
        self.server.start()

    def no_descriptors(self) -> None:
        """Allow no more open files: running answers continue, and afterwards everything works."""
        self._exhaust(resource.RLIMIT_NOFILE, lambda pid: len(list(Path(f"/proc/{pid}/fd").iterdir())) + _FILES_LEFT)

    def little_memory(self) -> None:
        """Leave almost no memory."""
        self._exhaust(resource.RLIMIT_AS, lambda pid: _virtual_bytes(pid) + _BYTES_LEFT)

    def full_disk(self) -> None:
        """Let no file grow, neither the database's nor the logs."""
        with self._crowd():
            newcomers = side_by_side([lambda: User(self.server.address)] * 4)
            with self._limited(resource.RLIMIT_FSIZE, lambda _: 0), self._healthy():
                until = time.monotonic() + _EXHAUSTED_S
                while time.monotonic() < until:
                    side_by_side([self._refused(user) for user in newcomers])
                    time.sleep(0.2)
        lines = [line for line in self.server.console().splitlines() if "takes no lines" in line]
        self.scene.expect(len(lines) <= 4 * self.server.size, f"{len(lines)} lines about a log that takes none")
        self.scene.expect("--- Logging error ---" not in self.server.console(), "a page for each line of a log")

    def slow_disk(self) -> None:
        """Make each write to the database's files take a tenth of a second."""
        if missing := slow_disk.missing():
            self.scene.say(f"no slow disk: {missing}")
            self.scene.add("skipped")
            return
        files = [self.server.database.with_name(self.server.database.name + end) for end in ("", "-wal", "-shm")]
        with self._crowd():
            newcomers = side_by_side([lambda: User(self.server.address)] * _SENDERS)
            late = [make_question(10, form=PLAIN) for _ in newcomers]
            with slow_disk.slow_writes(self.server.workers, files, _SLOW_WRITE_S), self._healthy():
                until = time.monotonic() + _SLOW_S
                side_by_side([self._sent_until(until, *pair) for pair in zip(newcomers, late, strict=True)])
        self.questions += late

    def _exhaust(self, kind: int, left: Callable[[int], int]) -> None:
        with self._crowd():
            newcomers = side_by_side([lambda: User(self.server.address)] * 6)
            with self._limited(kind, left):
                late = [_sent(user, make_question(10, form=PLAIN)) for user in newcomers for _ in range(2)]
                time.sleep(_EXHAUSTED_S)
        self.questions += late
        self.affected |= {each.client_id for each in late}

    @contextlib.contextmanager
    def _crowd(self) -> Iterator[None]:
        """Users who are answered before, during and after the block; their workers survive it."""
        self.server.wait_until_started(self.server.size)
        workers = self.server.workers
        with Crowd(self.server.address, self.scene.users, lambda: make_question(60, form=STREAM, gap=0.05)) as crowd:
            poll(lambda: len(crowd.open_questions()) >= len(crowd.users), 10)
            before = {each.client_id for each in crowd.open_questions()}
            yield
            crowd.finish()
        self.scene.expect(self.server.workers == workers, "a worker did not survive it")
        for problem in crowd.problems:
            self.scene.expect(False, f"a user was not served: {problem}")
        self.questions += [each for _, each in crowd.questions]
        self.affected |= {each.client_id for _, each in crowd.questions if each.client_id not in before}

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
        """Check that /healthz answers during the block."""
        over = threading.Event()

        def look() -> None:
            while not over.wait(0.2):
                since = time.monotonic()
                with contextlib.suppress(Dropped):
                    self.server.address.ask("GET", "/healthz", timeout_s=10)
                self.scene.within("longest until healthy", time.monotonic() - since, HEALTHY_WITHIN_S, "/healthz")

        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _sent_until(self, until: float, user: User, question: Question) -> Callable[[], None]:
        """Send until the question is accepted; every refusal before must come in time."""
        question.conversation = user.conversation
        path, body = f"/api/conversations/{user.conversation}/turns", {"text": question.text}

        def run() -> None:
            while question.turn is None and time.monotonic() < until:
                since = time.monotonic()
                try:
                    question.turn = user.post(path, body | {"client_id": question.client_id}).json
                except Refused as refused:
                    # Overloaded: the sends that still wait for the disk have all places of turns.
                    code = refused.code in ("database_unavailable", "overloaded")
                    retryable = refused.status == 503 and code and refused.retry_after
                    self.scene.expect(retryable, f"{user.name}: a send to a slow disk got {refused}")
                    self.scene.add("refused temporarily")
                self.scene.within("longest until told", time.monotonic() - since, REFUSED_WITHIN_S, user.name)
                time.sleep(0.2)

        return run

    def _refused(self, user: User) -> Callable[[], None]:
        def run() -> None:
            since = time.monotonic()
            path = f"/api/conversations/{user.conversation}/turns"
            try:
                user.post(path, {"text": "Is there room?"})
                self.scene.expect(False, f"{user.name}: a question was taken that cannot have been kept")
            except Refused as refused:
                retryable = refused.status == 503 and refused.retry_after
                self.scene.expect(retryable, f"{user.name}: a send while the disk was full got {refused}")
                self.scene.add("refused temporarily")
            self.scene.within("longest until told", time.monotonic() - since, REFUSED_WITHIN_S, user.name)

        return run


def _ask_each(user: User, question: Question) -> Callable[[], None]:
    def run() -> None:
        with contextlib.suppress(Lost):  # the comparison with the database detects it
            user.ask(question)

    return run


def _sent(user: User, question: Question) -> Question:
    """Send a request once, without waiting for its answer."""
    question.conversation = user.conversation
    with contextlib.suppress(Dropped, Refused):
        question.turn = user.address.ask(
            "POST",
            f"/api/conversations/{user.conversation}/turns",
            {"text": question.text, "client_id": question.client_id},
            user.headers,
            timeout_s=1.5,
        ).json
    return question


def _virtual_bytes(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()


FAULTS: tuple[Callable[[_Limits], None], ...] = (
    _Limits.few_descriptors,
    _Limits.no_descriptors,
    _Limits.full_disk,
    _Limits.slow_disk,
    _Limits.little_memory,
)
# These are about the files of the database, which the workers of a server with PostgreSQL do not have.
OF_THE_FILE = (_Limits.full_disk, _Limits.slow_disk)
