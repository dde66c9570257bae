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
# A line much longer than a title is not one, but an answer or a refusal.
_MAX_LINE_CHARS = 160
_MAX_WRITERS = 4
_MAX_QUEUED = 200
_TIMEOUT_S = 20.0
_QUESTION_CHARS = 1_500
_ANSWER_CHARS = 1_000
# The most that is read of a model's text, and of its reasoning before it.
_MAX_TEXT_CHARS = 400
_MAX_REASONING_CHARS = 8_000

_PROMPT = (
    "You write titles for conversations. You are shown how one begins. Reply with its title and nothing else: at most "
    "six words, in the language of the question, on one line, without quotation marks, markup or a final full stop."
)
_THOUGHT = re.compile(r"<think>.*?(</think>|\Z)", re.DOTALL | re.IGNORECASE)
_LABEL = re.compile(r"^\W*(title|titel|titre|título|titolo|标题|標題|タイトル)\W*[::]\s*", re.IGNORECASE)
_TAG = re.compile(r"</?(title|h[1-6]|b|i|em|strong|p|span|code)\b[^<>]*>", re.IGNORECASE)
_EMPHASIS = re.compile(r"(\*\*|__|~~|`+)(.+?)\1")
_QUOTES = " \t*`\"'“”„‟«»‹›‘’‚「」『』《》"
_BULLETS = _QUOTES + "#>-–—•"
# Characters that control the text direction, and the byte order mark.
_DIRECTION_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
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
        self._queue: deque[FirstExchange] = deque()
        self._running: set[Cancellation] = set()
        self._writers = 0
        self._stopped = False
        self._lock = threading.Lock()

    def request(self, exchange: FirstExchange) -> None:
        """Queue a title and return at once. With a full queue the title stays as it is."""
        with self._lock:
            if self._name == "none" or self._stopped or len(self._queue) >= _MAX_QUEUED:
                return
            self._queue.append(exchange)
            if self._writers == _MAX_WRITERS:
                return
            self._writers += 1
        try:
            threads.start("title", self._write_all)
        except RuntimeError:  # the system has no more threads
            with self._lock:
                self._writers -= 1
                self._queue.clear()

    def stop(self) -> None:
        """Cancel running requests, and accept no more."""
        with self._lock:
            self._stopped = True
            self._queue.clear()
            running = list(self._running)
        for cancellation in running:
            cancellation.cancel("stopped")

    def _write_all(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._writers -= 1
                    return
                exchange = self._queue.popleft()
                cancellation = Cancellation(_TIMEOUT_S)
                self._running.add(cancellation)
            try:
                self._write(exchange, cancellation)
            except Exception:
                log.exception("No title for conversation %s", exchange.conversation_id)
            finally:
                with self._lock:
                    self._running.discard(cancellation)

    def _write(self, exchange: FirstExchange, cancellation: Cancellation) -> None:
        title = ""
        try:
            title = tidy(self._request(exchange, cancellation))
        except ModelError as failed:
            log.info("No title for conversation %s: %s", exchange.conversation_id, failed.log_message)
        except TurnEnded as ended:
            log.info("No title for conversation %s: %s", exchange.conversation_id, ended)
        if self._stopped:
            return
        try:
            # Also an empty one, so that it is not requested again.
            self._store.conversations.replace_provisional_title(exchange.conversation_id, title)
        except StoreUnavailable as unavailable:
            log.info("The title of conversation %s is lost: %s", exchange.conversation_id, unavailable)

    def _request(self, exchange: FirstExchange, cancellation: Cancellation) -> str:
        excerpt = f"Question:\n{exchange.question[:_QUESTION_CHARS]}\n\nAnswer:\n{exchange.answer[:_ANSWER_CHARS]}"
        messages = [Message("system", _PROMPT), Message("user", excerpt)]
        text, reasoning_chars = "", 0
        deltas = self._model.stream(self._name or exchange.model, messages, [], cancellation)
        # Closed after enough text, because endpoints differ in the name of their limit of tokens.
        with contextlib.closing(deltas):
            for delta in deltas:
                if isinstance(delta, TextDelta):
                    text += delta.text
                elif isinstance(delta, ReasoningDelta):
                    reasoning_chars += len(delta.text)
                if (
                    len(_THOUGHT.sub("", text)) > _MAX_TEXT_CHARS
                    or max(len(text), reasoning_chars) > _MAX_REASONING_CHARS
                ):
                    break
        return text


def tidy(text: str) -> str:
    """Return a model's text as a title: one line of plain text, or "" if it cannot be one."""
    lines = _THOUGHT.sub("", text).splitlines()
    line = next((each for each in map(_plain, lines) if each), "")
    if not line or len(line) > _MAX_LINE_CHARS:
        return ""
    return line if len(line) <= TITLE_CHARS else _shortened(line)


def _plain(line: str) -> str:
    line = "".join(" " if _is_invisible(char) else char for char in line)
    line = _EMPHASIS.sub(r"\2", _TAG.sub("", line))
    line = _LABEL.sub("", _bare(line)).strip(_QUOTES)
    return " ".join(_bare(line).split())


def _bare(line: str) -> str:
    """Strip bullets, quotation marks and a final full stop."""
    line = line.lstrip(_BULLETS).rstrip(_QUOTES)
    return line if _INITIALS.search(line) else re.sub(r"[.。.]+\Z", "", line).rstrip(_QUOTES)


def _is_invisible(char: str) -> bool:
    return char in _DIRECTION_CONTROLS or unicodedata.category(char) in ("Cc", "Cs", "Co")


def _shortened(line: str) -> str:
    cut = line[: TITLE_CHARS - 1]
    words, space, _ = cut.rpartition(" ")
    return (words if space and len(words) >= TITLE_CHARS // 2 else cut).rstrip(" ,.;:–-") + "…"
