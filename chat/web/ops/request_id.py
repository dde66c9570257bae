"""Identifier of each request: in its log records, in `access.log`, and in the response's `X-Request-ID`."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

from flask import Flask, Response, request

from config import log_fields
from config.server.access_log import REQUEST_ID_KEY

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_HEADER = "X-Request-ID"
# What proxies send: a UUID, a number in hexadecimal, a trace. Anything else is replaced.
_ACCEPTED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:=+/-]{0,127}")


def init_app(app: Flask) -> None:
    """Add the identifier to every response."""
    app.after_request(_add)


def begin(environ: WSGIEnvironment) -> None:
    """Find or make the identifier of a request that begins, before anything is logged about it."""
    received = environ.get("HTTP_X_REQUEST_ID", "")
    # Not secret, and cheaper than a random number of the system.
    identifier = received if received and _ACCEPTED.fullmatch(received) else f"{random.getrandbits(64):016x}"
    environ[REQUEST_ID_KEY] = identifier
    log_fields.replace({"request": identifier})


def _add(response: Response) -> Response:
    response.headers[_HEADER] = request.environ[REQUEST_ID_KEY]
    return response
