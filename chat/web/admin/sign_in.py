"""An operator's sign-in in a browser: `/admin`."""

from __future__ import annotations

from typing import Annotated

import msgspec
from flask import Blueprint, Response, request, url_for

from chat.errors import Forbidden, InvalidRequest, LimitReached, Unauthorized
from chat.turns.worker_report import ServerReport
from chat.web.admin.access import OPERATOR_REFUSALS, REFUSAL_PAGES, check_access, prefers_page, sign_in_page
from chat.web.admin.memory_debug import EXAMPLE, report_or_page
from chat.web.api import json_body
from chat.web.openapi.operation import Answer, Body, Refusal, operation
from chat.web.services import services

bp = Blueprint("admin_sign_in", __name__, url_prefix="/admin")

_FORM = "application/x-www-form-urlencoded"


class SignIn(msgspec.Struct):
    """Body of POST /admin/session. A form's body has the same field."""

    token: Annotated[str, msgspec.Meta(max_length=1000)]


@bp.get("")
@operation(
    Answer(content=ServerReport, example=EXAMPLE),
    Answer(content={"type": "string"}, media_type="text/html", example="<!doctype html>"),
    *REFUSAL_PAGES,
    refusals=OPERATOR_REFUSALS,
)
def show() -> ServerReport | Response:
    """Return the report of all workers; a browser without access gets a form to sign in."""
    return check_access() or report_or_page()


@bp.post("/session")
@operation(
    Answer(status=204, description="The response sets the cookie of the session."),
    Answer(status=303, description="The same, for a form"),
    *REFUSAL_PAGES,
    body=Body(shape=SignIn, examples={"token": SignIn(token="the value of ADMIN_TOKEN")}),  # noqa: S106
    refusals=(Refusal(401, "unauthorized", "This is not the token of ADMIN_TOKEN."), *OPERATOR_REFUSALS[1:]),
)
def sign_in() -> Response:
    """Begin an operator's session of an hour in this browser."""
    is_form = request.mimetype == _FORM
    token = request.form.get("token", "") if is_form else json_body.read(SignIn).token
    if len(token) > 1000:
        raise InvalidRequest("invalid_value", "token takes at most 1000 characters.", "token")
    try:
        services().operator_access.sign_in(token.strip())
    except (Unauthorized, Forbidden, LimitReached) as refusal:
        if is_form and prefers_page():
            return sign_in_page(refusal, wrong=True)
        raise
    response = _to_report() if is_form else Response(status=204)
    services().operator_access.sessions.begin(request, response)
    return response


@bp.delete("/session")
@operation(Answer(status=204, description="The response removes the cookie. A copy of it is no longer valid."))
def sign_out() -> Response:
    """End the operator's session of this browser in all workers of all servers."""
    response = Response(status=204)
    services().operator_access.sessions.end(request, response)
    return response


def _to_report() -> Response:
    return Response(status=303, headers={"Location": url_for("admin.memory_debug")})
