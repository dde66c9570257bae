"""A user with a browser: sends, follows, and reacts to a broken connection like the page."""

from __future__ import annotations

import contextlib
import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from scripts.chaos.connection import EVENT_STREAM, Address, Answer, Dropped, Refused
from scripts.chaos.question import POLL, STREAM, Question

T = TypeVar("T")

TIMEOUT_S = 90.0
_numbers = itertools.count(1)


class Lost(Exception):
    """A user was not served in time, or was refused permanently, with `code`."""

    def __init__(self, message: str, error: Dropped | Refused) -> None:
        super().__init__(f"{message}: {error}")
        self.code = f"{error.status} {error.code}" if isinstance(error, Refused) else "dropped"


@contextlib.contextmanager
def asking_for(whose: object) -> Iterator[None]:
    """Raise Lost, with a description, instead of Dropped or Refused."""
    try:
        yield
    except (Dropped, Refused) as error:
        raise Lost(str(whose), error) from None


class User:
    """One private identity, and one conversation unless another is given. Not for several threads that ask at once."""

    def __init__(self, address: Address) -> None:
        self.name = f"user {next(_numbers)}"
        self.address = address
        self.headers: dict[str, str] = {}
        self.leaving = threading.Event()
        answer = self.until_served(lambda: address.ask("GET", "/api/me"))
        self.headers["Cookie"] = answer.headers["Set-Cookie"].partition(";")[0]
        self.conversation = self.new_conversation()

    def new_conversation(self) -> int:
        return int(self.until_served(lambda: self.post("/api/conversations", {})).json["id"])

    def get(self, path: str, **headers: str) -> Answer:
        return self.address.ask("GET", path, None, self.headers | headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.address.ask("POST", path, body or {}, self.headers | headers)

    def until_served(self, call: Callable[[], T]) -> T:
        """Make a call, again while it is dropped or refused temporarily. Raises Lost."""
        until = time.monotonic() + TIMEOUT_S
        while True:
            try:
                return call()
            except (Dropped, Refused) as error:
                if not _passing(error) or time.monotonic() > until:
                    raise Lost(self.name, error) from None
                self._wait(error)

    def ask(self, question: Question) -> Question:
        """Send, and follow to the end over as many connections as needed. Raises Lost."""
        question.conversation = question.conversation or self.conversation
        path = f"/api/conversations/{question.conversation}/turns"
        body = {"text": question.text, "client_id": question.client_id}
        if question.model:
            body["model"] = question.model
        return self._converse(question, lambda accept: self.post(path, body, **accept))

    def ask_again(self, message: int, question: Question) -> Question:
        """Regenerate the answer `message`; the events are recorded in `question`. Raises Lost.

        This has no `client_id`: if the connection breaks before the first event, the turn is lost.
        """
        return self._converse(question, lambda accept: self.post(f"/api/messages/{message}/regenerate", {}, **accept))

    def follow(self, turn: int, after: int = 0, *, by_header: bool = False) -> Answer:
        """Return the turn's events after a number, which is sent in the address or in the browser's own header."""
        if by_header:
            return self.get(f"/api/turns/{turn}/events", **{"Last-Event-ID": str(after), "Accept": EVENT_STREAM})
        return self.get(f"/api/turns/{turn}/events?after={after}", Accept=EVENT_STREAM)

    def look(self, turn: int) -> Any:
        """Return the turn as the server shows it. Raises Lost."""
        return self.until_served(lambda: self.get(f"/api/turns/{turn}")).json

    def _converse(self, question: Question, send: Callable[[dict[str, str]], Answer]) -> Question:
        question.sent_at = time.monotonic()
        while not question.status:
            try:
                self._go_on(question, send)
            except Dropped as error:
                question.drops.append(str(error))
                self._check(question, error)
                self._wait(error)
            except Refused as error:
                question.refusals[error.code] += 1
                self._check(question, error)
                self._wait(error)
        question.ended_at = time.monotonic()
        return question

    def _go_on(self, question: Question, send: Callable[[dict[str, str]], Answer]) -> None:
        if question.turn is None:
            answer = send({"Accept": EVENT_STREAM} if question.form == STREAM else {})
            question.redirects += answer.redirects
            if not answer.streams:
                question.turn = answer.json
                return
        elif question.form == POLL:
            self._poll(question)
            return
        else:
            answer = self.follow(question.turn["turn_id"], question.last, by_header=random.random() < 0.5)
        _read_events(question, answer)

    def _poll(self, question: Question) -> None:
        assert question.turn
        turn = self.get(f"/api/turns/{question.turn['turn_id']}").json
        question.polled_text = turn["text"]
        if turn["status"] == "running":
            self.leaving.wait(0.3)
        else:
            question.status = turn["status"]
            question.error = turn.get("error", {}).get("code", "")

    def _check(self, question: Question, error: Dropped | Refused) -> None:
        late = time.monotonic() - question.sent_at > TIMEOUT_S
        if late or self.leaving.is_set() or not _passing(error):
            raise Lost(f"{self.name}, {question}", error) from None

    def _wait(self, error: Dropped | Refused) -> None:
        retry_after = error.retry_after if isinstance(error, Refused) else None
        self.leaving.wait(min(float(retry_after), 2.0) if retry_after else random.uniform(0.1, 0.3))


def _passing(error: Dropped | Refused) -> bool:
    return isinstance(error, Dropped) or error.passing


def _read_events(question: Question, answer: Answer) -> None:
    for event in answer.events():
        if event.number <= question.last:
            continue
        if event.name == "turn":
            question.turn = event.data
        if event.name == "error":
            question.error = event.data["code"]
        question.events.append(event)
        if event.name == "done":
            question.status = event.data["status"]
            return
    raise Dropped("the stream ended before the turn was done")
