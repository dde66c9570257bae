"""What went wrong at the model's endpoint, in our own errors: one sentence each that says what to check.

Nothing secret gets through: no key, no address, no body of an answer beyond a short quotation.
"""

from __future__ import annotations

import email.utils
import socket
import ssl
import time
from collections.abc import Iterator
from typing import Any

import httpx2
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
)
from chat.llm.deltas import ReportedError
from chat.llm.redaction import quotable

# Everything that one attempt at an answer may raise, but for the turn's own end.
FAILURES = (openai.OpenAIError, httpx2.HTTPError, ReportedError, ModelError)

_QUOTA_CODES = ("insufficient_quota", "billing_hard_limit_reached")


class Faults:
    """Translates failures for one endpoint: knows its secrets, so as to leave them out, and its time limit."""

    def __init__(self, secret: str, model_timeout_s: float) -> None:
        self._secret = secret
        self._model_timeout_s = model_timeout_s

    def error(self, failure: Exception, begun: bool) -> ModelError:
        """Our error for one of `FAILURES`; `begun` says whether any of the answer had come."""
        if isinstance(failure, ModelError):
            return failure
        if isinstance(failure, ReportedError):
            return self._reported(failure.body)
        if isinstance(failure, openai.APIStatusError):
            return self._status(failure)
        if isinstance(failure, (openai.APIConnectionError, httpx2.HTTPError)):
            return self._connection(failure, begun)
        return ModelGarbled("The model's endpoint gave an answer that cannot be understood.")

    def _status(self, failure: openai.APIStatusError) -> ModelError:
        status = failure.status_code
        said = self._quote(failure.body)
        if status == 429:
            return self._rate_limited(failure)
        if status >= 500:
            return ModelUnavailable(f"The model's endpoint failed ({status}){said}{_asked(failure)}.")
        if status == 408:
            return ModelTimeout("The model's endpoint gave up waiting (408).")
        return ModelRejected(f"The model's endpoint {_refusal(status, said)}.")

    def _rate_limited(self, failure: openai.APIStatusError) -> ModelError:
        if failure.code in _QUOTA_CODES:
            return _quota_used_up()
        said = self._quote(failure.body)
        return ModelRateLimited(f"The model's endpoint takes no more requests now (429){said}{_asked(failure)}.")

    def _reported(self, body: Any) -> ModelError:
        """An error inside a stream: there is no status, only what the error says of itself."""
        labels = {str(body.get(key)).lower() for key in ("code", "type", "status")} if isinstance(body, dict) else set()
        said = self._quote(body)
        if labels & set(_QUOTA_CODES):
            return _quota_used_up()
        if any("rate_limit" in label or label == "429" for label in labels):
            return ModelRateLimited(f"The model's endpoint takes no more requests now{said}.")
        if any("server_error" in label or "overloaded" in label or _is_5xx(label) for label in labels):
            return ModelUnavailable(f"The model's endpoint failed in the middle of its answer{said}.")
        if any("invalid_request" in label or "context_length" in label or label == "400" for label in labels):
            return ModelRejected(f"The model's endpoint refused the request{said}.")
        return ModelGarbled(f"The model's endpoint reported an error instead of an answer{said}.")

    def _connection(self, failure: Exception, begun: bool) -> ModelError:
        causes = list(_causes(failure))
        if any(isinstance(cause, (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.ProxyError)) for cause in causes):
            return ModelUnreachable(f"The model's endpoint cannot be reached: {_why(causes)}.")
        if any(isinstance(cause, httpx2.TimeoutException) for cause in causes):
            seconds = "1 second" if self._model_timeout_s == 1 else f"{self._model_timeout_s:g} seconds"
            return ModelTimeout(f"The model's endpoint was silent for {seconds} (MODEL_TIMEOUT_S).")
        if begun:
            return ModelInterrupted("The connection to the model broke before its answer was complete.")
        return ModelUnreachable("The connection to the model's endpoint broke before it answered.")

    def _quote(self, body: Any) -> str:
        """`: what the endpoint said`, or nothing."""
        message = body.get("message") if isinstance(body, dict) else body
        said = quotable(message, self._secret).rstrip(". ")
        return f": {said}" if said else ""


def retry_after_s(failure: Exception) -> float | None:
    """How long the endpoint asked to wait, if it did."""
    if not isinstance(failure, openai.APIStatusError):
        return None
    text = failure.response.headers.get("retry-after", "").strip()
    if text.replace(".", "", 1).isdecimal() and text.isascii():
        return float(text)
    date = email.utils.parsedate_tz(text) if text else None
    if date is None:
        return None
    try:
        return max(0.0, email.utils.mktime_tz(date) - time.time())
    except (ValueError, OverflowError):
        return None


def _asked(failure: openai.APIStatusError) -> str:
    seconds = retry_after_s(failure)
    if not seconds:
        return ""
    if seconds > 24 * 3600:
        return "; it asks to wait for more than a day"
    return f"; it asks to wait {seconds:.0f} seconds" if seconds >= 1.5 else "; it asks to wait a second"


def _refusal(status: int, said: str) -> str:
    if status == 401:
        # What it said is not repeated: it tends to hold a part of the key.
        return "did not accept the key (401); check OPENAI_API_KEY"
    if status == 402:
        return f"wants to be paid first (402){said}; check the account of OPENAI_API_KEY"
    if status == 403:
        return f"does not allow this (403){said}; check that OPENAI_API_KEY may use the model in CHAT_MODEL"
    if status == 404:
        return f"knows no such model or address (404){said}; check CHAT_MODEL and OPENAI_BASE_URL"
    if status < 400:
        return f"redirects to another address ({status}), which is not followed; check OPENAI_BASE_URL"
    return (
        f"refused the request ({status}){said}; check that CHAT_MODEL names a chat model with room for the conversation"
    )


def _quota_used_up() -> ModelRejected:
    return ModelRejected("The model's endpoint says that the quota is used up; check the account of OPENAI_API_KEY.")


def _is_5xx(label: str) -> bool:
    return len(label) == 3 and label.isdecimal() and label.startswith("5")


def _causes(failure: BaseException | None) -> Iterator[BaseException]:
    while failure is not None:
        yield failure
        failure = failure.__cause__ or failure.__context__


def _why(causes: list[BaseException]) -> str:
    """The reason beneath a failed connection, and what to do about it."""
    for kinds, reason in _REASONS:
        if any(isinstance(cause, kinds) for cause in causes):
            return reason
    return "the connection failed; check OPENAI_BASE_URL and the network"


# The first that fits: the particular before the general.
_REASONS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (httpx2.ProxyError, "the proxy refused; check the proxy in the environment"),
    (socket.gaierror, "its host name is not known; check OPENAI_BASE_URL"),
    (
        ssl.SSLCertVerificationError,
        "its certificate is not trusted; check OPENAI_BASE_URL, or name its authority in SSL_CERT_FILE",
    ),
    (ssl.SSLError, "no TLS connection came about; check whether OPENAI_BASE_URL should begin with http or https"),
    (ConnectionRefusedError, "it refuses connections; check that it runs and that OPENAI_BASE_URL is right"),
    ((TimeoutError, httpx2.ConnectTimeout), "it does not answer; check OPENAI_BASE_URL and the network"),
)
