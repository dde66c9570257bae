"""Checks of every request before its view: the path and the host name.

DNS rebinding lets a page of another site, whose name resolves to this machine, send requests here; they have that name
in `Host`. A name is refused unless it is a loopback name, an IP address or in ALLOWED_HOSTS.
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
# Number of allowed hosts that are cached.
_HOST_CACHE = 256


def init_app(app: Flask, allowed: tuple[str, ...], listening_on: str) -> None:
    """Check requests to `app`. `listening_on` is the setting HOST, which may be a name too."""
    names = frozenset({*allowed, listening_on.lower()})
    check_host = functools.lru_cache(_HOST_CACHE)(lambda host: _check_host(host, names))
    app.before_request(lambda: _check(check_host))


def host_name(host: str) -> str | None:
    """Return the name or address in a Host header, in lower case and without brackets; None if it is malformed."""
    match = _HOST.fullmatch(host)
    return match["name"].strip("[]").rstrip(".").lower() if match else None


def is_loopback_name(name: str) -> bool:
    """Return whether a host name always means the caller's own machine."""
    return name == "localhost" or name.endswith(".localhost") or is_loopback_address(name)


def is_loopback_address(text: str) -> bool:
    """Return whether the text is a loopback IP address."""
    address = _address(text)
    # A server that listens on [::] sees 127.0.0.1 as ::ffff:127.0.0.1.
    return address is not None and (getattr(address, "ipv4_mapped", None) or address).is_loopback


def _check(check_host: Callable[[str | None], None]) -> None:
    environ = request.environ
    # Werkzeug merges leading slashes: it would treat "//admin" as "/admin", and a proxy's rules would not.
    if environ["PATH_INFO"].startswith("//"):
        raise NotFound("There is nothing at this address.")
    host = environ.get("HTTP_HOST")
    if host is None and environ.get("SERVER_PROTOCOL") == "HTTP/1.0":
        return
    check_host(host)
    target = environ.get("RAW_URI", "/")
    if target.startswith("/") or target == "*":
        return
    parts = urlsplit(target)
    if parts.scheme not in ("http", "https"):
        raise InvalidRequest("bad_request", "The address does not begin with http:// or https://.", status=400)
    if parts.netloc.lower() != (host or "").lower():
        raise InvalidRequest("bad_request", "The address and the Host header name two different hosts.", status=400)


def _check_host(host: str | None, allowed: frozenset[str]) -> None:
    """Raise InvalidRequest if the host is missing, malformed or not allowed."""
    name = host_name(host) if host else None
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


@functools.lru_cache(_HOST_CACHE)
def _log_once(name: str) -> None:
    log.warning("Requests for the host %s are refused: ALLOWED_HOSTS does not name it", name)


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return None
