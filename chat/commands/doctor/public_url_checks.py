"""Checks through the address at which users reach the server: buffering, headers, who gets in.

They ask one question in a temporary conversation of a user of their own, and delete it.
"""

from __future__ import annotations

import email.utils
import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from chat.commands.doctor.findings import Checks, Finding, failed, passed, warned
from chat.commands.doctor.installation import Installation, NotAvailable

check = Checks()

_TIMEOUT_S = 20.0
# A shorter answer does not show whether it was held back.
_LONG_ENOUGH_MS = 200
_QUESTION = "Count from 1 to 40 in digits, with a comma after each."
_NGINX = (
    "In nginx: proxy_buffering off, as in docs/nginx.conf; elsewhere, switch off the buffering of text/event-stream."
)


@dataclass(frozen=True, slots=True)
class Probe:
    """One stream through the public address. `spread_ms`: from the first to the last event, as they arrived."""

    headers: dict[str, str]
    spread_ms: float
    duration_ms: float


@check("PAR080", "public address")
def reachable(installation: Installation) -> Finding:
    """Check that the server answers at its public address."""
    url = _url(installation)
    try:
        answer = requests.get(f"{url}/api/me", timeout=_TIMEOUT_S)
    except requests.exceptions.SSLError as error:
        if "certificate" not in str(error).lower():
            return failed(
                f"{_without_credentials(url)} does not speak TLS as this machine does.",
                "Let a proxy with TLS stand there, or give the address with http://.",
            )
        return failed(
            f"{_without_credentials(url)} has a certificate that is not valid here.",
            "Renew it, or correct the host name.",
        )
    except requests.RequestException as error:
        return failed(
            f"{_without_credentials(url)} cannot be reached ({type(error).__name__}).",
            "Check its name, port and proxy.",
        )
    if "host_not_allowed" in answer.text:
        name = urlsplit(url).hostname
        return failed(f"The server refuses the name {name}.", f"Set ALLOWED_HOSTS={name} and reload the server.")
    if answer.status_code != 200 or not _is_ours(answer):
        return failed(
            f"{_without_credentials(url)}/api/me answers {answer.status_code}, and not as Parley does.",
            "Check where the proxy sends requests, and BASE_PATH.",
        )
    return passed(f"{_without_credentials(url)} is answered by this program.")


@check("PAR081", "buffering")
def buffering(installation: Installation) -> Finding:
    """Check that no proxy collects a stream before it passes it on."""
    probe = _probe_once(installation)
    if probe.duration_ms < _LONG_ENOUGH_MS:
        raise NotAvailable(f"the answer took only {probe.duration_ms:.0f} ms, too short to tell")
    if probe.spread_ms < probe.duration_ms / 2:
        return failed(
            f"An answer of {probe.duration_ms:.0f} ms arrived within {probe.spread_ms:.0f} ms: a proxy holds it back.",
            _NGINX,
        )
    return passed("Events arrive as they are sent.")


@check("PAR082", "stream headers")
def stream_headers(installation: Installation) -> Finding:
    """Check that a stream arrives as a stream, uncompressed."""
    headers = _probe_once(installation).headers
    if not headers.get("content-type", "").startswith("text/event-stream"):
        return failed("A stream does not arrive as text/event-stream.", "Let the proxy leave Content-Type as it is.")
    if headers.get("content-encoding", "identity") != "identity":
        return failed(
            f"A proxy compresses streams ({headers['content-encoding']}), which holds them back.",
            "Exclude text/event-stream from compression.",
        )
    return passed("Streams arrive as they are.")


