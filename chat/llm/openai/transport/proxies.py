"""The environment's proxy for one address: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, and NO_PROXY's exceptions.

The HTTP library is not used for this: it raises for every unusable variable, even one that does not concern the
address.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy. `problem` is "" or a sentence that names the unusable variable, without its value."""

    variable: str
    url: str
    problem: str = ""

    @property
    def password(self) -> str:
        """Return the password in the address, or ""."""
        return unquote(urlsplit(self.url).password or "")


def proxy_for(url: str, environ: Mapping[str, str] | None = None) -> Proxy | None:
    """Return the proxy for requests to `url`, or None. Loopback addresses never use a proxy."""
    environ = os.environ if environ is None else environ
    target = urlsplit(url)
    host = (target.hostname or "").rstrip(".")
    port = target.port or (443 if target.scheme == "https" else 80)
    if _is_loopback(host) or _is_excepted(host, port, _value(environ, "no_proxy")[1]):
        return None
    for scheme in (target.scheme, "all"):
        variable, value = _value(environ, f"{scheme}_proxy")
        if value:
            return _proxy(variable, value)
    return None


def _value(environ: Mapping[str, str], name: str) -> tuple[str, str]:
    """Return the variable's name as it is written, and its value. Lower case takes precedence, as in curl."""
    for variable in (name, name.upper()):
        if value := environ.get(variable, "").strip():
            return variable, value
    return name, ""


def _proxy(variable: str, value: str) -> Proxy:
    url = value if "://" in value else f"http://{value}"
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.port != 0 and url.isascii() and url.isprintable() and " " not in url
    except ValueError:
        usable = False
    if not usable:
        return Proxy(variable, "", f"The environment variable {variable} holds no address of a proxy; correct it.")
    if parts.scheme not in ("http", "https"):
        kind = "a SOCKS proxy" if parts.scheme.startswith("socks") else "a kind of proxy"
        return Proxy(
            variable,
            "",
            f"The environment variable {variable} names {kind} that this server cannot use; name one that begins with"
            " http://, or the model's host in NO_PROXY.",
        )
    return Proxy(variable, url)


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def _is_excepted(host: str, port: int, exceptions: str) -> bool:
    return any(_matches(host, port, each.lower()) for each in exceptions.replace(",", " ").split())


def _matches(host: str, port: int, exception: str) -> bool:
    """Return whether an entry of NO_PROXY matches `host`.

    An entry is *, a domain (with all subdomains), an address or a network, optionally with a port.
    """
    if exception == "*":
        return True
    if (network := _network(exception)) is not None:
        address = _address(host)
        return address is not None and address in network
    name, colon, its_port = exception.rpartition(":")
    if colon and its_port.isdecimal():
        return int(its_port) == port and _matches(host, port, name)
    name = _ascii(exception.removeprefix("*").strip("."))
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _ascii(name: str) -> str:
    """Return a host's name as it is sent; the settings write the endpoint's in this form."""
    try:
        return name.encode("idna").decode()
    except UnicodeError:
        return name


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(text.strip("[]"), strict=False)
    except ValueError:
        return None
