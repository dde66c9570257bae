"""HTTP client of the tools: JSON by GET from one fixed host, with limits on time and size.

A source's address comes from the settings and its paths from our own tables, so a model cannot choose the host or the
path. Redirects are refused, proxies of the environment are ignored, cookies are not stored. The module of each source
interprets the JSON.
"""

from __future__ import annotations

import json
import random
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from socket import gaierror
from typing import Any

import requests

from chat.errors import ToolFailure
from chat.net.cancel_scope import CancelScope, use_scope
from chat.net.errors import ConnectFailed, TooMuchData, UnparsableResponse
from chat.runtime import descriptors

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one request, retries and pauses included, in seconds and bytes.

    `framing_bytes` bounds all bytes around a body: heads and chunk sizes.
    `concurrency` bounds the simultaneous requests to one source: open APIs throttle, and a thousand conversations must
    not open a thousand connections. Further requests wait for half of `total_s` at most.
    """

    connect_s: float = 3.0
    read_s: float = 8.0
    total_s: float = 15.0
    attempts: int = 3
    pause_s: float = 0.4
    body_bytes: int = 1 << 20
    framing_bytes: int = 1 << 18
    concurrency: int = 8


class SourceUnavailable(ToolFailure):
    """A source gave no usable response. `message` is a sentence; `status` is the HTTP status, if there was one."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class _TransientFailure(Exception):
    """A failure that may be gone at the next attempt. `pause_s` is the wait that the source asks for."""

    def __init__(self, failure: SourceUnavailable, pause_s: float = 0.0) -> None:
        super().__init__(failure.message)
        # Not the failure itself: once raised, both would refer to each other and to the whole response.
        self.message = failure.message
        self.status = failure.status
        self.pause_s = pause_s


class JsonSource:
    """Client of one open API, for many threads."""

    def __init__(self, name: str, base_url: str, session: requests.Session, limits: Limits | None = None) -> None:
        """Use `session`, which `http_session` has made."""
        self.name = name
        self.address = base_url.rstrip("/")
        self._limits = limits or Limits()
        self._slots = threading.BoundedSemaphore(self._limits.concurrency)
        self._session = session

    def get(self, path: str, query: Mapping[str, str], progress: Callable[[str], None]) -> Any:
        """Return the JSON at `path` under the base address. Raises SourceUnavailable; blocks slightly over `total_s`.

        `progress` is called after a failed attempt. `path` and `query` consist of the caller's own constants and codes,
        never of a user's or a model's text.
        """
        deadline = time.monotonic() + self._limits.total_s
        # Shorter than the deadline: a request with no time left would be useless load for the source.
        if not self._slots.acquire(timeout=self._limits.total_s / 2):
            raise self._unavailable("is being asked too many questions at once")
        try:
            return self._parse(self._with_retries(self.address + path, query, deadline, progress))
        finally:
            self._slots.release()

    def _with_retries(
        self, url: str, query: Mapping[str, str], deadline: float, progress: Callable[[str], None]
    ) -> bytes:
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._attempt(url, query, deadline)
            except _TransientFailure as failure:
                pause_s = max(failure.pause_s, self._pause_s(attempt))
                if attempt >= self._limits.attempts or pause_s >= deadline - time.monotonic():
                    raise SourceUnavailable(failure.message, failure.status) from None
                progress(f"{failure.message} Trying again.")
                time.sleep(pause_s)

    def _pause_s(self, attempt: int) -> float:
        """Return the pause before the next attempt: exponential, with jitter, so that workers do not retry together."""
        return self._limits.pause_s * 2.0 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311

    def _attempt(self, url: str, query: Mapping[str, str], deadline: float) -> bytes:
        limits = self._limits
        scope = CancelScope(deadline, max_bytes=limits.body_bytes + limits.framing_bytes)
        timeouts = (limits.connect_s, limits.read_s)
        try:
            with (
                use_scope(scope),
                self._session.get(url, params=query, stream=True, allow_redirects=False, timeout=timeouts) as response,
            ):
                self._check(response)
                return self._body(response)
        except (requests.RequestException, ValueError) as error:  # ValueError: not a valid address
            raise self._translate(error, scope) from None

    def _check(self, response: requests.Response) -> None:
        """Accept status 200 only. Raises SourceUnavailable or _TransientFailure."""
        status = response.status_code
        if status == 429 or status >= 500:
            raise _TransientFailure(
                self._unavailable(f"answered with an error ({status})", status), _retry_after_s(response)
            )
        if status in _REDIRECTS:
            raise self._unavailable("answered with a redirect, which is not followed", status)
        if status != 200:
            raise self._unavailable(f"refused the question ({status})", status)
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise self._unavailable("answered in a form that was not asked for")

    def _body(self, response: requests.Response) -> bytes:
        declared = response.headers.get("Content-Length", "")
        if declared.isdecimal() and int(declared[:12]) > self._limits.body_bytes:
            raise self._too_large()
        body = bytearray()
        for piece in response.iter_content(1 << 14):
            body += piece
            if len(body) > self._limits.body_bytes:
                raise self._too_large()
        return bytes(body)

    def _translate(self, error: Exception, scope: CancelScope) -> Exception:
        """Return one of our exceptions for one of `requests`. Its text is left out because it contains addresses."""
        if descriptors.exhausted(error):
            return _TransientFailure(
                SourceUnavailable(f"{self.name} could not be asked: this server cannot open one more connection.")
            )
        if isinstance(error.__cause__, TooMuchData):
            return self._too_large()
        late = isinstance(error, requests.Timeout) and not isinstance(error, requests.ConnectTimeout)
        if late or not scope.remaining_s():
            return self._unavailable("did not answer in time")
        if isinstance(error, ValueError):
            return self._unavailable("could not be asked")
        return self._broken(error.__cause__)

    def _broken(self, cause: BaseException | None) -> Exception:
        if isinstance(cause, ConnectFailed):
            return self._no_connection(cause.__cause__)
        if isinstance(cause, UnparsableResponse):
            return self._unavailable("violates HTTP")
        # Reset or cut short.
        return _TransientFailure(self._unavailable("could not be reached"))

    def _no_connection(self, cause: BaseException | None) -> Exception:
        if isinstance(cause, gaierror):
            return self._unavailable("could not be found on the network")
        if isinstance(cause, ssl.SSLError):
            return self._unavailable("could not prove who it is")
        return _TransientFailure(self._unavailable("could not be reached"))

    def _parse(self, body: bytes) -> Any:
        try:
            # The World Bank's responses begin with a byte order mark.
            return json.loads(body.decode("utf-8-sig"), parse_constant=_not_json)
        except (ValueError, RecursionError):
            raise self._unavailable("did not answer in its documented format") from None

    def malformed(self) -> SourceUnavailable:
        """Return the failure for JSON that does not match the source's documentation."""
        return self._unavailable("did not answer in its documented format")

    def refused(self) -> SourceUnavailable:
        """Return the failure for JSON in which the source refuses the request."""
        return self._unavailable("refused the question")

    def _too_large(self) -> SourceUnavailable:
        return self._unavailable("sent more than this program reads")

    def _unavailable(self, what: str, status: int | None = None) -> SourceUnavailable:
        return SourceUnavailable(f"{self.name} {what}.", status)


def _retry_after_s(response: requests.Response) -> float:
    """Return the Retry-After header in seconds; 0 if it is absent, a date or invalid."""
    text = response.headers.get("Retry-After", "").strip()
    return float(text) if text.isdecimal() and len(text) <= 6 else 0.0


def _not_json(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
