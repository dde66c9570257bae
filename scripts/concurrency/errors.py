"""The two kinds of failures: the check cannot run, or one request has no whole answer."""

from __future__ import annotations


class CannotRun(Exception):
    """The check cannot run. The message is one sentence with the reason and the remedy."""


class Failure(Exception):
    """A request without a whole answer. `code` is the server's or the check's, `status` is HTTP's, or 0."""

    def __init__(self, code: str, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def failure_of(error: Exception) -> Failure:
    """Return a Failure with the reason why there was no response."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, TimeoutError):
        return Failure("timeout", "No whole answer within --timeout.")
    if isinstance(error, ConnectionRefusedError):
        return Failure("connection_refused", "The server accepted no connection.")
    if isinstance(error, ConnectionError):
        return Failure("connection_lost", "The server closed the connection without an answer.")
    return Failure("connection_failed", str(error) or type(error).__name__)
