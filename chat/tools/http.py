"""How tools ask the open web: JSON by GET, from one fixed host, within limits of time and size.

A source's address comes from the settings and its paths from our own tables, so nothing a model says can
choose the host or the path. Redirects are refused, proxies and .netrc of the environment are not looked at,
no cookie is kept. What the answers mean is the business of the file that knows the source.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3

from chat.errors import ToolFailure
from chat.runtime import descriptors
from chat.tools.watchdog import Watchdog, WatchedAdapter

# With a name and a home, so that whoever runs a source can see who asks. No compression: a small answer can
# then not unpack into a huge one.
_HEADERS = {
    "User-Agent": "Parley (market data tools)",
    "Accept": "application/json",
    "Accept-Encoding": "identity",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """What one question may cost, attempts and pauses included. Seconds and bytes; `framing_bytes` is all that is
    around a body, heads and chunk sizes, and `pieces` how many chunks it may have.

    `at_once` bounds the requests under way to one source: open APIs throttle, and a thousand conversations
    must not become a thousand connections. The rest wait, for half of `total_s` at most.
    """

    connect_s: float = 3.0
    read_s: float = 8.0
    total_s: float = 15.0
    attempts: int = 3
    pause_s: float = 0.4
    body_bytes: int = 1 << 20
    framing_bytes: int = 1 << 18
    pieces: int = 20_000
    at_once: int = 8


class SourceUnavailable(ToolFailure):
    """A source gave no usable answer. `message` is a whole sentence; `status` the HTTP status, where there was one."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class _Passing(Exception):
    """An attempt failed in a way that may be gone the next time. `pause_s` is what the source asks us to wait."""

    def __init__(self, failure: SourceUnavailable, pause_s: float = 0.0) -> None:
        super().__init__(failure.message)
        # Not the failure itself: raised, it would refer to this in turn, and both to the whole answer.
        self.message = failure.message
        self.status = failure.status
        self.pause_s = pause_s


