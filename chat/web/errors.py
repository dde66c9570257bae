"""The one place where our errors become HTTP: a status, and a JSON body of one shape, or a page for a browser."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, jsonify, request
from flask.typing import ResponseReturnValue
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
)
from chat.web import error_page

log = logging.getLogger(__name__)

# Werkzeug's own refusals, in our words: what its exceptions say may quote the request.
_WERKZEUG = {
    400: ("bad_request", "The request is malformed."),
    404: ("not_found", "There is nothing at this address."),
    405: ("method_not_allowed", "This address does not take that method."),
    408: ("request_timeout", "The request took too long to arrive."),
    411: ("length_required", "The request needs a Content-Length."),
    413: ("too_large", "The request is larger than this server takes."),
    414: ("too_large", "The address is longer than this server takes."),
    415: ("unsupported_media_type", "The body must be JSON, with Content-Type: application/json."),
}

_OURS = {
    Restarting: 307,
    Forbidden: 403,
    NotFound: 404,
    Conflict: 409,
    LimitReached: 429,
    Overloaded: 503,
    StoreUnavailable: 503,
}


def init_app(app: Flask) -> None:
    app.register_error_handler(ParleyError, _ours)
    app.register_error_handler(HTTPException, _werkzeug)
    app.register_error_handler(Exception, _unforeseen)
    app.teardown_request(_let_go)


def problem(status: int, code: str, message: str, field: str = "") -> tuple[Any, int]:
    """Return the error as JSON, or as a page to a browser that asks for one."""
    if error_page.is_wanted(request):
        # Only this one is for its reader to pass on to the operator.
        return error_page.render(request, status, message if code == "host_not_allowed" else ""), status
    error = {"code": code, "message": message}
    return jsonify({"error": error | ({"field": field} if field else {})}), status


def _let_go(_error: BaseException | None) -> None:
    """Break the circle of a request for an unknown address: its error holds the frames that hold it, body and all."""
    request.routing_exception = None


def _ours(error: ParleyError) -> ResponseReturnValue:
    if isinstance(error, StoreFailed):
        return _unforeseen(error)
    if isinstance(error, InvalidRequest):
        return problem(error.status, error.code, error.message, error.field)
    status = next((status for kind, status in _OURS.items() if isinstance(error, kind)), None)
    if status is None:
        return _unforeseen(error)
    headers = {}
    if isinstance(error, LimitReached | Overloaded | StoreUnavailable):
        headers["Retry-After"] = str(error.retry_after_s)
    if isinstance(error, Restarting):
        # gunicorn closes the connection of a worker that leaves, so the next one goes to a worker that stays. Whoever
        # follows redirects does not notice; for the others it is a refusal like any other.
        headers = {"Location": request.script_root + request.full_path.rstrip("?"), "Retry-After": "1"}
    return (*problem(status, error.code, error.message), headers)


def _werkzeug(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None:  # abort(response): redirects, for example
        return error
    status = error.code or 500
    code, message = _WERKZEUG.get(status, ("http_error", "The request cannot be served."))
    methods = getattr(error, "valid_methods", None) or ()
    return (*problem(status, code, message), {"Allow": ", ".join(sorted(methods))} if methods else {})


def _unforeseen(error: Exception) -> ResponseReturnValue:
    log.error("%s %s failed", request.method, request.path, exc_info=error)
    return problem(500, "internal", "Something went wrong in the server; its log says what.")
