"""Runs turns: claims the conversation, has the agent answer in a thread of its own, commits the end.

The thread is apart from the request: a browser that goes away ends its response, never the turn.
"""

from __future__ import annotations

import contextlib
import logging
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from chat.agent.context import answer_messages, fit
from chat.agent.loop import Agent
from chat.cancellation import Cancellation
from chat.errors import ModelError, ParleyError, StoreFailed, StoreTimeout, StoreUnavailable, TurnEnded
from chat.memory.contract import ConversationMemory
from chat.messages import Answer, Message
from chat.runtime import mode, threads
from chat.store import Store
from chat.store.records import COMPLETED, FAILED, STOPPED, Turn, TurnError
from chat.store.records import Message as StoredMessage
from chat.store.sessions import Owner
from chat.store.turns import Progress, Question, Run, StartedTurn
from chat.turns import answer_styles, continuation
from chat.turns.running_turn import RunningTurn
from chat.turns.running_turns import RunningTurns
from chat.turns.titles import FirstExchange, Titles
from config.system_prompt import system_prompt

log = logging.getLogger(__name__)

# How far back a rebuilt context looks, in messages, before it is cut to what the model may hold.
_PATH_MESSAGES = 400
_COMMIT_AGAIN_S, _COMMIT_AGAIN_AT_MOST_S = 0.5, 5.0


@dataclass(frozen=True, slots=True)
class Limits:
    """The longest turn, and the longest context that the model is given.

    `prompt` are the operator's instructions, "" the built-in ones.
    """

    turn_timeout_s: float
    context_chars: int
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class Course:
    """How an answer differs from a plain one: it goes on with what there was, or follows a wish (`wishes.py`)."""

    start: Answer = field(default_factory=Answer)
    wish: str = ""


_PLAIN = Course()


