"""`REDIS_URL`: a server by TCP, with TLS or by Unix socket, or the Sentinels that know where the server is.

redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]      rediss:// with TLS, ?ssl_ca_certs=FILE for an own authority
unix://[[USER]:PASSWORD@]/PATH[?db=DATABASE]
redis://[…@]SENTINEL[:PORT],SENTINEL[:PORT][/DATABASE]?sentinel=NAME[&sentinel_password=PASSWORD]
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

_PORT, _SENTINEL_PORT = 6379, 26379
_TAKES = "redis://[:PASSWORD@]HOST[:PORT][/DATABASE], rediss://…, unix:///PATH or redis://HOST,…?sentinel=NAME"
_PARAMETERS = {"db", "ssl_ca_certs", "sentinel", "sentinel_username", "sentinel_password"}


@dataclass(frozen=True, kw_only=True)
class RedisUrl:
    """The parts of an address. `hosts` are Sentinels if `sentinel` names what they watch; `path` is a Unix socket."""

    hosts: tuple[tuple[str, int], ...] = ()
    path: str = ""
    db: int = 0
    username: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False
    ca_certs: str = ""
    sentinel: str = ""
    sentinel_username: str = ""
    sentinel_password: str = field(default="", repr=False)

    @property
    def redacted(self) -> str:
        """Return where the server is, without user names and passwords."""
        if self.path:
            return self.path
        hosts = ", ".join(f"{host}:{port}" for host, port in self.hosts)
        return f"{self.sentinel} by Sentinel {hosts}" if self.sentinel else hosts


def parse(text: str) -> RedisUrl:
    """Return the parts of `text`. Raises ValueError with what is accepted."""
    try:
        parts = urlsplit(text)
        parameters = dict(parse_qsl(parts.query, keep_blank_values=True, strict_parsing=True)) if parts.query else {}
        known = not parts.fragment and not parameters.keys() - _PARAMETERS and all(parameters.values())
        if not known or not text.isprintable() or " " in text:
            raise ValueError
        return _unix(parts.netloc, parts.path, parameters) if parts.scheme == "unix" else _tcp(parts, parameters)
    except ValueError:
        raise ValueError(_TAKES) from None


def _unix(netloc: str, path: str, parameters: dict[str, str]) -> RedisUrl:
    credentials, _, host = netloc.rpartition("@")
    if host or not path.strip("/") or parameters.keys() - {"db"}:
        raise ValueError
    username, password = _credentials(credentials)
    return RedisUrl(path=unquote(path), db=_database(parameters.get("db", "")), username=username, password=password)


def _tcp(parts: object, parameters: dict[str, str]) -> RedisUrl:
    scheme, netloc, path = (getattr(parts, name) for name in ("scheme", "netloc", "path"))
    sentinel = parameters.get("sentinel", "")
    credentials, _, hosts = netloc.rpartition("@")
    addresses = tuple(_address(each, _SENTINEL_PORT if sentinel else _PORT) for each in hosts.split(","))
    secured = "ssl_ca_certs" in parameters
    of_sentinel = any(name in parameters for name in ("sentinel_username", "sentinel_password"))
    if (
        scheme not in ("redis", "rediss")
        or ((len(addresses) > 1 or of_sentinel) and not sentinel)
        or (secured and scheme != "rediss")
    ):
        raise ValueError
    username, password = _credentials(credentials)
    return RedisUrl(
        hosts=addresses, db=_database(path.removeprefix("/") or parameters.get("db", "")),
        username=username, password=password, tls=scheme == "rediss",
        ca_certs=parameters.get("ssl_ca_certs", ""), sentinel=sentinel,
        sentinel_username=parameters.get("sentinel_username", ""),
        sentinel_password=parameters.get("sentinel_password", ""),
    )  # fmt: skip


def _credentials(text: str) -> tuple[str, str]:
    username, colon, password = text.partition(":")
    if text and not colon:
        raise ValueError  # a name without a password is a password that was put at the wrong place
    return unquote(username), unquote(password)


def _address(text: str, default_port: int) -> tuple[str, int]:
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::([0-9]{1,5}))?", text)
    port = int(match[3] or default_port) if match else 0
    if not match or not 0 < port < 65536:
        raise ValueError
    return match[1] or match[2], port


def _database(text: str) -> int:
    if not re.fullmatch(r"[0-9]{0,5}", text):
        raise ValueError
    return int(text or 0)
