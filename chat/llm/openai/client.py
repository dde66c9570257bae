"""A model behind any OpenAI-compatible endpoint.

Request bodies are encoded here and the stream is read raw, since the SDK's own objects cost more than all other work
for a turn and its tokens. `endpoint` describes the SDK's part; `sse` does the framing, `deltas` the meaning, `faults`
the errors, `transport` the connection.
"""

from __future__ import annotations

import codecs
import contextlib
import copy
import random
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

import httpx2

from chat.cancellation import Cancellation
from chat.errors import (
    ModelEndedEarly,
    ModelError,
    ModelGarbled,
    ModelInterrupted,
    ModelRateLimited,
    ModelRejected,
    ModelUnavailable,
    ModelUnreachable,
    NoDescriptors,
)
from chat.llm.openai.answer.chunk_template import ChunkTemplate
from chat.llm.openai.answer.deltas import AnswerReader
from chat.llm.openai.answer.sse import EventParser
from chat.llm.openai.faults.translation import FAILURES, Faults, retry_after_of
from chat.llm.openai.request.adaptive import AdaptiveRequest, ModelRequest
from chat.llm.openai.request.capabilities import CapabilityCache
from chat.llm.openai.transport.endpoint import Endpoint
from chat.llm.sleep import cancellable_sleep
from chat.messages import Delta, Message, Notice, TextDelta, ToolCall, ToolSpec, Usage
from chat.net.cancel_scope import CancelScope, use_scope
from chat.net.errors import UnparsableResponse

MAX_RETRIES = 2
MAX_RETRY_AFTER_S = 5.0
# After the finish reason come the token count and then the end of the body, which makes the connection reusable.
# Neither is worth a long wait.
USAGE_WITHIN_S = 2.0
END_WITHIN_S = 0.2

_WARM_UP_ANSWER = b'data: {"choices": [{"delta": {"content": "."}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
_WARM_UP_TOOLS = [ToolSpec("tool", "", {"type": "object", "properties": {}})]


def random_backoff_s(attempt: int) -> float:
    """Return a quarter to half a second, then twice that; turns that failed together do not retry together."""
    return (1 + attempt) * random.uniform(0.25, 0.5)  # noqa: S311


def _count_nothing(_kind: str, _model: str) -> None:
    """Do nothing."""


