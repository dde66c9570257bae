"""Failures of the model's endpoint, translated to our errors: one sentence each, with the setting to check.

No secret is shown: no key, no address, no response body beyond a short quotation.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Sequence
from typing import Any

import h11
import httpx2
import msgspec
import openai

from chat.errors import (
    ModelError,
    ModelGarbled,
    ModelInterrupted,
    ModelRateLimited,
    ModelRejected,
    ModelTimeout,
    ModelUnavailable,
    ModelUnreachable,
    NoDescriptors,
)
from chat.llm.openai.answer.deltas import ReportedError
from chat.llm.openai.faults.proxy_messages import proxy_error, wrong_password
from chat.llm.openai.faults.reasons import labels
from chat.llm.openai.faults.reasons import reason as reason_in
from chat.llm.openai.faults.redaction import is_page, quotable
from chat.llm.openai.faults.redirects import redirect_message
from chat.llm.openai.faults.retry_after import retry_after_s, retry_hint
from chat.llm.openai.faults.status_messages import refusal
from chat.net.errors import UnparsableResponse
from chat.runtime import descriptors

# All exceptions of one attempt, except for the end of the turn.
FAILURES = (openai.OpenAIError, httpx2.HTTPError, ReportedError, ModelError)

_QUOTA_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached"})
# Labels of errors in a stream that mean the request was refused, as substrings.
_REFUSED = ("invalid_request", "context_length", "invalid_argument", "bad_request", "not_supported", "unsupported")
_NO_ROOM = "This server cannot open one more connection at the moment (ulimit -n); try again in a moment."


class Faults:
    """Translator of failures for one endpoint; knows its secrets, to hide them, its time limit and its proxy."""

    def __init__(self, secrets: Sequence[str], model_timeout_s: float, proxy_variable: str) -> None:
        """Set the values; `proxy_variable` is the name of the variable with the proxy's address, or ""."""
        self._secrets = secrets
        self._model_timeout_s = model_timeout_s
        self._proxy_variable = proxy_variable

    def error(self, failure: Exception, started: bool) -> ModelError:
        """Return our error for one of `FAILURES`; `started` tells whether a part of the answer had arrived."""
        if isinstance(failure, ModelError):
            return failure
        if isinstance(failure, ReportedError):
            return self._reported(failure.body)
        if isinstance(failure, openai.APIStatusError):
            return self._status(failure)
        if isinstance(failure, (openai.APIConnectionError, httpx2.HTTPError)):
            return NoDescriptors(_NO_ROOM) if _lacks_descriptors(failure) else self._connection(failure, started)
        return ModelGarbled("The model's endpoint gave an answer that cannot be understood.")

    def _status(self, failure: openai.APIStatusError) -> ModelError:
        status, body = failure.status_code, body_of(failure)
        reason = self._quote(body)
        wait_s = retry_after_of(failure)
        end = f"{_reason_suffix(reason, body)}{retry_hint(wait_s)}."
        if status == 429:
            if labels(body) & _QUOTA_CODES:
                return _quota_used_up(reason)
            return ModelRateLimited(f"The model's endpoint takes no more requests now (429){end}", reason, wait_s)
        if status >= 500:
            return ModelUnavailable(f"The model's endpoint failed ({status}){end}", reason, wait_s)
        if status == 408:
            return ModelTimeout(f"The model's endpoint gave up waiting (408){end}", reason, wait_s)
        if status == 407 and self._proxy_variable:
            return wrong_password(self._proxy_variable)
        message = redirect_message(failure, self._secrets) or refusal(status, _reason_suffix(reason, body))
        return ModelRejected(f"The model's endpoint {message}.", reason)

    def _reported(self, body: Any) -> ModelError:
        """Return our error for an error in a stream, which has no status, only labels."""
        error_labels, reason = labels(body), self._quote(body)
        wait_s = retry_after_s({}, body)
        end = f"{_reason_suffix(reason)}{retry_hint(wait_s)}."
        if error_labels & _QUOTA_CODES:
            return _quota_used_up(reason)
        if any("rate_limit" in label or label == "429" for label in error_labels):
            return ModelRateLimited(f"The model's endpoint takes no more requests now{end}", reason, wait_s)
        if any("server_error" in label or "overloaded" in label or _is_5xx(label) for label in error_labels):
            return ModelUnavailable(f"The model's endpoint failed in the middle of its answer{end}", reason, wait_s)
        if any(part in label for label in error_labels for part in _REFUSED) or "400" in error_labels:
            return ModelRejected(f"The model's endpoint refused the request{end}", reason)
        return ModelGarbled(f"The model's endpoint reported an error instead of an answer{end}", reason)

    def _connection(self, failure: Exception, started: bool) -> ModelError:
        causes = list(_causes(failure))
        if any(isinstance(cause, (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError)) for cause in causes):
            at_proxy = proxy_error(causes, self._proxy_variable) if self._proxy_variable else None
            return at_proxy or ModelUnreachable(f"The model's endpoint cannot be reached: {_why(causes)}.")
        if any(isinstance(cause, httpx2.TimeoutException) for cause in causes):
            seconds = "1 second" if self._model_timeout_s == 1 else f"{self._model_timeout_s:g} seconds"
            return ModelTimeout(f"The model's endpoint was silent for {seconds} (MODEL_TIMEOUT_S).")
        if isinstance(failure, httpx2.DecodingError):
            return ModelGarbled(f"The model's endpoint sent something that cannot be read: {failure}.")
        if started:
            return ModelInterrupted("The connection to the model broke before its answer was complete.")
        return ModelUnreachable(f"{_broken(causes)}.")

    def _quote(self, body: Any) -> str:
        """Return the endpoint's reason, fit to be shown, or ""."""
        return quotable(reason_in(body), *self._secrets).rstrip(". ")


