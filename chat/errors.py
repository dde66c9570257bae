"""Every error of ours, in one small tree.

    ParleyError
    ├── SettingError          config/settings.py raises its own; see there
    ├── InvalidRequest        the caller's mistake: a code, a sentence, perhaps a field
    ├── NotFound              not there, or somebody else's: the same answer
    ├── Conflict              a turn is running already, or a client_id was used for another text
    ├── Forbidden             may not
    ├── LimitReached          the caller has as many of something as one may have at a time; `retry_after_s`
    ├── Overloaded            this worker runs as many turns as it may; `retry_after_s`
    ├── Restarting            this worker is about to end and begins nothing new: another one will
    ├── StoreUnavailable      the database is locked, full or away; `retry_after_s`
    │   ├── StoreLate         the database did not answer in time, and may still do what was asked
    │   └── StoreFailed       the database refuses, and will again: damaged, or a fault of the program
    │       └── DatabaseTooNew  a later version of the program has changed its tables
    ├── ToolFailure           a tool's own "I could not", written for the model to read
    ├── TurnEnded             the turn was told to end (deadline, stop) while it was doing something
    └── ModelError            the model's endpoint did not answer properly; `code`, `retryable`

A foreign library's exceptions are translated into these by the one module that imports it.
`web/errors.py` alone maps them to HTTP; `turns/runner.py` alone maps them to a turn's `error` event.
"""

from __future__ import annotations

from collections.abc import Callable


class ParleyError(Exception):
    """The root. `str(error)` is one sentence that may be shown to a user: no key, no path, no address."""

    code = "internal"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidRequest(ParleyError):
    """`status` is 400 (malformed), 413 (too large), 415 (wrong type) or 422 (a value that is not taken)."""

    def __init__(self, code: str, message: str, field: str = "", status: int = 422) -> None:
        super().__init__(message)
        self.code = code
        self.field = field
        self.status = status


class NotFound(ParleyError):
    code = "not_found"


class Conflict(ParleyError):
    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Forbidden(ParleyError):
    code = "forbidden"


class LimitReached(ParleyError):
    def __init__(self, code: str, message: str, retry_after_s: int = 5) -> None:
        super().__init__(message)
        self.code = code
        self.retry_after_s = retry_after_s


class Overloaded(ParleyError):
    code = "overloaded"

    def __init__(self, message: str, retry_after_s: int = 5) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Restarting(ParleyError):
    code = "restarting"

    def __init__(self) -> None:
        super().__init__("This part of the server is being restarted; ask again.")


class StoreUnavailable(ParleyError):
    code = "database_unavailable"

    def __init__(self, message: str, retry_after_s: int = 2) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class StoreLate(StoreUnavailable):
    """`result` waits for what becomes of it after all, and returns or raises that."""

    def __init__(self, message: str, result: Callable[[], object]) -> None:
        super().__init__(message)
        self.result = result


class StoreFailed(StoreUnavailable):
    """What asks for the database can treat it as unavailable, but a caller is not told to try again."""

    code = "internal"


class DatabaseTooNew(StoreFailed):
    def __init__(self, step: str) -> None:
        super().__init__(f"a later version of this program has changed its tables: {step}")


class ToolFailure(ParleyError):
    """`message` goes to the model as the call's result and to the page as its summary."""

    code = "tool_failed"


class TurnEnded(ParleyError):
    """Raised where a turn finds that it was told to end. `reason` is "timeout", "stopped" or "interrupted"."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.code = f"turn_{reason}"


class ModelError(ParleyError):
    """`retryable`: whether the same question may be answered if asked again.

    `reason` is what the endpoint itself said, fit to be shown, and is a part of `message` too; `retry_after_s` is
    how long it asked to wait.
    """

    retryable = True
    code = "model_error"

    def __init__(self, message: str, reason: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.retry_after_s = retry_after_s


class NoDescriptors(ModelError):
    """This server's own lack: it has no file descriptor for a connection to the model."""

    code = "overloaded"


class ModelUnreachable(ModelError):
    """Refused, reset, unknown host, TLS failure: nothing was answered."""

    code = "model_unreachable"


class ModelUnavailable(ModelError):
    """The endpoint answered 5xx."""

    code = "model_unavailable"


class ModelRateLimited(ModelError):
    code = "model_rate_limited"


class ModelTimeout(ModelError):
    """Silent for longer than MODEL_TIMEOUT_S."""

    code = "model_timeout"


class ModelInterrupted(ModelError):
    """The stream ended before the model said that it was done."""

    code = "model_interrupted"


class ModelEndedEarly(ModelInterrupted):
    """The stream ended without a word about the answer's end."""


class ModelGarbled(ModelError):
    """Something that is not the documented format came back."""

    code = "model_garbled"


class ModelNoAnswer(ModelError):
    """The model ended in due form without an answer: nothing, reasoning alone, or tool calls without end."""

    code = "model_no_answer"


class ModelAnswerTooLong(ModelError):
    """The answer grew past MAX_ANSWER_CHARS. Asking again would most likely end the same."""

    code = "model_answer_too_long"
    retryable = False


class ModelRejected(ModelError):
    """4xx: a wrong key, an unknown model, a context that is too long. Asking again changes nothing."""

    code = "model_rejected"
    retryable = False


class QuestionTooLong(ModelRejected):
    """Nothing is left that could be left out, and it still does not fit into the model's context."""

    code = "question_too_long"
