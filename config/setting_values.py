"""Accepted values of settings. Each function parses the text of one and raises ValueError with what it takes."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from config import redis_url
from config.paths import ROOT

_PROMPT_BYTES = 100_000


def boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("true or false")
    return text.lower() == "true"


def integer(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return parse


def seconds(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text) or not low <= float(text) <= high:
            raise ValueError(f"seconds from {low:g} to {high:g}")
        return float(text)

    return parse


def one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        by_name = {choice.lower(): choice for choice in choices}
        if text.lower() not in by_name:
            raise ValueError(" or ".join(choices))
        return by_name[text.lower()]

    return parse


def url(text: str) -> str:
    """Return the address of a web service, with an ASCII host and without slashes at the path's end."""
    try:
        parts = urlsplit(text)
        host = _ascii_host(parts.hostname or "", "[" in parts.netloc)
        usable = parts.scheme in ("http", "https") and parts.port != 0 and text.isprintable() and " " not in text
    except ValueError:  # also for an invalid port
        usable = False
    if not usable:
        raise ValueError("an address that begins with http:// or https:// and names a host")
    user, at, _ = parts.netloc.rpartition("@")
    netloc = f"{user}{at}{host}{f':{parts.port}' if parts.port else ''}"
    return urlunsplit((parts.scheme, netloc, parts.path.rstrip("/"), parts.query, parts.fragment))


def source_url(text: str) -> str:
    """Return the address of a source of figures, to which paths are appended."""
    address = url(text)
    if "?" in address or "#" in address:
        raise ValueError("an address without a query")
    return address


def _ascii_host(name: str, in_brackets: bool) -> str:
    """Return a host's name or IP address as it is written in an address. Raises ValueError if there can be none."""
    if in_brackets:
        ipaddress.IPv6Address(name)
        return f"[{name}]"
    if re.fullmatch(r"[0-9]+(\.[0-9]+){3}", name):
        return str(ipaddress.IPv4Address(name))
    coded = name.encode("idna").decode()
    # Older rules than today's map some letters to others, such as ß to ss: perhaps another host.
    unchanged = name.isascii() or coded.encode().decode("idna") == name
    if not unchanged or not re.fullmatch(r"[a-z0-9_.-]{1,253}", coded):
        raise ValueError("no name of a host")
    return coded


def header_text(text: str) -> str:
    if not re.fullmatch(r"[!-~]+", text):
        raise ValueError("printable ASCII characters without spaces")
    return text


def secret_key(text: str) -> str:
    if not re.fullmatch(r"[!-~]{16,}", text):
        raise ValueError("at least 16 printable ASCII characters without spaces")
    return text


def host(text: str) -> str:
    host = re.fullmatch(r"\[?([A-Za-z0-9.:_\-]+)\]?", text)
    if not host:
        raise ValueError("a host name or an IP address")
    return host[1]


def host_names(text: str) -> tuple[str, ...]:
    names = [name.strip().rstrip(".").lower() for name in text.split(",") if name.strip()]
    try:
        coded = tuple(dict.fromkeys(name.encode("idna").decode() for name in names))
    except UnicodeError:
        coded = ()
    if not coded or not all(name == "*" or re.fullmatch(r"[a-z0-9_.-]+", name) for name in coded):
        raise ValueError("host names without scheme, port or path, with commas between them, or * for any")
    return coded


def model_names(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise ValueError("a model's name, or several with commas between them")
    return names


def database(text: str) -> str:
    # SQLite's name of a database in memory is refused: each process would have its own.
    if (
        not re.fullmatch(r"sqlite:///(?!:memory:)[^?#]*[^?#/]|postgres(ql)?://[^/\s]*/[^/?\s][!-~]*", text)
        or not text.isprintable()
    ):
        raise ValueError("sqlite:///PATH (absolute with a fourth slash) or postgresql://USER:PASSWORD@HOST:PORT/NAME")
    return text


def redis(text: str) -> str:
    certificates = redis_url.parse(text).ca_certs
    if certificates and not (Path(certificates).is_file() and os.access(certificates, os.R_OK)):
        raise ValueError("as ssl_ca_certs the path of a file that can be read")
    return text


def is_postgresql(database_url: str) -> bool:
    return database_url.startswith(("postgresql://", "postgres://"))


def folder(text: str) -> Path:
    try:
        if text.isprintable():
            return ROOT / Path(text).expanduser()
    except RuntimeError:  # ~name of an unknown user
        pass
    raise ValueError("a folder's path")


def text_file(text: str) -> str:
    """Return the text of the file named `text`."""
    path = folder(text)
    try:
        if not path.is_file():
            raise ValueError("the path of a text file, and there is none")
        raw = path.read_bytes() if path.stat().st_size <= _PROMPT_BYTES else b""
        prompt = raw.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise ValueError("the path of a text file in UTF-8, and this one is not") from None
    except OSError as error:
        raise ValueError(f"the path of a text file that can be read ({error.strerror})") from None
    if "\x00" in prompt or not prompt:
        raise ValueError(f"the path of a text file of 1 to {_PROMPT_BYTES} bytes that is not blank")
    return prompt


def model_name(text: str) -> str:
    if not text.isprintable() or len(text) > 200:
        raise ValueError("a model's name, or none")
    return "none" if text.lower() == "none" else text


# First parts of the server's own paths.
_OWN_PATHS = (
    "api", "admin", "c", "s", "static", "v1", "healthz", "readyz", "metrics", "favicon.ico",
)  # fmt: skip


def base_path(text: str) -> str:
    path = text.rstrip("/")
    parts = path.split("/")[1:]
    if path and (not re.fullmatch(r"(/[A-Za-z0-9._~-]{1,60}){1,8}", path) or {".", ".."} & set(parts)):
        raise ValueError("a path such as /chat, of letters, digits and . _ ~ -")
    if parts and parts[0] in _OWN_PATHS:
        raise ValueError("a path such as /chat, whose first part is no part of the server's own addresses")
    return path


def one_line(most: int) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not text.isprintable() or len(text) > most:
            raise ValueError(f"at most {most} characters on one line")
        return text

    return parse


def starters(text: str) -> tuple[str, ...]:
    names = tuple(each.strip() for each in text.split("|") if each.strip())
    if not 1 <= len(names) <= 8 or any(len(each) > 200 or not each.isprintable() for each in names):
        raise ValueError("one to eight questions of at most 200 characters with | between them")
    return names