class Runner:
    """One for each worker, which `worker` names to the others."""

    def __init__(
        self,
        store: Store,
        memory: ConversationMemory,
        agent: Agent,
        running_turns: RunningTurns,
        worker: str,
        limits: Limits,
        titles: Titles,
    ) -> None:
        self._store = store
        self._memory = memory
        self._agent = agent
        self._running_turns = running_turns
        self._limits = limits
        self._titles = titles
        self._mode = mode.current()
        self._worker = worker

    def begin(self, owner: Owner, conversation_id: int, question: Question, model: str) -> StartedTurn:
        """Begin a turn: when this returns the question is committed and the agent is at work.

        Raises what `Turns.begin` raises, and Overloaded.
        """
        with self._running_turns.admit(), self._late_launch():
            run = Run(model, self._mode.name, self._worker)
            return self._launch(self._store.turns.begin(owner, conversation_id, question, run))

    def regenerate(self, answer: StoredMessage, model: str, wish: str = "") -> StartedTurn:
        """Begin another answer beside `answer`; `wish` is "" or one of `answer_styles.STYLES`."""
        return self._beside(answer, model, Course(wish=answer_styles.instruction(wish, answer.text)))

    def resume(self, answer: StoredMessage, model: str) -> StartedTurn:
        """Begin a version of `answer` that has all of it, and goes on where it was cut."""
        return self._beside(answer, model, Course(Answer(answer.text, answer.reasoning, answer.tool_calls)))

    def _beside(self, answer: StoredMessage, model: str, course: Course) -> StartedTurn:
        with self._running_turns.admit(), self._late_launch(course):
            run = Run(model, self._mode.name, self._worker)
            return self._launch(self._store.turns.begin_alternative(answer, run), course)

    @contextlib.contextmanager
    def _late_launch(self, course: Course = _PLAIN) -> Iterator[None]:
        """Launch a turn that the database begins only after its sender was told to try again.

        Whoever sends the same once more, under the same `client_id`, finds it running.
        """
        try:
            yield
        except StoreTimeout as late:
            with contextlib.suppress(RuntimeError):  # no more threads: it is found to be lost
                threads.start("late turn", self._launch_late, late, course)
            raise

    def _launch_late(self, late: StoreTimeout, course: Course) -> None:
        with contextlib.suppress(ParleyError), self._running_turns.admit():
            begun = late.result()
            if isinstance(begun, StartedTurn):
                self._launch(begun, course)

    def _launch(self, begun: StartedTurn, course: Course = _PLAIN) -> StartedTurn:
        if not begun.created:
            return begun
        turn = begun.turn
        log.info(
            "%s Using %s agent for conversation %s", self._mode.emoji, self._mode.name.upper(), turn.conversation_id
        )
        running = RunningTurn(turn, Cancellation(self._limits.turn_timeout_s), self._running_turns.pace)
        if begun.new_title:
            running.title(begun.new_title)
        self._running_turns.add(running)
        try:
            threads.start(f"turn {turn.id}", self._run, running, begun, course)
        except RuntimeError:  # the system gives no more threads; the turn is begun and has to end
            self._commit(running, FAILED, _NO_THREAD)
            self._running_turns.remove(running)
        return begun

    def _run(self, running: RunningTurn, begun: StartedTurn, course: Course) -> None:
        try:
            self._answer_and_commit(running, begun, course)
        except Exception:
            log.exception("Turn %s could not be ended", running.turn.id)
            self._end_unkept(running)  # its lease will run out, but who follows it need not wait for that
        finally:
            self._running_turns.remove(running)

    def _answer_and_commit(self, running: RunningTurn, begun: StartedTurn, course: Course) -> None:
        try:
            context = self._context(begun)
        except StoreUnavailable as unavailable:
            passing = not isinstance(unavailable, StoreFailed)
            self._commit(running, FAILED, TurnError(unavailable.code, unavailable.message, passing))
            return
        for event in continuation.past_events(course.start):
            running.take(event)
        prompt = system_prompt(self._limits.prompt, begun.instructions, course.wish)
        status, error = self._answer(running, [Message("system", prompt), *context], course.start)
        self._commit(running, status, error, context)
        if begun.provisional and status in (COMPLETED, STOPPED):
            self._entitle(running, begun)

    def _context(self, begun: StartedTurn) -> list[Message]:
        """The conversation up to and including the question."""
        known = self._memory.get(begun.turn.conversation_id, begun.parent_id)
        if known is None:
            path = [] if begun.parent_id is None else self._store.history.path_to(begun.parent_id, _PATH_MESSAGES)
            known = tuple(message for stored in path for message in _told(stored))
        return fit([*known, Message("user", begun.text)], self._limits.context_chars)

    def _answer(self, running: RunningTurn, context: list[Message], start: Answer) -> tuple[str, TurnError | None]:
        """Have the agent answer, going on with `start`. Returns the turn's status and error."""
        turn = running.turn
        if start.text or start.tool_calls:
            context = [*context, *continuation.messages(start, turn.model)]
        try:
            for event in self._agent.answer(turn.model, context, running.cancellation, start):
                running.take(event)
        except TurnEnded as ended:
            status = FAILED if ended.reason == "timeout" else ended.reason
            return status, None if status == STOPPED else TurnError(ended.code, ended.message, True)
        except ModelError as failed:
            log.warning("Turn %s: %s: %s", turn.id, failed.code, failed.message)
            return FAILED, _model_error(failed)
        except Exception:
            log.exception("Turn %s failed", turn.id)
            return FAILED, TurnError("internal", "The answer failed because of an error in the server.", True)
        return COMPLETED, None

    def _commit(
        self, running: RunningTurn, status: str, error: TurnError | None, context: Sequence[Message] = ()
    ) -> None:
        """Commit the end, waiting for a database that is away; then let memory keep it, and tell the followers."""
        progress = running.progress()
        ended = self._finish(progress, status, error)
        if ended is None:
            self._end_unkept(running)
            return
        if status == COMPLETED:
            messages = [*context, *answer_messages(progress.answer, running.turn.model)]
            self._memory.put(ended.conversation_id, ended.message_id, messages)
        running.end(ended, error)

    def _entitle(self, running: RunningTurn, begun: StartedTurn) -> None:
        text = running.progress().answer.text
        if text.strip():
            self._titles.request(FirstExchange(begun.turn.conversation_id, begun.turn.model, begun.text, text))

    def _end_unkept(self, running: RunningTurn) -> None:
        running.end(
            replace(running.turn, status=FAILED, ended_at=running.turn.started_at + running.elapsed_ms), _NOT_KEPT
        )

    def _finish(self, progress: Progress, status: str, error: TurnError | None) -> Turn | None:
        """Commit the end, trying until it is done: what was shown whole must not be lost. None: it cannot be kept."""
        pause_s = _COMMIT_AGAIN_S
        in_doubt = False
        while True:
            try:
                ended = self._store.turns.finish(progress, status, error)
                if ended is None and in_doubt:
                    ended = self._store.turns.get(progress.turn.id)
                    return ended if ended is not None and (ended.status, ended.error) == (status, error) else None
                return ended
            except StoreFailed as refused:
                log.error("The end of turn %s cannot be kept: %s", progress.turn.id, refused)
                return None
            except StoreUnavailable as unavailable:
                in_doubt = True  # the commit itself may have failed after it took effect
                log.warning("The end of turn %s is put off: %s", progress.turn.id, unavailable)
                time.sleep(pause_s)
                pause_s = min(2 * pause_s, _COMMIT_AGAIN_AT_MOST_S)


def _model_error(failed: ModelError) -> TurnError:
    wait_s = failed.retry_after_s
    whole_s = None if wait_s is None else math.ceil(min(max(wait_s, 1.0), _LONGEST_WAIT_S))
    return TurnError(failed.code, failed.message, failed.retryable, failed.reason, whole_s)


_LONGEST_WAIT_S = 366 * 24 * 3600
_NOT_KEPT = TurnError("not_kept", "The answer could not be kept: the conversation or the database is gone.", True)
_NO_THREAD = TurnError("overloaded", "This server cannot run one more answer at the moment; try again.", True)


def _told(stored: StoredMessage) -> list[Message]:
    if stored.role == "user":
        return [Message("user", stored.text)]
    model = stored.turn.model if stored.turn else ""
    return answer_messages(Answer(stored.text, tool_calls=stored.tool_calls), model)
