"""BASE_PATH: the path below which a proxy publishes the server, such as /chat.

Requests may come with the prefix or without it. That is unambiguous, because `config/setting_values.py` refuses a
prefix that begins like a path of the server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


def with_base_path(base: str, app: WsgiApp) -> WsgiApp:
    """Return `app` published below the path `base`; "" is the root."""
    if not base:
        return app

    def wrapped(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == base or path.startswith(base + "/"):
            environ["PATH_INFO"] = path[len(base) :] or "/"
        environ["SCRIPT_NAME"] = base
        return app(environ, start_response)

    return wrapped
