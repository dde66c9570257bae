"""The servers that the options name."""

from __future__ import annotations

import base64
import getpass
import os
import sys

from scripts.concurrency.address import Address
from scripts.concurrency.api import Api
from scripts.concurrency.errors import CannotRun
from scripts.concurrency.openai_api import OpenAiApi
from scripts.concurrency.options import Options
from scripts.concurrency.parley_api import ParleyApi


def target(options: Options) -> Api:
    """Return the server to ask. Raises CannotRun for a wrong address or settings."""
    if options.api == "openai":
        return OpenAiApi(Address(options.url), options.model, _authorization(options) or _environment_key())
    url, admin_token = (options.url, "") if options.url else _from_settings()
    authorization = _authorization(options) or (f"Bearer {admin_token}" if admin_token else "")
    return ParleyApi(Address(url), options.model, authorization, options.timeout_s)


def model_endpoint(options: Options, model: str) -> Api | None:
    """Return the model's endpoint for the load straight at it, if there is to be one. Raises CannotRun."""
    if not options.model_url:
        return None
    endpoint = OpenAiApi(Address(options.model_url, "--model-url"), model, _environment_key())
    endpoint.describe()
    return endpoint


def _authorization(options: Options) -> str:
    if options.login:
        return "Basic " + base64.b64encode(f"{options.login}:{_password(options.login)}".encode()).decode()
    return f"Bearer {options.token}" if options.token else ""


def _password(name: str) -> str:
    """Ask for a password; without a terminal, read it from the first line of standard input."""
    try:
        if sys.stdin is not None and sys.stdin.isatty():
            return getpass.getpass(f"Password of {name}: ")
        line = sys.stdin.readline() if sys.stdin is not None else ""
    except (EOFError, OSError):
        line = ""
    if not line:
        raise CannotRun("--login asks for a password: type it, or write it to standard input.")
    return line.rstrip("\r\n")


def _environment_key() -> str:
    return os.environ.get("OPENAI_API_KEY", "").strip()


def _from_settings() -> tuple[str, str]:
    """Return the address and ADMIN_TOKEN of a server with this machine's settings. Raises CannotRun."""
    try:
        from config import settings  # noqa: PLC0415 - not needed where --url is given, and python-dotenv may be missing
    except ImportError:
        host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "5000"
        token, base = os.environ.get("ADMIN_TOKEN", ""), os.environ.get("BASE_PATH", "")
    else:
        try:
            ours = settings.load()
        except settings.SettingError as error:
            raise CannotRun(f"{error} Or give the server's address with --url.") from None
        host, port, token, base = ours.host, str(ours.port), ours.admin_token, ours.base_path
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://[{host}]:{port}{base}" if ":" in host else f"http://{host}:{port}{base}", token
