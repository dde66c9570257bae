"""A request that adapts to its endpoint: after a refusal it is sent again without the refused part."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from chat.errors import ModelError, ModelUnavailable, QuestionTooLong
from chat.llm.openai.faults.length_refusals import too_long
from chat.llm.openai.faults.refusals import (
    OPTIONS,
    REASONING,
    RESULT_NAMES,
    SYSTEM,
    TOOL_CHOICE,
    TOOLS,
    USAGE,
    is_refusal,
    may_lack_an_option,
    missing_field,
    option_named,
    says_unsupported,
)
from chat.llm.openai.request import dialogue
from chat.llm.openai.request.body import RequestForm, encode_request
from chat.llm.openai.request.capabilities import CapabilityCache
from chat.llm.openai.request.history import is_object
from chat.messages import OLDER_LEFT_OUT, WITHOUT_TOOLS, Message, ToolSpec

log = logging.getLogger(__name__)

# Enough to shorten a conversation to a hundredth. The margin allows for differences in counting.
_MAX_SHORTENINGS = 7
_MARGIN = 0.9
# A smaller share is taken for a misread number.
_MIN_SHARE = 0.01
# Used if the refusal has a limit in tokens but no count: few texts have fewer characters per token.
_CHARS_PER_TOKEN = 2.5
# Constants, because each turn would keep its own empty sets while it runs.
_NONE: frozenset[str] = frozenset()
_ONLY_TOOLS = frozenset({TOOLS})


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """A request to a model. `tools` are optional; `may_call` tells the model whether it may call them."""

    model: str
    messages: Sequence[Message]
    tools: Sequence[ToolSpec]
    may_call: bool = True


class AdaptiveRequest:
    """The successive request bodies of one model request, each adapted to the refusals before it."""

    def __init__(self, request: ModelRequest, capabilities: CapabilityCache, offer_tools: str) -> None:
        """Prepare the first body. `offer_tools` is "auto", "true" or "false" (MODEL_TOOLS)."""
        self._request = request
        self._capabilities = capabilities
        self._known = capabilities.get(request.model)
        self._never_sent = _ONLY_TOOLS if offer_tools == "false" else _NONE
        self._always_sent = _ONLY_TOOLS if offer_tools == "true" else _NONE
        self._unsupported = self._known.unsupported - _ONLY_TOOLS if self._always_sent else self._known.unsupported
        self._probed = self._omitted_once = _NONE
        self._probes: list[frozenset[str]] | None = None
        self._max_chars = self._known.max_chars
        self._shortenings = 0
        self._sent_chars = 0
        self._first_refusal: ModelError | None = None
        self._is_shortened = False
        self._keeps_own_calls = True
        self._messages = dialogue.merged(request.messages)

    @property
    def notices(self) -> list[str]:
        """Return the notices for the user about the request that was sent last."""
        without = TOOLS in self._omitted and bool(self._request.tools)
        return [WITHOUT_TOOLS] * without + [OLDER_LEFT_OUT] * self._is_shortened

    def body(self) -> bytes:
        """Return the next request's body."""
        request, without = self._request, self._omitted
        messages = self._messages
        if TOOLS in without:
            messages = dialogue.without_tools(messages)
        self._is_shortened = False
        if self._max_chars is not None and dialogue.size(messages) > self._max_chars:
            cut = dialogue.shortened(messages, self._max_chars)
            self._is_shortened = cut != messages
            messages = cut
        self._sent_chars = dialogue.size(messages)
        if SYSTEM in without:
            messages = dialogue.without_system(messages)
        tools = [] if TOOLS in without else request.tools
        form = RequestForm(
            may_call=request.may_call or TOOL_CHOICE in without,
            keep_own_calls=self._keeps_own_calls,
            usage=USAGE not in without,
            reasoning=REASONING in without,
            result_names=RESULT_NAMES in without,
        )
        return encode_request(request.model, messages, tools, form)

    def adapt(self, failure: Exception, error: ModelError) -> ModelError | None:
        """Adapt to a refusal.

        Return None if `body` now differs and should be sent at once, otherwise the final error.
        """
        if measured := too_long(failure):
            return self._shorten(measured.share, measured.limit, error)
        return self._omit_option(failure, error)

    def succeeded(self) -> None:
        """Store the adaptations of the last request, which was accepted."""
        unsupported = self._unsupported
        if not (TOOLS in self._probed and self._has_calls):
            # The refusal named no option, so the calls in the history may have been the cause, and not the tools.
            unsupported |= self._probed
        if unsupported == self._known.unsupported and self._max_chars == self._known.max_chars:
            return
        new = self._capabilities.learn(self._request.model, unsupported, self._max_chars)
        for option in sorted(new):
            log.warning(
                "Model %s: its endpoint does not take %s; from now on it is asked without", self._request.model, option
            )

    @property
    def _omitted(self) -> frozenset[str]:
        return self._unsupported | self._probed | self._omitted_once | self._never_sent

    @property
    def _has_calls(self) -> bool:
        return any(message.tool_calls for message in self._messages)

    @property
    def _sends_own_calls(self) -> bool:
        if not self._keeps_own_calls or TOOLS in self._omitted:
            return False
        return any(message.tool_calls and message.model == self._request.model for message in self._messages)

    def _fails_at_arguments(self, error: ModelError) -> bool:
        """Return whether the endpoint's failure may be due to arguments that are no JSON object."""
        return isinstance(error, ModelUnavailable) and any(
            not is_object(call.arguments) for message in self._messages for call in message.tool_calls
        )

    @property
    def _sent(self) -> list[str]:
        """Return the options that the last request had and that may be omitted."""
        present = {TOOLS: bool(self._request.tools) or self._has_calls, USAGE: True}
        present[TOOL_CHOICE] = present[TOOLS] and TOOLS not in self._omitted and not self._request.may_call
        present[SYSTEM] = any(message.role == "system" for message in self._messages)
        return [each for each in OPTIONS if present[each] and each not in self._omitted | self._always_sent]

    def _omit_option(self, failure: Exception, error: ModelError) -> ModelError | None:
        named = option_named(failure, self._sent)
        if self._has_calls and self._change_calls(failure, error, named):
            return None
        if named:
            self._omit_named(named, failure)
            return None
        return self._probe(failure, error)

    def _change_calls(self, failure: Exception, error: ModelError, named: str | None) -> bool:
        """Send the history's calls in another form, if they may be the cause and not the tools. Return whether."""
        missing = missing_field(failure)
        if missing and missing not in self._unsupported:
            self._unsupported |= {missing}
            return True
        may_be_calls = is_refusal(failure) or self._fails_at_arguments(error)
        if not (may_be_calls and self._sends_own_calls and named in (None, TOOLS)):
            return False
        self._keeps_own_calls = False
        return True

    def _omit_named(self, option: str, failure: Exception) -> None:
        if option == TOOLS and self._has_calls and not says_unsupported(failure):
            self._omitted_once |= {option}  # the calls in the history may be the cause
        else:
            self._unsupported |= {option}

    def _probe(self, failure: Exception, error: ModelError) -> ModelError | None:
        """Omit options that the refusal does not name, unless the last such search was in vain."""
        if not may_lack_an_option(failure) or (self._probes is None and not self._known.may_probe):
            return error
        if self._probes is None:
            self._first_refusal = error
            self._probes = self._possible_probes()
        if not self._probes:
            self._capabilities.suspend_probing(self._request.model)
            return self._first_refusal
        self._probed = self._probes.pop(0)
        return None

    def _possible_probes(self) -> list[frozenset[str]]:
        """Return the options to omit: one after the other, all but the tools, which matter most, and finally all."""
        sent = self._sent
        several = [frozenset(sent) - {TOOLS}, frozenset(sent)]
        return [frozenset({each}) for each in sent] + [each for each in dict.fromkeys(several) if len(each) > 1]

    def _shorten(self, share: float | None, limit: int | None, error: ModelError) -> ModelError | None:
        """Reduce the limit by the numbers in the refusal, or else by half."""
        request = self._request
        tools = 0 if TOOLS in self._omitted else len(msgspec.json.encode([tool.parameters for tool in request.tools]))
        whole = self._sent_chars + tools
        if share is None and limit is not None and limit * _CHARS_PER_TOKEN < whole:
            share = limit * _CHARS_PER_TOKEN / whole
        if share is not None and share < _MIN_SHARE:
            share = None
        # A share that had no effect twice is ignored.
        wanted = whole * (0.5 if share is None or self._shortenings >= 2 else share * _MARGIN) - tools
        before = self._sent_chars
        self._shortenings += 1
        self._max_chars = max(int(wanted), 0)
        if (
            self._shortenings <= _MAX_SHORTENINGS
            and dialogue.size(dialogue.shortened(self._messages, self._max_chars)) < before
        ):
            return None
        return QuestionTooLong(
            f"The question alone is too long for this model{f': {error.reason}' if error.reason else ''}.", error.reason
        )
