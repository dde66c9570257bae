"""Execution of turns: claim the conversation, run the agent in a thread of its own, commit the end.

The thread is independent of the request: a browser that disconnects ends its response, never the turn.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from chat.agent.context import answer_messages, fit
from chat.agent.loop import Agent
from chat.cancellation import Cancellation
from chat.errors import (
    ModelError,
    Overloaded,
    ParleyError,
    Restarting,
    StoreFailed,
    StoreTimeout,
    StoreUnavailable,
    TurnEnded,
)
from chat.memory.contract import ConversationMemory
from chat.messages import Answer, Message
from chat.runtime import mode, threads
from chat.store import Store
from chat.store.records import COMPLETED, FAILED, STOPPED, Turn, TurnError
from chat.store.records import Message as StoredMessage
from chat.store.sessions import Owner
from chat.store.turns import Progress, Question, Run, StartedTurn
from chat.turns import answer_styles, continuation
from chat.turns.admission import Place
from chat.turns.running_turn import RunningTurn
from chat.turns.titles import FirstExchange, Titles
from chat.turns.turn_services import TurnServices
from config import log_fields
from config.system_prompt import system_prompt

log = logging.getLogger(__name__)

# Messages that a rebuilt context reads from the database, before it is cut to the limit of characters.
_PATH_MESSAGES = 400
_COMMIT_RETRY_S, _MAX_COMMIT_RETRY_S = 0.5, 5.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a turn's time and of the model's context, in seconds and characters.

    `prompt` is the operator's system prompt, "" for the built-in one.
    """

    turn_timeout_s: float
    context_chars: int
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class AnswerOptions:
    """Options of an answer: the partial answer to continue, and an extra instruction for the model."""

    start: Answer = field(default_factory=Answer)
    instruction: str = ""


_DEFAULTS = AnswerOptions()


