"""`access.log`: a line a request, written by gunicorn out of no more than its formats name.

The formats themselves: `access_log_format` in `gunicorn.gevent.py`.
"""

from __future__ import annotations

import datetime
import logging
import os
import time
from collections.abc import Mapping
from typing import Any

from gunicorn.glogging import Logger

from config.logging import LineFile, escaped

# Where the application notes in the WSGI environment when it began with a request, by the monotonic clock.
STARTED_AT_KEY = "parley.began"


class AccessLog(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's own gathers for each line whatever any format could name, every header and variable among it."""

    # Its own escapes quotation marks as they are looked up, which `atoms` has done here.
    atoms_wrapper_class = dict

    def _set_handler(self, log: Any, output: str | None, fmt: logging.Formatter, stream: Any = None) -> None:
        """gunicorn's, but for a file's handler: a disk that takes no lines costs nothing else."""
        super()._set_handler(log, output, fmt, stream)
        for number, handler in enumerate(log.handlers):
            if type(handler) is logging.FileHandler:
                handler.close()
                log.handlers[number] = file = LineFile(handler.baseFilename)
                file.setFormatter(fmt)
                file._gunicorn = True  # type: ignore[attr-defined]  # what it knows its own handlers by

    def atoms(
        self,
        resp: Any,
        req: Any,  # noqa: ARG002 - gunicorn calls it so
        environ: Mapping[str, Any],
        request_time: datetime.timedelta,
    ) -> dict[str, object]:
        """What the formats name, by gunicorn's names for it. Of a malformed request there may be less."""
        return {
            "t": self.now(),
            "h": environ.get("REMOTE_ADDR", "-"),
            "m": _quotable(environ.get("REQUEST_METHOD") or "-"),
            "U": _quotable(environ.get("PATH_INFO", "-")),
            "H": environ.get("SERVER_PROTOCOL", "-"),
            "s": (resp.status or "000").split(None, 1)[0],
            "B": resp.sent,
            "L": f"{_duration_s(environ, request_time):.6f}",
            "p": f"<{os.getpid()}>",
            "a": _quotable(environ.get("HTTP_USER_AGENT", "-")),
        }


def _duration_s(environ: Mapping[str, Any], request_time: datetime.timedelta) -> float:
    """A request's duration by the monotonic clock, where the application noted when it began; else gunicorn's."""
    began = environ.get(STARTED_AT_KEY)
    return max(0.0, request_time.total_seconds() if began is None else time.monotonic() - began)


def _quotable(text: str) -> str:
    """What somebody sent, fit to stand within quotation marks on one line, of text or of JSON."""
    return escaped(text.replace("\\", "\\\\").replace('"', '\\"'))
