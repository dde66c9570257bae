"""Titles of conversations, written by a model after the first answer, in threads of their own.

A title takes one small request, tried once. The number of requests at a time and the queue are bounded. A failure
leaves the present title.
"""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import unicodedata
from collections import deque
from dataclasses import dataclass

from chat.cancellation import Cancellation
from chat.errors import ModelError, StoreUnavailable, TurnEnded
from chat.llm.contract import LanguageModel
from chat.messages import Message, ReasoningDelta, TextDelta
from chat.runtime import threads
from chat.store import Store

log = logging.getLogger(__name__)

TITLE_CHARS = 60
# A line much longer than a title is something else: an answer, or a refusal.
_LONGEST_LINE = 160
_AT_ONCE = 4
_WAITING = 200
_PATIENCE_S = 20.0
_QUESTION_CHARS = 1_500
_ANSWER_CHARS = 1_000
# As much as is read of what a model says instead of a title, and of what it thinks before.
_READ_CHARS = 400
_THOUGHT_CHARS = 8_000

_ASK = (
    "You write titles for conversations. You are shown how one begins. Reply with its title and nothing else: at most "
    "six words, in the language of the question, on one line, without quotation marks, markup or a final full stop."
)
_THOUGHT = re.compile(r"<think>.*?(</think>|\Z)", re.DOTALL | re.IGNORECASE)
_LABEL = re.compile(r"^\W*(title|titel|titre|título|titolo|标题|標題|タイトル)\W*[::]\s*", re.IGNORECASE)
_TAG = re.compile(r"</?(title|h[1-6]|b|i|em|strong|p|span|code)\b[^<>]*>", re.IGNORECASE)
_EMPHASIS = re.compile(r"(\*\*|__|~~|`+)(.+?)\1")
_QUOTES = " \t*`\"'“”„‟«»‹›‘’‚「」『』《》"
_BULLETS = _QUOTES + "#>-–—•"
# Characters that turn the direction of what follows, and the byte order mark.
_TURNING = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_INITIALS = re.compile(r"\b\w\.\w\.\Z")


@dataclass(frozen=True, slots=True)
class FirstExchange:
    """First question and answer of a conversation; `model` wrote the answer."""

    conversation_id: int
    model: str
    question: str
    answer: str


class Titles:
    """One per worker. `name` is the model for titles; "" is the chat's own model, "none" switches titles off."""

    def __init__(self, store: Store, model: LanguageModel, name: str) -> None:
        self._store = store
        self._model = model
        self._name = name
        self._waiting: deque[FirstExchange] = deque()
        self._asking: set[Cancellation] = set()
        self._writers = 0
        self._stopped = False
        self._lock = threading.Lock()

    def request(self, beginning: FirstExchange) -> None:
        """Queue a title and return at once. With a full queue the title stays as it is."""
        with self._lock:
            if self._name == "none" or self._stopped or len(self._waiting) >= _WAITING:
                return
            self._waiting.append(beginning)
            if self._writers == _AT_ONCE:
                return
            self._writers += 1
        try:
            threads.start("title", self._write_all)
        except RuntimeError:  # the system gives no more threads
            with self._lock:
                self._writers -= 1
                self._waiting.clear()

    def stop(self) -> None:
        """Cancel running requests, and accept no more."""
        with self._lock:
            self._stopped = True
            self._waiting.clear()
            asking = list(self._asking)
        for cancellation in asking:
            cancellation.cancel("stopped")

    def _write_all(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._writers -= 1
                    return
                beginning = self._waiting.popleft()
                cancellation = Cancellation(_PATIENCE_S)
                self._asking.add(cancellation)
            try:
                self._write(beginning, cancellation)
            except Exception:
                log.exception("No title for conversation %s", beginning.conversation_id)
            finally:
                with self._lock:
                    self._asking.discard(cancellation)

    def _write(self, beginning: FirstExchange, cancellation: Cancellation) -> None:
        title = ""
        try:
            title = tidy(self._said(beginning, cancellation))
        except (ModelError, TurnEnded) as failed:
            log.info("No title for conversation %s: %s", beginning.conversation_id, failed)
        if self._stopped:
            return
        try:
            # Also without one: it is asked for once.
            self._store.conversations.replace_provisional_title(beginning.conversation_id, title)
        except StoreUnavailable as unavailable:
            log.info("The title of conversation %s is lost: %s", beginning.conversation_id, unavailable)

    def _said(self, beginning: FirstExchange, cancellation: Cancellation) -> str:
        shown = f"Question:\n{beginning.question[:_QUESTION_CHARS]}\n\nAnswer:\n{beginning.answer[:_ANSWER_CHARS]}"
        messages = [Message("system", _ASK), Message("user", shown)]
        said, thought = "", 0
        deltas = self._model.stream(self._name or beginning.model, messages, [], cancellation)
        # Closed as soon as there is enough: not every endpoint takes a limit under the same name.
        with contextlib.closing(deltas):
            for delta in deltas:
                if isinstance(delta, TextDelta):
                    said += delta.text
                elif isinstance(delta, ReasoningDelta):
                    thought += len(delta.text)
                if len(_THOUGHT.sub("", said)) > _READ_CHARS or max(len(said), thought) > _THOUGHT_CHARS:
                    break
        return said


def tidy(said: str) -> str:
    """Return a model's text as a title: one line of plain text, or "" if it cannot be one."""
    lines = _THOUGHT.sub("", said).splitlines()
    line = next((each for each in map(_plain, lines) if each), "")
    if not line or len(line) > _LONGEST_LINE:
        return ""
    return line if len(line) <= TITLE_CHARS else _shortened(line)


def _plain(line: str) -> str:
    line = "".join(" " if _is_unseen(char) else char for char in line)
    line = _EMPHASIS.sub(r"\2", _TAG.sub("", line))
    line = _LABEL.sub("", _bare(line)).strip(_QUOTES)
    return " ".join(_bare(line).split())


def _bare(line: str) -> str:
    """Without bullets, quotation marks and a full stop around it."""
    line = line.lstrip(_BULLETS).rstrip(_QUOTES)
    return line if _INITIALS.search(line) else re.sub(r"[.。.]+\Z", "", line).rstrip(_QUOTES)


def _is_unseen(char: str) -> bool:
    return char in _TURNING or unicodedata.category(char) in ("Cc", "Cs", "Co")


def _shortened(line: str) -> str:
    cut = line[: TITLE_CHARS - 1]
    words, space, _ = cut.rpartition(" ")
    return (words if space and len(words) >= TITLE_CHARS // 2 else cut).rstrip(" ,.;:–-") + "…"
