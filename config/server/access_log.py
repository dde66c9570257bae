"""`access.log`: one line a request, written by gunicorn.

The formats are `access_log_format` in `gunicorn.gevent.py`.
"""

from __future__ import annotations

import datetime
import logging
import os
import re
import time
from collections.abc import Mapping
from typing import Any

from gunicorn.glogging import Logger

from config.logging import LineFile, escaped

# Key in the WSGI environment of the monotonic time at which the application began with the request.
STARTED_AT_KEY = "parley.began"
# Key of the request's identifier.
REQUEST_ID_KEY = "parley.request_id"

# The address of a shared chat is all that its readers need, so the log has only its beginning.
_SHARED = re.compile(r"((?:^|/)(?:s|api/shared)/[^/]{6})[^/]+")
# What gunicorn quotes of a malformed request, which may be anything.
_MALFORMED = "Invalid request from ip="
_QUOTED = re.compile(r"""b?(?:'.*'|".*")""", re.DOTALL)


class AccessLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Access log that computes only the values that our formats use.

    gunicorn's own collects every header and variable for each line.
    """

    # gunicorn's class escapes quotation marks at each look-up; here `atoms` has already done so.
    atoms_wrapper_class = dict

    def _set_handler(self, log: Any, output: str | None, fmt: logging.Formatter, stream: Any = None) -> None:
        """Replace gunicorn's file handler by a LineFile, whose write errors do not reach the request."""
        super()._set_handler(log, output, fmt, stream)
        for number, handler in enumerate(log.handlers):
            if type(handler) is logging.FileHandler:
                handler.close()
                log.handlers[number] = file = LineFile(handler.baseFilename)
                file.setFormatter(fmt)
                file._gunicorn = True  # type: ignore[attr-defined]  # gunicorn's mark of its own handlers

    def warning(self, msg: str, *args: object, **kwargs: Any) -> None:
        """Log a warning, that of a malformed request without its bytes."""
        super().warning(_QUOTED.sub("...", msg) if msg.startswith(_MALFORMED) else msg, *args, **kwargs)

    def atoms(
        self,
        resp: Any,
        req: Any,  # noqa: ARG002 - gunicorn's signature
        environ: Mapping[str, Any],
        request_time: datetime.timedelta,
    ) -> dict[str, object]:
        """Return the values of the format, by gunicorn's names. A malformed request may lack some of them."""
        return {
            "t": self.now(),
            "h": environ.get("REMOTE_ADDR", "-"),
            "m": _quotable(environ.get("REQUEST_METHOD") or "-"),
            "U": _quotable(_SHARED.sub(r"\1...", environ.get("PATH_INFO", "-"))),
            "H": environ.get("SERVER_PROTOCOL", "-"),
            "s": (resp.status or "000").split(None, 1)[0],
            "B": resp.sent,
            "L": f"{_duration_s(environ, request_time):.6f}",
            "p": f"<{os.getpid()}>",
            "a": _quotable(environ.get("HTTP_USER_AGENT", "-")),
            "i": environ.get(REQUEST_ID_KEY, "-"),
        }


def _duration_s(environ: Mapping[str, Any], request_time: datetime.timedelta) -> float:
    """Return the duration of a request by the monotonic clock, or gunicorn's if the start time is unknown."""
    started_at = environ.get(STARTED_AT_KEY)
    return max(0.0, request_time.total_seconds() if started_at is None else time.monotonic() - started_at)


def _quotable(text: str) -> str:
    """Return a text from the request escaped for quotation marks on one line, in text or JSON."""
    return escaped(text.replace("\\", "\\\\").replace('"', '\\"'))
