"""The only mapping of errors to HTTP: a status, and a JSON body or a page for a browser."""

from __future__ import annotations

import errno
import logging
from collections.abc import Mapping

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue
from msgspec import UNSET, Struct, UnsetType
from werkzeug.exceptions import HTTPException

from chat.errors import (
    Conflict,
    Forbidden,
    InvalidRequest,
    LimitReached,
    NotFound,
    Overloaded,
    ParleyError,
    Restarting,
    StoreFailed,
    StoreUnavailable,
    Unauthorized,
)
from chat.runtime import descriptors
from chat.web import error_page
from chat.web.openapi.operation import json_response

log = logging.getLogger(__name__)


class ErrorDetails(Struct, frozen=True, kw_only=True):
    """An error. `code` is for programs, `message` for people; `field` is the field or parameter that is wrong."""

    code: str
    message: str
    field: str | UnsetType = UNSET


class Error(Struct, frozen=True, kw_only=True):
    """Body of every refusal."""

    error: ErrorDetails


# Replacements for the messages of werkzeug's exceptions, which may quote the request.
_HTTP_MESSAGES = {
    400: ("bad_request", "The request is malformed."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take that method."),
    408: ("request_timeout", "The request took too long to arrive."),
    411: ("length_required", "The request needs a Content-Length."),
    413: ("too_large", "The request is larger than this server takes."),
    414: ("too_large", "The address is longer than this server takes."),
    415: ("unsupported_media_type", "The body must be JSON, with Content-Type: application/json."),
}

_STATUS_BY_ERROR = {
    Restarting: 307,
    Unauthorized: 401,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    LimitReached: 429,
    Overloaded: 503,
    StoreUnavailable: 503,
}


def init_app(app: Flask) -> None:
    """Register the error handlers."""
    app.register_error_handler(ParleyError, _handle_parley_error)
    app.register_error_handler(HTTPException, _handle_http_exception)
    app.register_error_handler(Exception, _handle_unexpected)
    app.teardown_request(_drop_routing_exception)


def _refuse(status: int, error: ErrorDetails, headers: Mapping[str, str] | None = None) -> Response:
    """Return the error as JSON, or as a page to a browser that requests one."""
    if error_page.is_accepted(request):
        # Only this message helps the reader: to pass it on to the operator.
        message = error.message if error.code == "host_not_allowed" else ""
        return Response(error_page.render(request, status, message), status, headers)
    return json_response(Error(error=error), status, headers)


def _drop_routing_exception(_error: BaseException | None) -> None:
    """Break a reference cycle: the exception of an unknown address holds frames that hold the request and its body."""
    request.routing_exception = None


def _handle_parley_error(error: ParleyError) -> ResponseReturnValue:
    if isinstance(error, StoreFailed):
        return _handle_unexpected(error)
    if isinstance(error, InvalidRequest):
        details = ErrorDetails(code=error.code, message=error.message, field=error.field or UNSET)
        return _refuse(error.status, details)
    status = next((status for kind, status in _STATUS_BY_ERROR.items() if isinstance(error, kind)), None)
    if status is None:
        return _handle_unexpected(error)
    headers = {}
    if isinstance(error, Unauthorized):
        headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, LimitReached | Overloaded | StoreUnavailable):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, Restarting):
        # gunicorn closes the connection of a worker that shuts down, so the next connection goes to another worker.
        # A client that follows redirects does not notice; for the others this is an ordinary refusal.
        headers = {"Location": request.script_root + request.full_path.rstrip("?"), "Retry-After": "1"}
    return _refuse(status, ErrorDetails(code=error.code, message=error.message), headers)


def _handle_http_exception(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None:  # abort(response): redirects, for example
        return error
    status = error.code or 500
    code, message = _HTTP_MESSAGES.get(status, ("http_error", "The request cannot be served."))
    methods = getattr(error, "valid_methods", None) or ()
    headers = {"Allow": ", ".join(sorted(methods))} if methods else {}
    return _refuse(status, ErrorDetails(code=code, message=message), headers)


def _handle_unexpected(error: Exception) -> ResponseReturnValue:
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    no_memory = isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM
    if no_memory or descriptors.exhausted(error):
        return _handle_parley_error(Overloaded("This server lacks memory or files; try again in a few seconds."))
    message = "Something went wrong in the server; its log says what."
    return _refuse(500, ErrorDetails(code="internal", message=message))