@check("PAR083", "forwarded headers")
def forwarded(installation: Installation) -> Finding:
    """Check that cookies are marked as secure behind TLS, and that the security headers arrive."""
    url = _url(installation)
    answer = _get(f"{url}/api/me")
    missing = [name for name in ("Content-Security-Policy", "X-Content-Type-Options") if name not in answer.headers]
    if missing:
        return failed(f"A proxy removes {missing[0]}.", "Let the proxy pass the server's headers on.")
    if urlsplit(url).scheme != "https":
        return warned(
            "Users reach the server without TLS: others can read what they send.",
            "Put a proxy with TLS in front of it.",
        )
    if "secure" not in answer.headers.get("Set-Cookie", "").lower():
        return failed(
            "Behind TLS, the cookie is not marked Secure.",
            "Let the proxy send X-Forwarded-Proto; name it in FORWARDED_ALLOW_IPS if it is on another machine.",
        )
    return passed("Cookies are Secure, and the security headers arrive.")


@check("PAR084", "operators' addresses")
def operators(installation: Installation) -> Finding:
    """Check that nobody without the token gets in through the public address."""
    url = _url(installation)
    opened = [path for path in ("/admin/memory-debug", "/metrics") if _get(f"{url}{path}").status_code == 200]
    if opened:
        return failed(f"Anybody can read {' and '.join(opened)} at {_without_credentials(url)}.", "Set ADMIN_TOKEN.")
    return passed("/admin and /metrics are closed there.")


@check("PAR085", "clocks")
def clocks(installation: Installation) -> Finding:
    """Compare this machine's clock with that of the machine that answers."""
    date = _get(f"{_url(installation)}/healthz").headers.get("Date", "")
    try:
        ahead_s = email.utils.parsedate_to_datetime(date).timestamp() - time.time()
    except (TypeError, ValueError):
        raise NotAvailable("the answer has no date") from None
    if abs(ahead_s) > 30:
        return warned(f"The clocks differ by {abs(ahead_s):.0f} s.", "Run an NTP client on both machines.")
    return passed("The clocks agree.")


def _url(installation: Installation) -> str:
    if not installation.public_url:
        raise NotAvailable("--public-url was not given")
    return installation.public_url.rstrip("/")


def _without_credentials(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _get(url: str) -> requests.Response:
    try:
        return requests.get(url, timeout=_TIMEOUT_S, allow_redirects=False)
    except requests.RequestException:
        raise NotAvailable("the public address cannot be reached") from None


def _is_ours(answer: requests.Response) -> bool:
    try:
        return "default_model" in answer.json()
    except (ValueError, TypeError):
        return False


def _probe_once(installation: Installation) -> Probe:
    result = installation.answers.get("public_url")
    if result is None:
        try:
            result = installation.answers["public_url"] = _probe(_url(installation))
        except (requests.RequestException, ValueError, KeyError, TypeError):
            raise NotAvailable("no question could be asked through the public address") from None
    return result


def _probe(url: str) -> Probe:
    with requests.Session() as session:
        response = session.post(f"{url}/api/conversations", json={"temporary": True}, timeout=_TIMEOUT_S)
        response.raise_for_status()
        address = f"{url}/api/conversations/{response.json()['id']}"
        try:
            return _stream(session, address)
        finally:
            session.delete(address, timeout=_TIMEOUT_S)


def _stream(session: requests.Session, address: str) -> Probe:
    accepted = {"Accept": "text/event-stream"}
    options: dict[str, Any] = {"headers": accepted, "stream": True, "timeout": _TIMEOUT_S}
    with session.post(f"{address}/turns", json={"text": _QUESTION}, **options) as answer:
        answer.raise_for_status()
        arrived_at: list[float] = []
        received = b""
        for part in answer.iter_content(chunk_size=1):  # a larger size would wait until so much has arrived
            arrived_at.append(time.monotonic())
            received += part
        headers = {name.lower(): value for name, value in answer.headers.items()}
    data = received.rpartition(b"event: done\ndata: ")[2].partition(b"\n")[0]
    done = json.loads(data)
    return Probe(headers, (arrived_at[-1] - arrived_at[0]) * 1000, float(done["duration_ms"]))
