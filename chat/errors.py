"""Exceptions of the program, in one small tree.

    ParleyError                    root: one sentence that may be shown to a user
    ├── InvalidRequest             the caller's mistake: a code, a sentence, an optional field, a status
    ├── NotFound                   no such row, or another user's: the answer is the same
    ├── Conflict                   a turn is already running, or a client_id was used for another text
    ├── Unauthorized               the caller has not shown the credentials that this needs
    ├── Forbidden                  the caller may not do this
    ├── LimitReached               the caller has reached a limit of their own; `retry_after_s`
    ├── Overloaded                 this worker runs as many turns as it may; `retry_after_s`
    ├── Restarting                 this worker is about to end and begins nothing new; another one will
    ├── StoreUnavailable           the database is locked, full or missing; `retry_after_s`
    │   ├── StoreBusy              another transaction holds the lock that this one needs
    │   ├── StoreTimeout           the database did not answer in time, and may still carry out the request
    │   └── StoreFailed            the database refuses, and will again: damaged, or a bug in the program
    │       └── DatabaseTooNew     a later version of the program has changed its tables
    ├── MaintenanceRefused         a backup, restore, copy or check that an operator asked for cannot be done
    ├── ToolFailure                a tool cannot answer; the message is written for the model
    ├── TurnEnded                  the turn passed its deadline, was stopped or was interrupted
    └── ModelError                 the model's endpoint did not answer properly; `code`, `retryable`
        ├── NoDescriptors          this server has no file descriptor for the connection
        ├── ModelUnreachable       no connection, or it broke before an answer
        ├── ModelUnavailable       status 5xx
        ├── ModelRateLimited       status 429
        ├── ModelTimeout           no data within MODEL_TIMEOUT_S
        ├── ModelInterrupted       the stream ended before the model had finished
        │   └── ModelEndedEarly    the stream ended without a finish reason
        ├── ModelGarbled           the answer is not in the documented format
        ├── ModelNoAnswer          the model finished without an answer
        ├── ModelAnswerTooLong     the answer grew past MAX_ANSWER_CHARS
        └── ModelRejected          status 4xx
            └── QuestionTooLong    the question alone does not fit into the model's context

The module that imports a foreign library translates its exceptions into these. `web/errors.py` alone maps them to HTTP,
`turns/runner.py` alone to a turn's `error` event. `config.settings.SettingError` stands apart: `config` imports nothing
from `chat`.
"""

from __future__ import annotations

from collections.abc import Callable


class ParleyError(Exception):
    """Root of the tree. `str(error)` is one sentence that may be shown to a user: no key, no path, no address."""

    code = "internal"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidRequest(ParleyError):
    """The caller's mistake. `status`: 400 (malformed), 413 (too large), 415 (wrong type) or 422 (invalid value)."""

    def __init__(self, code: str, message: str, field: str = "", status: int = 422) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
        self.status = status


class NotFound(ParleyError):
    """No such row, or another user's."""

    code = "not_found"


class Conflict(ParleyError):
    """The request does not fit the present state of a conversation or turn."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Unauthorized(ParleyError):
    """The caller has not shown the credentials that this needs."""

    code = "unauthorized"


class Forbidden(ParleyError):
    """The caller may not do this."""

    code = "forbidden"


class LimitReached(ParleyError):
    """The caller has as many of something as one user or browser may have at a time."""

    def __init__(self, code: str, message: str, retry_after_s: int = 5) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after_s = retry_after_s


class Overloaded(ParleyError):
    """The worker is at its capacity. Retry after `retry_after_s` seconds."""

    code = "overloaded"

    def __init__(self, message: str, retry_after_s: int = 5) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Restarting(ParleyError):
    """The worker is shutting down; another worker can serve the request."""

    code = "restarting"

    def __init__(self) -> None:
        super().__init__("This part of the server is being restarted; ask again.")


class StoreUnavailable(ParleyError):
    """The database cannot serve now. Retry after `retry_after_s` seconds."""

    code = "database_unavailable"

    def __init__(self, message: str, retry_after_s: int = 2) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class StoreBusy(StoreUnavailable):
    """Another transaction holds the lock that this one needs. Nothing was changed."""


class StoreTimeout(StoreUnavailable):
    """The database did not answer in time. `result()` waits for the outcome, then returns or raises it."""

    def __init__(self, message: str, result: Callable[[], object]) -> None:
        super().__init__(message)
        self.result = result


class StoreFailed(StoreUnavailable):
    """The database refuses, and would refuse again: the API's caller is not asked to retry."""

    code = "internal"


class DatabaseTooNew(StoreFailed):
    """A later version of the program has changed the tables."""

    def __init__(self, step: str) -> None:
        super().__init__(f"a later version of this program has changed its tables: {step}")


class MaintenanceRefused(ParleyError):
    """A backup, restore, copy or check cannot be done. The sentence is for the operator, and may name files."""


class ToolFailure(ParleyError):
    """A tool cannot answer. `message` goes to the model as the call's result and to the page as its summary."""

    code = "tool_failed"


class TurnEnded(ParleyError):
    """The turn is to end. `reason` is "timeout", "stopped" or "interrupted"."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.code = f"turn_{reason}"


class ModelError(ParleyError):
    """The model's endpoint did not answer properly.

    `retryable` is True where the same request may succeed later. `reason` is the endpoint's own explanation, redacted
    so that it may be shown; `message` contains it too. `retry_after_s` is the endpoint's Retry-After, in seconds.
    """

    retryable = True
    code = "model_error"

    def __init__(self, message: str, reason: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after_s = retry_after_s

    @property
    def log_message(self) -> str:
        """Return the message without the endpoint's own words, which may quote the user."""
        own_words = self.reason.rstrip(" .")
        return self.message.replace(own_words, "…") if own_words else self.message


class NoDescriptors(ModelError):
    """The server has no file descriptor left for a connection to the model."""

    code = "overloaded"


class ModelUnreachable(ModelError):
    """Connection refused or reset, unknown host, TLS failure: no response arrived."""

    code = "model_unreachable"


class ModelUnavailable(ModelError):
    """The endpoint answered 5xx."""

    code = "model_unavailable"


class ModelRateLimited(ModelError):
    """The endpoint answered 429."""

    code = "model_rate_limited"


class ModelTimeout(ModelError):
    """The endpoint sent nothing for MODEL_TIMEOUT_S."""

    code = "model_timeout"


class ModelInterrupted(ModelError):
    """The stream ended before the model had finished its answer."""

    code = "model_interrupted"


class ModelEndedEarly(ModelInterrupted):
    """The stream ended without a finish reason."""


class ModelGarbled(ModelError):
    """The response is not in the documented format."""

    code = "model_garbled"


class ModelNoAnswer(ModelError):
    """The model finished without an answer: empty, reasoning only, or tool calls without end."""

    code = "model_no_answer"


class ModelAnswerTooLong(ModelError):
    """The answer grew past MAX_ANSWER_CHARS. A retry would most likely end the same way."""

    code = "model_answer_too_long"
    retryable = False


class ModelRejected(ModelError):
    """The endpoint answered 4xx: wrong key, unknown model, context too long. A retry would fail again."""

    code = "model_rejected"
    retryable = False


class QuestionTooLong(ModelRejected):
    """The request does not fit into the model's context, although everything optional was left out."""

    code = "question_too_long"