class OpenAIModel:
    """`chat.llm.contract.LanguageModel` over HTTP. `model_timeout_s` is the longest silence that is accepted.

    An attempt that fails before its first text is repeated, up to `MAX_RETRIES` times, where that can help: no
    response, 5xx, 429, an answer that broke off, ended early or is unreadable. A `Retry-After` of at most
    `MAX_RETRY_AFTER_S` is obeyed; a longer one ends the turn at once. A request that is refused for something optional
    is sent again at once in another form (`adaptive_request`).
    """

    def __init__(
        self,
        api_key: str,
        base_url: str,
        model_timeout_s: float,
        transport: str = "lean",
        offer_tools: str = "auto",
        *,
        clock: Callable[[], float] = time.monotonic,
        backoff_s: Callable[[int], float] = random_backoff_s,
    ) -> None:
        """Configure the model. Does not connect.

        An empty string means "not set"; `transport` is "lean" or "standard". `offer_tools` is "auto" (until the
        endpoint refuses them), "true" or "false". `clock` tells the age of connections, and `backoff_s` the time
        between the attempts with this number and the next.
        """
        self._endpoint = Endpoint(api_key, base_url, model_timeout_s, transport, clock)
        self._backoff_s = backoff_s
        # Called with the kind of error and the model before a failed attempt is repeated.
        self.count_retry: Callable[[str, str], None] = _count_nothing
        # What is known of the models. Several workers may share it.
        self.capabilities = CapabilityCache()
        self._model_timeout_s = model_timeout_s
        self._faults = Faults(self._endpoint.secrets, model_timeout_s, self._endpoint.proxy_variable)
        self._key_can_be_sent = api_key.isascii() and api_key.isprintable()
        self._retries = MAX_RETRIES
        self._offer_tools = offer_tools

    def stream(
        self,
        model: str,
        messages: Sequence[Message],
        tools: Sequence[ToolSpec],
        cancellation: Cancellation,
        may_call: bool = True,
    ) -> Generator[Delta, None, None]:
        if not self._key_can_be_sent:
            raise ModelRejected("OPENAI_API_KEY contains characters that no key has; correct it.")
        request = AdaptiveRequest(ModelRequest(model, messages, tools, may_call), self.capabilities, self._offer_tools)
        attempt = 0
        while True:
            received = started = False
            try:
                with self._response(request.body(), cancellation) as (body, scope):
                    for delta in _deltas(body, scope, cancellation):
                        if not received and not isinstance(delta, Usage):
                            received = True
                            request.succeeded()
                            yield from map(Notice, request.notices)
                        started = started or _is_visible(delta)
                        yield delta
                return
            except FAILURES as failure:
                cancellation.check()
                error = self._faults.error(failure, started)
                refused = None if received else request.adapt(failure, error)
                if refused is None and not received:
                    continue
                error = refused or error
                wait_s = None if started else self._wait_before_next(failure, error, attempt)
                if wait_s is None or wait_s >= cancellation.remaining_s():
                    try:
                        # Not chained, because the failure's own text may hold secrets.
                        raise error from None
                    finally:
                        del error, refused  # they refer to this frame, and so to the whole turn
            self.count_retry(error.code, model)
            cancellable_sleep(wait_s, cancellation)
            attempt += 1

    def _wait_before_next(self, failure: Exception, error: ModelError, attempt: int) -> float | None:
        """Return the seconds until the next attempt, or None if there is none."""
        repeats = isinstance(error, (ModelUnreachable, ModelUnavailable, ModelRateLimited, NoDescriptors))
        if attempt >= self._retries or not (repeats or isinstance(failure, (ModelGarbled, ModelEndedEarly))):
            return None
        if isinstance(failure.__cause__, UnparsableResponse) and self._endpoint.use_fallback():
            return 0.0
        retry_after_s = retry_after_of(failure)
        if retry_after_s is not None and retry_after_s > MAX_RETRY_AFTER_S:
            return None
        return max(retry_after_s or 0.0, self._backoff_s(attempt))

    def without_retries(self) -> OpenAIModel:
        """Return a copy with the same connections that does not repeat failed attempts."""
        other = copy.copy(self)
        other._retries = 0
        return other

    def close_unusable_connections(self) -> None:
        self._endpoint.close_unusable()

    def close(self) -> None:
        """Close the idle connections."""
        self._endpoint.close()

    @contextlib.contextmanager
    def _response(self, request: bytes, cancellation: Cancellation) -> Iterator[tuple[Iterable[bytes], CancelScope]]:
        """Send a request. Return the response's body, which is closed after the block, and its scope."""
        scope = CancelScope(cancellation.deadline, self._model_timeout_s, cancellation)
        with cancellation.closing(scope.cancel):
            with use_scope(scope):
                body = self._endpoint.send(request)
            del request  # not needed any more
            scope.head_received()
            with contextlib.closing(body):
                yield body, scope

    def warm_up(self) -> None:
        """Do the work of a first request in advance: late imports and the SDK's lazy parts. Sends nothing."""
        if not self._key_can_be_sent:
            return  # every turn raises this error
        codecs.lookup("idna")  # otherwise loaded at the first look-up of a host's name
        offline = copy.copy(self)
        transport = httpx2.MockTransport(lambda _: httpx2.Response(200, stream=httpx2.ByteStream(_WARM_UP_ANSWER)))
        offline._endpoint = self._endpoint.with_transport(transport)
        offline.capabilities = CapabilityCache()
        for _ in offline.stream("model", [Message("user", "")], _WARM_UP_TOOLS, Cancellation(60)):
            pass


def _is_visible(delta: Delta) -> bool:
    """Return whether a delta begins the answer proper: a text that is not blank, or a call."""
    return isinstance(delta, ToolCall) or (isinstance(delta, TextDelta) and not delta.text.isspace())


def _deltas(body: Iterable[bytes], scope: CancelScope, cancellation: Cancellation) -> Iterator[Delta]:
    """Yield the answer as it arrives. Leaves the connection either read to its end or closed."""
    parser, answer, template = EventParser(), AnswerReader(), ChunkTemplate()
    try:
        for received in body:
            cancellation.check()
            if parser.is_between_events and (words := template.match(received)) and answer.accept(words):
                del received  # otherwise it stays in memory until more is received
                scope.note_progress()
                yield words
                continue
            events = parser.feed(received)
            del received
            for delta in answer.read(events):
                scope.allow_read_batching()
                yield delta
            if events:
                template.learn(events[-1][1])
            del events
            if answer.has_progress:
                answer.has_progress = False
                scope.note_progress()
                scope.end_within(_end_within_s(answer))
    except httpx2.HTTPError:
        if not answer.is_finished:
            raise
    else:
        yield from answer.read_tail(parser.end(), parser.has_document)
    yield from answer.end()
    _raise_fault_of(answer)


def _raise_fault_of(answer: AnswerReader) -> None:
    fault = answer.fault()
    if isinstance(fault, ModelInterrupted) and not answer.finish_reason:
        raise ModelEndedEarly(fault.message)
    if fault is not None:
        try:
            raise fault
        finally:
            del fault  # it refers to this frame


def _end_within_s(answer: AnswerReader) -> float | None:
    """Return the seconds that the end may take from now on, or None while more text may arrive."""
    if answer.done:
        return END_WITHIN_S
    return USAGE_WITHIN_S if answer.is_finished else None