class Runner:
    """One per worker. `worker` is the worker's name in the database."""

    def __init__(
        self,
        store: Store,
        memory: ConversationMemory,
        agent: Agent,
        turns: TurnServices,
        worker: str,
        limits: Limits,
        titles: Titles,
    ) -> None:
        self._store = store
        self._memory = memory
        self._agent = agent
        self._turns = turns
        self._limits = limits
        self._titles = titles
        self._mode = mode.current()
        self._worker = worker

    def begin(self, owner: Owner, conversation_id: int, question: Question, model: str) -> StartedTurn:
        """Begin a turn. When this returns, the question is committed and the agent runs.

        Raises Overloaded, Restarting and the exceptions of `Turns.begin`.
        """
        run = Run(model, self._mode.name, self._worker)
        return self._begin(lambda: self._store.turns.begin(owner, conversation_id, question, run), _DEFAULTS)

    def regenerate(self, answer: StoredMessage, model: str, style: str = "") -> StartedTurn:
        """Begin another answer beside `answer`. `style` is "" or one of `answer_styles.STYLES`."""
        return self._begin_version(
            answer, model, AnswerOptions(instruction=answer_styles.instruction(style, answer.text))
        )

    def resume(self, answer: StoredMessage, model: str) -> StartedTurn:
        """Begin a new version of `answer` that contains it and continues where it was cut."""
        return self._begin_version(
            answer, model, AnswerOptions(Answer(answer.text, answer.reasoning, answer.tool_calls))
        )

    def _begin_version(self, answer: StoredMessage, model: str, options: AnswerOptions) -> StartedTurn:
        run = Run(model, self._mode.name, self._worker)
        return self._begin(lambda: self._store.turns.begin_alternative(answer, run), options)

    def _begin(self, write: Callable[[], StartedTurn], options: AnswerOptions) -> StartedTurn:
        """Write a turn's beginning with `write`, and launch the turn.

        If the database is slow, this raises StoreTimeout and the client tries again, but the write may still succeed.
        Then the turn is launched all the same, and a request with the same `client_id` gets it.
        """
        with self._admit() as place:
            try:
                return self._launch(write(), options, place)
            except StoreTimeout as slow:
                self._launch_once_written(slow, options, place.move())
                raise

    def _admit(self) -> Place:
        try:
            return self._turns.admission.admit()
        except (Overloaded, Restarting) as refusal:
            self._turns.metrics.refused(refusal)
            raise

    def _launch_once_written(self, slow: StoreTimeout, options: AnswerOptions, place: Place) -> None:
        """Wait in a thread until the write has ended, and launch the turn if it succeeded."""

        def wait() -> None:
            with place, contextlib.suppress(ParleyError):
                started = slow.result()
                if isinstance(started, StartedTurn):
                    self._launch(started, options, place)

        try:
            threads.start("slow begin", wait)
        except RuntimeError:  # the system has no more threads; recovery ends the turn
            place.release()

    def _launch(self, started: StartedTurn, options: AnswerOptions, place: Place) -> StartedTurn:
        if not started.created:
            return started
        turn, turns = started.turn, self._turns
        log_fields.add(conversation=turn.conversation_id, turn=turn.id)
        log.info(
            "%s Using %s agent for conversation %s", self._mode.emoji, self._mode.name.upper(), turn.conversation_id
        )
        running = RunningTurn(turn, Cancellation(self._limits.turn_timeout_s), turns.make_log(), turns.flusher)
        if started.new_title:
            running.set_title(started.new_title)
        turns.running_turns.add(running)
        place = place.move()
        try:
            threads.start(f"turn {turn.id}", self._run, running, started, options, place, log_fields.current())
        except RuntimeError:  # the system has no more threads; the turn has begun and must end
            with place:
                self._commit(running, FAILED, _NO_THREAD)
                turns.running_turns.remove(running)
        return started

    def _run(
        self,
        running: RunningTurn,
        started: StartedTurn,
        options: AnswerOptions,
        place: Place,
        fields: Mapping[str, str | int],
    ) -> None:
        log_fields.replace(fields)
        with place:
            try:
                self._answer_and_commit(running, started, options)
            except Exception:
                log.exception("Turn %s could not be ended", running.turn.id)
                self._end_unsaved(running)  # its lease will expire, but followers need not wait for that
            finally:
                self._turns.running_turns.remove(running)

    def _answer_and_commit(self, running: RunningTurn, started: StartedTurn, options: AnswerOptions) -> None:
        try:
            context = self._context(started)
        except StoreUnavailable as unavailable:
            retryable = not isinstance(unavailable, StoreFailed)
            self._commit(running, FAILED, TurnError(unavailable.code, unavailable.message, retryable))
            return
        for event in continuation.past_events(options.start):
            running.handle(event)
            running.forget_first_text()
        prompt = system_prompt(self._limits.prompt, started.instructions, options.instruction)
        messages = [Message("system", prompt), *context]
        status, error = self._answer(running, messages, started.user_id, options.start)
        self._commit(running, status, error, context)
        if started.provisional and status in (COMPLETED, STOPPED):
            self._request_title(running, started)

    def _context(self, started: StartedTurn) -> list[Message]:
        """Return the conversation up to and including the question."""
        messages = self._memory.get(started.turn.conversation_id, started.parent_id)
        if messages is None:
            path = [] if started.parent_id is None else self._store.history.path_to(started.parent_id, _PATH_MESSAGES)
            messages = tuple(message for stored in path for message in _context_messages(stored))
        return fit([*messages, Message("user", started.text)], self._limits.context_chars)

    def _answer(
        self, running: RunningTurn, context: list[Message], user_id: int, start: Answer
    ) -> tuple[str, TurnError | None]:
        """Run the agent, continuing `start`. Return the turn's status and error."""
        turn = running.turn
        if start.text or start.tool_calls:
            context = [*context, *continuation.messages(start, turn.model)]
        try:
            running.timings.agent_began()
            events = self._agent.answer(turn.model, context, user_id, running.cancellation, start)
            for event in itertools.islice(events, 1):
                running.timings.model_answered()
                running.handle(event)
            for event in events:
                running.handle(event)
        except TurnEnded as ended:
            status = FAILED if ended.reason == "timeout" else ended.reason
            return status, None if status == STOPPED else TurnError(ended.code, ended.message, True)
        except ModelError as failed:
            log.warning("Turn %s: %s: %s", turn.id, failed.code, failed.log_message)
            self._turns.metrics.failed(turn, failed.code)
            return FAILED, _model_error(failed)
        except Exception:
            log.exception("Turn %s failed", turn.id)
            self._turns.metrics.failed(turn, "internal")
            return FAILED, TurnError("internal", "The answer failed because of an error in the server.", True)
        return COMPLETED, None

    def _commit(
        self, running: RunningTurn, status: str, error: TurnError | None, context: Sequence[Message] = ()
    ) -> None:
        """Commit the end, waiting while the database is unavailable; then update memory and notify the followers."""
        progress = running.progress()
        ended = self._finish(progress, status, error)
        if ended is None:
            self._end_unsaved(running)
            return
        if status == COMPLETED:
            messages = [*context, *answer_messages(progress.answer, running.turn.model)]
            self._memory.put(ended.conversation_id, ended.message_id, messages)
        self._turns.metrics.ended(running, ended)
        running.end(ended, error)

    def _request_title(self, running: RunningTurn, started: StartedTurn) -> None:
        text = running.progress().answer.text
        if text.strip():
            self._titles.request(FirstExchange(started.turn.conversation_id, started.turn.model, started.text, text))

    def _end_unsaved(self, running: RunningTurn) -> None:
        ended = replace(running.turn, status=FAILED, ended_at=running.turn.started_at + running.elapsed_ms)
        self._turns.metrics.ended(running, ended)
        running.end(ended, _NOT_SAVED)

    def _finish(self, progress: Progress, status: str, error: TurnError | None) -> Turn | None:
        """Commit the end, with retries while the database is unavailable: a displayed answer must not be lost.

        Return None if it cannot be saved.
        """
        pause_s = _COMMIT_RETRY_S
        in_doubt = False
        while True:
            try:
                ended = self._store.turns.finish(progress, status, error)
                if ended is None and in_doubt:
                    ended = self._store.turns.get(progress.turn.id)
                    return ended if ended is not None and (ended.status, ended.error) == (status, error) else None
                return ended
            except StoreFailed as refused:
                log.error("The end of turn %s cannot be saved: %s", progress.turn.id, refused)
                return None
            except StoreUnavailable as unavailable:
                in_doubt = True  # the commit itself may have failed after it took effect
                log.warning("The end of turn %s is postponed: %s", progress.turn.id, unavailable)
                self._turns.clock.sleep(pause_s)
                pause_s = min(2 * pause_s, _MAX_COMMIT_RETRY_S)


def _model_error(failed: ModelError) -> TurnError:
    wait_s = failed.retry_after_s
    retry_after_s = None if wait_s is None else math.ceil(min(max(wait_s, 1.0), _MAX_RETRY_AFTER_S))
    return TurnError(failed.code, failed.message, failed.retryable, failed.reason, retry_after_s)


_MAX_RETRY_AFTER_S = 366 * 24 * 3600
_NOT_SAVED = TurnError("not_kept", "The answer could not be saved: the conversation or the database is gone.", True)
_NO_THREAD = TurnError("overloaded", "This server cannot run one more answer at the moment; try again.", True)


def _context_messages(stored: StoredMessage) -> list[Message]:
    if stored.role == "user":
        return [Message("user", stored.text)]
    model = stored.turn.model if stored.turn else ""
    return answer_messages(Answer(stored.text, tool_calls=stored.tool_calls), model)
