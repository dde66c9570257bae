"""The path below which a proxy publishes the server, such as /chat: taken off requests, and put before addresses.

A proxy may hand paths on as they are or without it. Both are taken: no path of the server's own begins like it
(`config/settings.py` sees to that).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

WsgiApp = Callable[[dict[str, Any], Any], Iterable[bytes]]


def below(base: str, app: WsgiApp) -> WsgiApp:
    """`app`, published below `base`; "" for nothing."""
    if not base:
        return app

    def published(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == base or path.startswith(base + "/"):
            environ["PATH_INFO"] = path[len(base) :] or "/"
        environ["SCRIPT_NAME"] = base
        return app(environ, start_response)

    return published
