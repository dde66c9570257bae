"""All settings of the server: names, accepted values, defaults.

They are read from `.env` and from the process environment, which takes precedence. gunicorn's master loads this
module before a worker is patched, so it imports only python-dotenv and modules that gevent can patch later.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from dotenv.parser import parse_stream

ROOT = Path(__file__).resolve().parent.parent
ENV_FILE = ROOT / ".env"
# In gthread workers: the number of responses that wait for slow clients, which keep a thread but no thread slot.
ANSWERS_NOT_TAKEN = 64
_PROMPT_BYTES = 100_000


class SettingError(ValueError):
    """A setting is invalid. The message is one sentence: the name, the value, the accepted values."""


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError("true or false")
    return text.lower() == "true"


def _whole(low: int, high: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise ValueError(f"a whole number from {low} to {high}")
        return int(text)

    return parse


def _seconds(low: float, high: float) -> Callable[[str], float]:
    def parse(text: str) -> float:
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text) or not low <= float(text) <= high:
            raise ValueError(f"seconds from {low:g} to {high:g}")
        return float(text)

    return parse


def _one_of(*choices: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        by_name = {choice.lower(): choice for choice in choices}
        if text.lower() not in by_name:
            raise ValueError(" or ".join(choices))
        return by_name[text.lower()]

    return parse


def _url(text: str) -> str:
    if not _is_web_address(text):
        raise ValueError("an address that begins with http:// or https://")
    return text.rstrip("/")


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        reachable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets without an IPv6 address, or an invalid port
        return False
    return reachable and text.isprintable() and " " not in text


def _header_text(text: str) -> str:
    if not re.fullmatch(r"[!-~]+", text):
        raise ValueError("printable ASCII characters without spaces")
    return text


def _secret_key(text: str) -> str:
    if not re.fullmatch(r"[!-~]{16,}", text):
        raise ValueError("at least 16 printable ASCII characters without spaces")
    return text


def _host(text: str) -> str:
    host = re.fullmatch(r"\[?([A-Za-z0-9.:_\-]+)\]?", text)
    if not host:
        raise ValueError("a host name or an IP address")
    return host[1]


def _host_names(text: str) -> tuple[str, ...]:
    names = [name.strip().rstrip(".").lower() for name in text.split(",") if name.strip()]
    try:
        coded = tuple(dict.fromkeys(name.encode("idna").decode() for name in names))
    except UnicodeError:
        coded = ()
    if not coded or not all(name == "*" or re.fullmatch(r"[a-z0-9_.-]+", name) for name in coded):
        raise ValueError("host names without scheme, port or path, with commas between them, or * for any")
    return coded


def _names(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names:
        raise ValueError("a model's name, or several with commas between them")
    return names


def _database(text: str) -> str:
    if not re.fullmatch(r"sqlite:///[^?#]+", text) or not text.isprintable():
        raise ValueError("sqlite:///PATH (relative to the program's folder, or absolute with a fourth slash)")
    return text


def _path(text: str) -> Path:
    try:
        if text.isprintable():
            return ROOT / Path(text).expanduser()
    except RuntimeError:  # ~name of an unknown user
        pass
    raise ValueError("a folder's path")


def _text_file(text: str) -> str:
    """Return the text of the file named `text`."""
    path = _path(text)
    try:
        if not path.is_file():
            raise ValueError("the path of a text file, and there is none")
        raw = path.read_bytes() if path.stat().st_size <= _PROMPT_BYTES else b""
        found = raw.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        raise ValueError("the path of a text file in UTF-8, and this one is not") from None
    except OSError as error:
        raise ValueError(f"the path of a text file that can be read ({error.strerror})") from None
    if "\x00" in found or not found:
        raise ValueError(f"the path of a text file of 1 to {_PROMPT_BYTES} bytes that says something")
    return found


def _name(text: str) -> str:
    if not text.isprintable() or len(text) > 200:
        raise ValueError("a model's name, or none")
    return "none" if text.lower() == "none" else text


# First parts of the server's own paths.
_OWN_PATHS = (
    "api", "admin", "c", "s", "static", "v1", "healthz", "readyz", "metrics", "favicon.ico",
)  # fmt: skip


def _base_path(text: str) -> str:
    path = text.rstrip("/")
    parts = path.split("/")[1:]
    if path and (not re.fullmatch(r"(/[A-Za-z0-9._~-]{1,60}){1,8}", path) or {".", ".."} & set(parts)):
        raise ValueError("a path such as /chat, of letters, digits and . _ ~ -")
    if parts and parts[0] in _OWN_PATHS:
        raise ValueError("a path such as /chat, whose first part is no part of the server's own addresses")
    return path


def _words(most: int) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not text.isprintable() or len(text) > most:
            raise ValueError(f"at most {most} characters on one line")
        return text

    return parse


def _starters(text: str) -> tuple[str, ...]:
    found = tuple(each.strip() for each in text.split("|") if each.strip())
    if not 1 <= len(found) <= 8 or any(len(each) > 200 or not each.isprintable() for each in found):
        raise ValueError("one to eight questions of at most 200 characters with | between them")
    return found


def _setting(name: str, parse: Callable[[str], Any], default: Any, *, secret: bool = False) -> Any:
    """Return a field of Settings, read from the environment variable `name`. `default` is a parsed value."""
    return field(default=default, metadata={"name": name, "parse": parse}, repr=not secret)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Validated settings of one server. Paths are absolute, times in seconds. `repr` shows no secrets."""

    use_async_agent: bool = _setting("USE_ASYNC_AGENT", _boolean, True)
    web_concurrency: int = _setting("WEB_CONCURRENCY", _whole(1, 256), 4)
    threads: int = _setting("THREADS", _whole(1, 1024), 8)
    worker_connections: int = _setting("WORKER_CONNECTIONS", _whole(10, 100_000), 2000)
    host: str = _setting("HOST", _host, "127.0.0.1")
    port: int = _setting("PORT", _whole(1, 65535), 5000)
    allowed_hosts: tuple[str, ...] = _setting("ALLOWED_HOSTS", _host_names, ())
    base_path: str = _setting("BASE_PATH", _base_path, "")
    openai_api_key: str = _setting("OPENAI_API_KEY", _header_text, "", secret=True)
    openai_base_url: str = _setting("OPENAI_BASE_URL", _url, "")
    chat_models: tuple[str, ...] = _setting("CHAT_MODEL", _names, ())
    title_model: str = _setting("TITLE_MODEL", _name, "")
    system_prompt: str = _setting("SYSTEM_PROMPT_FILE", _text_file, "")
    greeting: str = _setting("GREETING", _words(200), "")
    starters: tuple[str, ...] = _setting("STARTERS", _starters, ())
    database_url: str = _setting("DATABASE_URL", _database, "sqlite:///data/chat.db")
    auth_mode: str = _setting("AUTH_MODE", _one_of("open"), "open")
    secret_key: str = _setting("SECRET_KEY", _secret_key, "", secret=True)
    admin_token: str = _setting("ADMIN_TOKEN", _header_text, "", secret=True)
    turn_timeout_s: float = _setting("TURN_TIMEOUT_S", _seconds(1, 86_400), 300.0)
    max_answer_chars: int = _setting("MAX_ANSWER_CHARS", _whole(1000, 100_000_000), 2_000_000)
    request_timeout_s: float = _setting("REQUEST_TIMEOUT_S", _seconds(0.5, 3600), 20.0)
    grace_s: float = _setting("GRACE_S", _seconds(0, 3600), 60.0)
    notice_s: float = _setting("NOTICE_S", _seconds(0, 600), 0.0)
    model_timeout_s: float = _setting("MODEL_TIMEOUT_S", _seconds(0.1, 3600), 60.0)
    model_tools: str = _setting("MODEL_TOOLS", _one_of("auto", "true", "false"), "auto")
    model_transport: str = _setting("MODEL_TRANSPORT", _one_of("lean", "standard"), "lean")
    http_front: str = _setting("HTTP_FRONT", _one_of("lean", "standard"), "lean")
    max_active_turns: int = _setting("MAX_ACTIVE_TURNS", _whole(1, 100_000), 0)
    context_chars: int = _setting("CONTEXT_CHARS", _whole(1000, 10_000_000), 200_000)
    memory_limit_mb: int = _setting("MEMORY_LIMIT_MB", _whole(1, 65_536), 64)
    log_dir: Path = _setting("LOG_DIR", _path, ROOT / "logs")
    log_level: str = _setting("LOG_LEVEL", _one_of("DEBUG", "INFO", "WARNING", "ERROR"), "INFO")
    log_format: str = _setting("LOG_FORMAT", _one_of("text", "json"), "text")
    data_dir: Path = _setting("DATA_DIR", _path, ROOT / "data")
    demo_latency_s: float = _setting("DEMO_LATENCY_S", _seconds(0, 600), 2.0)
    world_bank_url: str = _setting("WORLD_BANK_URL", _url, "https://api.worldbank.org/v2")
    frankfurter_url: str = _setting("FRANKFURTER_URL", _url, "https://api.frankfurter.dev/v1")

    @property
    def demo(self) -> bool:
        """Return whether the built-in demo model is used, because no endpoint is configured."""
        return not self.openai_api_key and not self.openai_base_url

    @property
    def models(self) -> tuple[str, ...]:
        """Return the models on offer. The first one is the default."""
        if self.demo:
            return ("demo",)
        return self.chat_models or ("gpt-5-mini",)

    @property
    def active_turns_limit(self) -> int:
        """Return MAX_ACTIVE_TURNS or, if unset, a default that suits the mode.

        A gevent worker keeps connections free, to be able to refuse turns. A gthread worker may run more turns than it
        has threads, because a turn whose browser has disconnected holds no thread.
        """
        if self.max_active_turns:
            return self.max_active_turns
        return max(1, self.worker_connections * 3 // 4) if self.use_async_agent else self.threads * 4

    @property
    def streams_limit(self) -> int:
        """Return the maximum number of open streams of one worker, which leaves connections for short requests.

        In gthread workers, streams that wait for slow clients come on top of the thread slots.
        """
        return self.worker_connections * 9 // 10 if self.use_async_agent else self.threads * 5 + ANSWERS_NOT_TAKEN


# Settings of later versions: refused instead of silently ignored.
_LATER_VERSIONS = {
    "REDIS_URL": "several servers sharing Redis are not part of this version",
}


def load(environ: Mapping[str, str] | None = None, env_file: Path | None = None) -> Settings:
    """Read the settings from `env_file` and `environ`, which takes precedence. Raises SettingError.

    Defaults: `.env` beside wsgi.py, which may be missing, and the environment of the process. An empty value counts as
    unset.
    """
    values = _read_env_file(env_file or ENV_FILE) | dict(os.environ if environ is None else environ)
    for name, why in _LATER_VERSIONS.items():
        if values.get(name, "").strip():
            raise SettingError(f"{name} is set, but {why}; remove it.")
    parsed: dict[str, Any] = {}
    for each in fields(Settings):
        name, parse = each.metadata["name"], each.metadata["parse"]
        text = values.get(name, "").strip()
        if not text:
            continue
        try:
            parsed[each.name] = parse(text)
        except ValueError as error:
            shown = _shown(text) if each.repr else "a value that is not shown"
            raise SettingError(f"{name} is {shown}, but takes {error}.") from None
    return Settings(**parsed)


def _shown(text: str) -> str:
    """Return the start of a value for an error message, without user name and password of an address."""
    return repr(re.sub(r"//.*@", "//…@", text, flags=re.DOTALL)[:80])


def _read_env_file(path: Path) -> dict[str, str]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"{path} cannot be read ({error}); it takes NAME=value lines in UTF-8.") from None
    values = {}
    for line in parse_stream(io.StringIO(text)):
        if line.error:
            raise SettingError(f"Line {line.original.line} of {path} cannot be read; it takes NAME=value.")
        if line.key is not None:
            values[line.key] = line.value or ""
    return values
