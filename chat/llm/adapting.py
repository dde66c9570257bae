"""One question, put in the way that its endpoint takes: refused, it is asked again without what it was refused for."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from chat.errors import ModelError, QuestionTooLong
from chat.llm import dialogue, wire
from chat.llm.habits import Habits
from chat.llm.refusals import OPTIONS, SYSTEM, TOOLS, USAGE, is_refusal, may_lack_an_option, option_named, too_long
from chat.messages import OLDER_LEFT_OUT, WITHOUT_TOOLS, Message, ToolSpec

log = logging.getLogger(__name__)

# Enough to cut a conversation to a hundredth. Each cut leaves room for what is counted otherwise there.
_MAX_CUTS = 7
_MARGIN = 0.9
# Less than that is a number read amiss.
_LEAST_SHARE = 0.01
# With a limit in tokens and no count of what was sent: few texts have fewer characters to the token.
_CHARS_A_TOKEN = 2.5


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked. `tools` may be left out, `may_call` tells the model whether it may call them."""

    model: str
    messages: Sequence[Message]
    tools: Sequence[ToolSpec]
    may_call: bool = True


class Adapting:
    """The requests for one question, each made from what the endpoint refused before."""

    def __init__(self, question: Question, habits: Habits, offer_tools: str) -> None:
        """`offer_tools` is "auto", "true" or "false" (MODEL_TOOLS)."""
        self._question = question
        self._habits = habits
        self._habit = habits.of(question.model)
        self._never = frozenset({TOOLS}) if offer_tools == "false" else frozenset()
        self._always = frozenset({TOOLS}) if offer_tools == "true" else frozenset()
        self._lacks = self._habit.lacks - self._always
        self._guess: frozenset[str] = frozenset()
        self._guesses: list[frozenset[str]] | None = None
        self._room = self._habit.room
        self._cuts = 0
        self._sent_chars = 0
        self._refused_for: ModelError | None = None
        self._is_cut = False
        self._as_they_came = True
        self._messages = dialogue.merged(question.messages)

    @property
    def notices(self) -> list[str]:
        """What the user is to know about the request that was sent last."""
        without = TOOLS in self._without and bool(self._question.tools)
        return [WITHOUT_TOOLS] * without + [OLDER_LEFT_OUT] * self._is_cut

    def body(self) -> bytes:
        """The body of the next request."""
        question, without = self._question, self._without
        messages = self._messages
        if TOOLS in without:
            messages = dialogue.without_tools(messages)
        self._is_cut = False
        if self._room is not None and dialogue.size(messages) > self._room:
            cut = dialogue.shortened(messages, self._room)
            self._is_cut = cut != messages
            messages = cut
        self._sent_chars = dialogue.size(messages)
        if SYSTEM in without:
            messages = dialogue.without_system(messages)
        tools = [] if TOOLS in without else question.tools
        usage = USAGE not in without
        return wire.body(question.model, messages, tools, question.may_call, self._as_they_came, usage)

    def adapted_error(self, failure: Exception, error: ModelError) -> ModelError | None:
        """None if `body` now differs and is to be sent at once; else the error of this question."""
        if found := too_long(failure):
            return self._cut(found.share, found.limit, error)
        return self._leave_out(failure, error)

    def succeeded(self) -> None:
        """Remember what the last request went without: it was answered."""
        lacks = self._lacks
        if not (TOOLS in self._guess and self._has_calls):
            # Without a name for it, the calls in the history may have been to blame, and not the tools.
            lacks |= self._guess
        if lacks == self._habit.lacks and self._room == self._habit.room:
            return
        fresh = self._habits.learn(self._question.model, lacks, self._room)
        for option in sorted(fresh):
            log.warning(
                "Model %s: its endpoint does not take %s; it is asked without from now on", self._question.model, option
            )

    @property
    def _without(self) -> frozenset[str]:
        return self._lacks | self._guess | self._never

    @property
    def _has_calls(self) -> bool:
        return any(message.tool_calls for message in self._messages)

    @property
    def _sends_calls_as_they_came(self) -> bool:
        if not self._as_they_came or TOOLS in self._without:
            return False
        return any(message.tool_calls and message.model == self._question.model for message in self._messages)

    @property
    def _sent(self) -> list[str]:
        """The options that were in the last request, and may be left out."""
        there = {TOOLS: bool(self._question.tools) or self._has_calls, USAGE: True}
        there[SYSTEM] = any(message.role == "system" for message in self._messages)
        return [each for each in OPTIONS if there[each] and each not in self._without | self._always]

    def _leave_out(self, failure: Exception, error: ModelError) -> ModelError | None:
        named = option_named(failure, self._sent)
        if self._sends_calls_as_they_came and named not in (USAGE, SYSTEM) and is_refusal(failure):
            # Its own calls as they came may be what it refuses, and not the tools.
            self._as_they_came = False
            return None
        if named:
            self._lacks |= {named}
            return None
        if not may_lack_an_option(failure):
            return error
        if self._guesses is None:
            if not self._habit.guess:
                return error
            self._refused_for = error
            self._guesses = self._possible()
        if not self._guesses:
            self._habits.do_not_guess(self._question.model)
            return self._refused_for
        self._guess = self._guesses.pop(0)
        return None

    def _possible(self) -> list[frozenset[str]]:
        """One option after the other, at last all."""
        sent = self._sent
        return [frozenset({each}) for each in sent] + [frozenset(sent)] * (len(sent) > 1)

    def _cut(self, share: float | None, limit: int | None, error: ModelError) -> ModelError | None:
        """Make room, by what the refusal says or else by half."""
        question = self._question
        tools = 0 if TOOLS in self._without else len(msgspec.json.encode([tool.parameters for tool in question.tools]))
        whole = self._sent_chars + tools
        if share is None and limit is not None and limit * _CHARS_A_TOKEN < whole:
            share = limit * _CHARS_A_TOKEN / whole
        if share is not None and share < _LEAST_SHARE:
            share = None
        # A share that changed nothing before is not believed again.
        wanted = whole * (0.5 if share is None or self._cuts >= 2 else share * _MARGIN) - tools
        before = self._sent_chars
        self._cuts += 1
        self._room = max(int(wanted), 0)
        if self._cuts <= _MAX_CUTS and dialogue.size(dialogue.shortened(self._messages, self._room)) < before:
            return None
        return QuestionTooLong(
            f"The question alone is too long for this model{f': {error.reason}' if error.reason else ''}.", error.reason
        )