def body_of(failure: openai.APIStatusError) -> Any:
    """Return a refusal's body: JSON, or else text."""
    text = failure.response.text
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError):
        return text


def retry_after_of(failure: Exception) -> float | None:
    """Return the seconds that the endpoint asked to wait, if it did."""
    if isinstance(failure, ReportedError):
        return retry_after_s({}, failure.body)
    if not isinstance(failure, openai.APIStatusError):
        return None
    return retry_after_s(failure.response.headers, body_of(failure))


def _reason_suffix(reason: str, body: Any = None) -> str:
    if reason:
        return f": {reason}"
    return " with a web page in place of a reason" if isinstance(body, str) and is_page(body) else ""


def _quota_used_up(reason: str) -> ModelRejected:
    return ModelRejected(
        f"The model's endpoint says that the quota is used up{_reason_suffix(reason)};"
        " check the account of OPENAI_API_KEY.",
        reason,
    )


def _is_5xx(label: str) -> bool:
    return len(label) == 3 and label.isdecimal() and label.startswith("5")


def _causes(failure: BaseException | None) -> Iterator[BaseException]:
    while failure is not None:
        yield failure
        failure = failure.__cause__ or failure.__context__


def _lacks_descriptors(failure: Exception) -> bool:
    looked_up = any(isinstance(cause, socket.gaierror) for cause in _causes(failure))
    return descriptors.exhausted(failure, probe=looked_up)


def _broken(causes: list[BaseException]) -> str:
    """Return what broke a connection before an answer began: bytes that are not HTTP, or nothing known."""
    if any(isinstance(cause, UnparsableResponse) for cause in causes):
        return "The model's endpoint violates HTTP; MODEL_TRANSPORT=standard tolerates more"
    if any(isinstance(cause, h11.RemoteProtocolError) for cause in causes):  # of the standard transport
        return "The model's endpoint violates HTTP; check OPENAI_BASE_URL"
    return "The connection to the model's endpoint broke before it answered"


def _why(causes: list[BaseException]) -> str:
    """Return the cause of a failed connection and a correction."""
    for kinds, reason in _REASONS:
        if any(isinstance(cause, kinds) for cause in causes):
            return reason
    return "the connection failed; check OPENAI_BASE_URL and the network"


# The first match counts: specific before general.
_REASONS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (socket.gaierror, "its host name is not known; check OPENAI_BASE_URL"),
    (
        ssl.SSLCertVerificationError,
        "its certificate is not trusted; check OPENAI_BASE_URL, or name its authority in SSL_CERT_FILE",
    ),
    (ssl.SSLError, "no TLS connection could be made; check whether OPENAI_BASE_URL should begin with http or https"),
    (ConnectionRefusedError, "it refuses connections; check that it runs and that OPENAI_BASE_URL is right"),
    ((TimeoutError, httpx2.ConnectTimeout), "it does not answer; check OPENAI_BASE_URL and the network"),
)
