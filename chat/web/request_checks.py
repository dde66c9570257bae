"""The checks that every request passes first: its path and its host name.

A page of another site whose name resolves to this machine (DNS rebinding) has that name in `Host`: so a name that is
neither a loopback name, an IP address nor in ALLOWED_HOSTS is refused.
"""

from __future__ import annotations

import functools
import ipaddress
import logging
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from flask import Flask, request

from chat.errors import InvalidRequest, NotFound

log = logging.getLogger(__name__)

_HOST = re.compile(r"(?P<name>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]{1,253})(?::[0-9]{1,5})?")
# Hosts that are allowed are remembered.
_HOSTS_KEPT = 256


def init_app(app: Flask, allowed: tuple[str, ...], listening_on: str) -> None:
    """Check requests to `app`. `listening_on` is HOST, which may be a name too."""
    names = frozenset({*allowed, listening_on.lower()})
    judge = functools.lru_cache(_HOSTS_KEPT)(lambda host: _judge(host, names))
    app.before_request(lambda: _check(judge))


def name_of(host: str) -> str | None:
    """The name or address in a Host header, in lower case and without brackets; None where it is malformed."""
    found = _HOST.fullmatch(host)
    return found["name"].strip("[]").rstrip(".").lower() if found else None


def is_loopback_name(name: str) -> bool:
    """Return whether a host's name means this machine itself, wherever it is asked for."""
    return name == "localhost" or name.endswith(".localhost") or is_loopback_address(name)


def is_loopback_address(text: str) -> bool:
    """Return whether it is an IP address of this machine that no other reaches."""
    address = _address(text)
    # Listening on [::] the server sees 127.0.0.1 as ::ffff:127.0.0.1.
    return address is not None and (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _check(judge: Callable[[str | None], None]) -> None:
    environ = request.environ
    # Werkzeug takes all slashes at the beginning for one: "//admin" would be "/admin" to it and not to a proxy.
    if environ["PATH_INFO"].startswith("//"):
        raise NotFound("There is nothing at this address.")
    host = environ.get("HTTP_HOST")
    if host is None and environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        return
    judge(host)
    target = environ.get("RAW_URI", "/")
    if not target.startswith("/") and target != "*" and urlsplit(target).netloc.lower() != (host or "").lower():
        raise InvalidRequest("bad_request", "The address and the Host header name two different hosts.", status=400)


def _judge(host: str | None, allowed: frozenset[str]) -> None:
    """Raise InvalidRequest for a host that is none, or that this server does not answer for."""
    name = name_of(host) if host else None
    if name is None:
        raise InvalidRequest("bad_request", "The Host header is missing or malformed.", status=400)
    if "*" in allowed or name in allowed or is_loopback_name(name) or _address(name) is not None:
        return
    _log_once(name)
    raise InvalidRequest(
        "host_not_allowed",
        f"This server does not answer for the host {name}; its operator can name it in ALLOWED_HOSTS.",
        status=400,
    )


@functools.lru_cache(_HOSTS_KEPT)
def _log_once(name: str) -> None:
    log.warning("Requests for the host %s are refused: ALLOWED_HOSTS does not name it", name)


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None
