"""HTTP client of the tools: JSON by GET from one fixed host, with limits on time and size.

A source's address comes from the settings and its paths from our own tables, so a model cannot choose the host or the
path. Redirects are refused, proxies of the environment are ignored, cookies are not stored. The module of each source
interprets the JSON.
"""

from __future__ import annotations

import base64
import contextlib
import json
import random
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from socket import gaierror
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

from chat.errors import ToolFailure
from chat.net.cancel_scope import CancelScope
from chat.net.errors import ConnectFailed, NetError, ReceiveTimedOut, SendTimedOut, TooMuchData, UnsendableRequest
from chat.net.http_client import HttpClient, Response
from chat.net.request import Origin, Timeouts, request_bytes
from chat.runtime import descriptors

# The name tells the source's operator which program sends the requests. No compression: a small response could unpack
# into a huge one.
_HEADERS = [
    (b"User-Agent", b"Parley (market data tools)"),
    (b"Accept", b"application/json"),
    (b"Accept-Encoding", b"identity"),
]


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

    def __init__(self, name: str, base_url: str, client: HttpClient, limits: Limits | None = None) -> None:
        self.name = name
        self.address = base_url.rstrip("/")
        self._limits = limits or Limits()
        self._slots = threading.BoundedSemaphore(self._limits.concurrency)
        self._host = _Host(self.address)
        self._client = client

    def get(self, path: str, query: Mapping[str, str], progress: Callable[[str], None]) -> Any:
        """Return the JSON at `path` under the base address. Raises SourceUnavailable; blocks slightly over `total_s`.

        `progress` is called after a failed attempt. `path` and `query` consist of the caller's own constants and codes,
        never of a user's or a model's text.
        """
        deadline = time.monotonic() + self._limits.total_s
        # Not until the deadline: a request with no time left would load the source for nothing.
        if not self._slots.acquire(timeout=self._limits.total_s / 2):
            raise self._unavailable("is being asked too many questions at once")
        try:
            return self._parse(self._with_retries(self._message(path, query), deadline, progress))
        finally:
            self._slots.release()

    def _message(self, path: str, query: Mapping[str, str]) -> bytes:
        try:
            return self._host.request(path, query)
        except UnsendableRequest:
            raise self._unavailable("could not be asked") from None

    def _with_retries(self, message: bytes, deadline: float, progress: Callable[[str], None]) -> bytes:
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._attempt(message, deadline)
            except _TransientFailure as failure:
                pause_s = max(failure.pause_s, self._pause_s(attempt))
                if attempt >= self._limits.attempts or pause_s >= deadline - time.monotonic():
                    raise SourceUnavailable(failure.message, failure.status) from None
                progress(f"{failure.message} Trying again.")
                time.sleep(pause_s)

    def _pause_s(self, attempt: int) -> float:
        """Return the pause before the next attempt: exponential, with jitter, so that workers do not retry together."""
        return self._limits.pause_s * 2.0 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311

    def _attempt(self, message: bytes, deadline: float) -> bytes:
        limits = self._limits
        scope = CancelScope(deadline, max_bytes=limits.body_bytes + limits.framing_bytes)
        timeouts = Timeouts(limits.connect_s, limits.read_s, limits.read_s)
        try:
            response = self._client.send(self._host.origin, message, scope, timeouts)
            with contextlib.closing(response):
                self._check(response)
                return self._body(response)
        except NetError as error:
            raise self._translate(error, scope) from None

    def _check(self, response: Response) -> None:
        """Accept status 200 only. Raises SourceUnavailable or _TransientFailure."""
        status = response.status
        if status == 429 or status >= 500:
            raise _TransientFailure(
                self._unavailable(f"answered with an error ({status})", status), _retry_after_s(response)
            )
        if 300 <= status < 400:
            raise self._unavailable("answered with a redirect, which is not followed", status)
        if status != 200:
            raise self._unavailable(f"refused the question ({status})", status)
        if _header(response, b"content-encoding").lower() not in ("", "identity"):
            raise self._unavailable("answered in a form that was not asked for")

    def _body(self, response: Response) -> bytes:
        declared = _header(response, b"content-length")
        if declared.isdecimal() and int(declared[:12]) > self._limits.body_bytes:
            raise self._too_large()
        body = bytearray()
        for piece in response:
            body += piece
            if len(body) > self._limits.body_bytes:
                raise self._too_large()
        return bytes(body)

    def _translate(self, error: NetError, scope: CancelScope) -> Exception:
        """Return one of our exceptions for one of `chat.net`."""
        if descriptors.exhausted(error):
            return _TransientFailure(
                SourceUnavailable(f"{self.name} could not be asked: this server has no room for one more connection.")
            )
        if isinstance(error, TooMuchData):
            return self._too_large()
        if isinstance(error, ReceiveTimedOut | SendTimedOut) or not scope.remaining_s():
            return self._unavailable("did not answer in time")
        if isinstance(error, ConnectFailed) and isinstance(error.__cause__, gaierror):
            return self._unavailable("could not be found on the network")
        if isinstance(error, ConnectFailed) and isinstance(error.__cause__, ssl.SSLError):
            return self._unavailable("could not prove who it is")
        # Refused, reset, cut short, or no connection in time.
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


class _Host:
    """The address of a source: what to connect to, and the parts of a request that never change."""

    def __init__(self, address: str) -> None:
        """Parse `address`, which the settings have checked."""
        parts = urlsplit(address)
        scheme, host = parts.scheme, parts.hostname or ""
        self.origin = Origin(scheme, host, parts.port or (443 if scheme == "https" else 80))
        self._path = parts.path
        self._headers = [(b"Host", parts.netloc.rpartition("@")[2].encode("idna")), *_HEADERS]
        if parts.username is not None:
            login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            self._headers.append((b"Authorization", b"Basic " + base64.b64encode(login.encode())))

    def request(self, path: str, query: Mapping[str, str]) -> bytes:
        """Return the bytes of a request. Raises UnsendableRequest."""
        target = f"{self._path}{path}?{urlencode(query)}" if query else f"{self._path}{path}"
        return request_bytes(b"GET", target.encode("utf-8"), self._headers)


def _header(response: Response, name: bytes) -> str:
    """Return the first header called `name`, or "" if there is none."""
    return next((value.decode("latin-1").strip() for key, value in response.headers if key.lower() == name), "")


def _retry_after_s(response: Response) -> float:
    """Return the Retry-After header in seconds; 0 if it is absent, a date or invalid."""
    text = _header(response, b"retry-after")
    return float(text) if text.isdecimal() and len(text) <= 6 else 0.0


def _not_json(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