class JsonSource:
    """One open API. Safe to use from many threads at once: the session's pool is, and nothing else is shared."""

    def __init__(self, name: str, base_url: str, limits: Limits | None = None) -> None:
        self.name = name
        self.address = base_url.rstrip("/")
        self._limits = limits or Limits()
        self._slots = threading.BoundedSemaphore(self._limits.at_once)
        self._session = _session(self._limits.at_once)

    def get(self, path: str, query: Mapping[str, str]) -> Any:
        """The JSON at `path` under the base address. Raises SourceUnavailable; blocks at most `total_s` and a bit.

        `path` and `query` are the caller's own words and codes, never a user's or a model's text.
        """
        give_up = time.monotonic() + self._limits.total_s
        # Not to the last moment: a question that is sent with no time left costs the source, and gets nothing.
        if not self._slots.acquire(timeout=self._limits.total_s / 2):
            raise self._unavailable("is being asked too many questions at once")
        try:
            with Watchdog(give_up - time.monotonic(), self._most_bytes()) as watchdog:
                return self._parsed(self._with_retries(self.address + path, query, watchdog))
        finally:
            self._slots.release()

    def _most_bytes(self) -> int:
        return self._limits.attempts * (self._limits.body_bytes + self._limits.framing_bytes)

    def _with_retries(self, url: str, query: Mapping[str, str], watchdog: Watchdog) -> bytes:
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._attempt(url, query, watchdog)
            except _Passing as passing:
                pause_s = max(passing.pause_s, self._pause_s(attempt))
                if attempt >= self._limits.attempts or pause_s >= watchdog.remaining_s():
                    raise SourceUnavailable(passing.message, passing.status) from None
                time.sleep(pause_s)

    def _pause_s(self, attempt: int) -> float:
        """Longer each time, and with jitter, so that workers which failed together do not come back together."""
        return self._limits.pause_s * 2.0 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311

    def _attempt(self, url: str, query: Mapping[str, str], watchdog: Watchdog) -> bytes:
        left_s = max(0.001, watchdog.remaining_s())
        try:
            with self._session.get(
                url,
                params=query,
                stream=True,
                allow_redirects=False,
                timeout=(min(self._limits.connect_s, left_s), min(self._limits.read_s, left_s)),
            ) as response:
                self._check(response)
                body = self._body(response)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            if watchdog.flooded:
                raise self._too_large() from None
            raise self._translated(error, watchdog) from None
        # A body that ends with its connection looks complete when the watchdog ended it.
        if watchdog.expired:
            raise self._unavailable("did not answer in time")
        return body

    def _check(self, response: requests.Response) -> None:
        """Only a plain 200 is read."""
        status = response.status_code
        if status == 429 or status >= 500:
            raise _Passing(self._unavailable(f"answered with an error ({status})", status), _retry_after_s(response))
        if 300 <= status < 400:
            raise self._unavailable("answered with a redirect, which is not followed", status)
        if status != 200:
            raise self._unavailable(f"refused the question ({status})", status)
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise self._unavailable("answered in a form that was not asked for")

    def _body(self, response: requests.Response) -> bytes:
        announced = response.headers.get("Content-Length", "")
        if announced.isdecimal() and int(announced[:12]) > self._limits.body_bytes:
            raise self._too_large()
        body = bytearray()
        for pieces, chunk in enumerate(response.raw.stream(1 << 14, decode_content=False)):
            body += chunk
            if len(body) > self._limits.body_bytes or pieces >= self._limits.pieces:
                raise self._too_large()
        return bytes(body)

    def _translated(self, error: Exception, watchdog: Watchdog) -> Exception:
        """A foreign exception as ours. Its own text is left out: it names addresses."""
        if descriptors.lacking(error):
            return _Passing(
                SourceUnavailable(f"{self.name} could not be asked: this server has no room for one more connection.")
            )
        late = isinstance(error, requests.ReadTimeout | urllib3.exceptions.ReadTimeoutError)
        if late or watchdog.expired:
            return self._unavailable("did not answer in time")
        reason = getattr(error.args[0] if error.args else None, "reason", None)
        if isinstance(reason, urllib3.exceptions.NameResolutionError):
            return self._unavailable("could not be found on the network")
        if isinstance(error, requests.exceptions.SSLError | urllib3.exceptions.SSLError):
            return self._unavailable("could not prove who it is")
        if isinstance(error, ValueError):  # an address that is none
            return self._unavailable("could not be asked")
        # Refused, reset, cut short, or no connection in time.
        return _Passing(self._unavailable("could not be reached"))

    def _parsed(self, body: bytes) -> Any:
        try:
            # The World Bank begins its answers with a byte order mark.
            return json.loads(body.decode("utf-8-sig"), parse_constant=_not_json)
        except (ValueError, RecursionError):
            raise self._unavailable("did not answer in its documented format") from None

    def garbled(self) -> SourceUnavailable:
        """For whoever finds that the JSON is not what the source's documentation promises."""
        return self._unavailable("did not answer in its documented format")

    def refused(self) -> SourceUnavailable:
        """For whoever finds that the JSON is the source's way to say no."""
        return self._unavailable("refused the question")

    def _too_large(self) -> SourceUnavailable:
        return self._unavailable("sent more than this program reads")

    def _unavailable(self, what: str, status: int | None = None) -> SourceUnavailable:
        return SourceUnavailable(f"{self.name} {what}.", status)


class _Session(requests.Session):
    """A session that sees no redirects: requests would read the whole body of one, even where it is not to follow."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002
        return None


def _session(pool_size: int) -> requests.Session:
    session = _Session()
    session.trust_env = False
    session.headers.update(_HEADERS)
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    for scheme in ("http://", "https://"):
        session.mount(scheme, WatchedAdapter(pool_connections=1, pool_maxsize=pool_size))
    return session


def _retry_after_s(response: requests.Response) -> float:
    """Whole seconds only; the date form, and nonsense, count as not given."""
    text = response.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() and len(text) <= 6 else 0.0


def _not_json(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
