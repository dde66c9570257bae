"""All settings of the server: names and defaults. Their accepted values are in `setting_values.py`.

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

from dotenv.parser import parse_stream

from config import setting_values as value
from config.paths import ROOT

ENV_FILE = ROOT / ".env"
# In gthread workers: the number of responses that wait for slow clients, which keep a thread but no thread slot.
ANSWERS_NOT_TAKEN = 64


class SettingError(ValueError):
    """A setting is invalid. The message is one sentence: the name, the value, the accepted values."""


def _setting(name: str, parse: Callable[[str], Any], default: Any, *, secret: bool = False) -> Any:
    """Return a field of Settings, read from the environment variable `name`. `default` is a parsed value."""
    return field(default=default, metadata={"name": name, "parse": parse}, repr=not secret)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Validated settings of one server. Paths are absolute, times in seconds. `repr` shows no secrets."""

    use_async_agent: bool = _setting("USE_ASYNC_AGENT", value.boolean, True)
    web_concurrency: int = _setting("WEB_CONCURRENCY", value.integer(1, 256), 4)
    threads: int = _setting("THREADS", value.integer(1, 1024), 8)
    worker_connections: int = _setting("WORKER_CONNECTIONS", value.integer(10, 100_000), 2000)
    host: str = _setting("HOST", value.host, "127.0.0.1")
    port: int = _setting("PORT", value.integer(1, 65535), 5000)
    allowed_hosts: tuple[str, ...] = _setting("ALLOWED_HOSTS", value.host_names, ())
    base_path: str = _setting("BASE_PATH", value.base_path, "")
    openai_api_key: str = _setting("OPENAI_API_KEY", value.header_text, "", secret=True)
    openai_base_url: str = _setting("OPENAI_BASE_URL", value.url, "")
    chat_models: tuple[str, ...] = _setting("CHAT_MODEL", value.model_names, ())
    title_model: str = _setting("TITLE_MODEL", value.model_name, "")
    system_prompt: str = _setting("SYSTEM_PROMPT_FILE", value.text_file, "")
    greeting: str = _setting("GREETING", value.one_line(200), "")
    starters: tuple[str, ...] = _setting("STARTERS", value.starters, ())
    database_url: str = _setting("DATABASE_URL", value.database, "sqlite:///data/chat.db", secret=True)
    redis_url: str = _setting("REDIS_URL", value.redis, "", secret=True)
    auth_mode: str = _setting("AUTH_MODE", value.one_of("open"), "open")
    secret_key: str = _setting("SECRET_KEY", value.secret_key, "", secret=True)
    admin_token: str = _setting("ADMIN_TOKEN", value.header_text, "", secret=True)
    turn_timeout_s: float = _setting("TURN_TIMEOUT_S", value.seconds(1, 86_400), 300.0)
    max_answer_chars: int = _setting("MAX_ANSWER_CHARS", value.integer(1000, 100_000_000), 2_000_000)
    request_timeout_s: float = _setting("REQUEST_TIMEOUT_S", value.seconds(0.5, 3600), 20.0)
    grace_s: float = _setting("GRACE_S", value.seconds(0, 3600), 60.0)
    notice_s: float = _setting("NOTICE_S", value.seconds(0, 600), 0.0)
    model_timeout_s: float = _setting("MODEL_TIMEOUT_S", value.seconds(0.1, 3600), 60.0)
    model_tools: str = _setting("MODEL_TOOLS", value.one_of("auto", "true", "false"), "auto")
    model_transport: str = _setting("MODEL_TRANSPORT", value.one_of("lean", "standard"), "lean")
    http_front: str = _setting("HTTP_FRONT", value.one_of("lean", "standard"), "lean")
    max_active_turns: int = _setting("MAX_ACTIVE_TURNS", value.integer(1, 100_000), 0)
    context_chars: int = _setting("CONTEXT_CHARS", value.integer(1000, 10_000_000), 200_000)
    memory_limit_mb: int = _setting("MEMORY_LIMIT_MB", value.integer(1, 65_536), 64)
    log_dir: Path = _setting("LOG_DIR", value.folder, ROOT / "logs")
    log_level: str = _setting("LOG_LEVEL", value.one_of("DEBUG", "INFO", "WARNING", "ERROR"), "INFO")
    log_format: str = _setting("LOG_FORMAT", value.one_of("text", "json"), "text")
    data_dir: Path = _setting("DATA_DIR", value.folder, ROOT / "data")
    demo_latency_s: float = _setting("DEMO_LATENCY_S", value.seconds(0, 600), 2.0)
    world_bank_url: str = _setting("WORLD_BANK_URL", value.source_url, "https://api.worldbank.org/v2")
    frankfurter_url: str = _setting("FRANKFURTER_URL", value.source_url, "https://api.frankfurter.dev/v1")

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


def load(environ: Mapping[str, str] | None = None, env_file: Path | None = None) -> Settings:
    """Read the settings from `env_file` and `environ`, which takes precedence. Raises SettingError.

    Defaults: `.env` beside wsgi.py, which may be missing, and the environment of the process. An empty value counts as
    unset.
    """
    values = read_env_file(env_file or ENV_FILE) | dict(os.environ if environ is None else environ)
    parsed: dict[str, Any] = {}
    for each in fields(Settings):
        name, parse = each.metadata["name"], each.metadata["parse"]
        text = values.get(name, "").strip()
        if not text:
            continue
        try:
            parsed[each.name] = parse(text)
        except ValueError as error:
            quoted = _redacted(text) if each.repr or each.name == "database_url" else "a value that is not shown"
            raise SettingError(f"{name} is {quoted}, but takes {error}.") from None
    settings = Settings(**parsed)
    if value.is_postgresql(settings.database_url) and not settings.secret_key:
        raise SettingError(
            "SECRET_KEY is not set, but the servers that share a PostgreSQL database need the same one; set it to at"
            " least 16 random characters, such as those of `openssl rand -hex 32`."
        )
    return settings


def _redacted(text: str) -> str:
    """Return the start of a value for an error message, without user name and password of an address."""
    shown = re.sub(r"//.*@", "//…@", text, flags=re.DOTALL)
    return repr(re.sub(r"(?i)([?&][^=&]*pass[^=&]*=)[^&]*", r"\1…", shown)[:80])


def read_env_file(path: Path) -> dict[str, str]:
    """Return the lines of a `.env`, which may be missing. Raises SettingError."""
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
