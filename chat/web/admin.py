"""For operators: what every worker holds and weighs."""

from __future__ import annotations

import hmac
import ipaddress
import re

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from chat.errors import Forbidden
from chat.web.errors import problem
from chat.web.parts import parts

bp = Blueprint("admin", __name__, url_prefix="/admin")

_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")


@bp.before_request
def _let_in() -> ResponseReturnValue | None:
    """With ADMIN_TOKEN set, its bearer; without, only somebody on this machine who came straight here."""
    token = parts().settings.admin_token
    if token:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer" and hmac.compare_digest(given.encode(), token.encode()):
            return None
        return (*problem(401, "unauthorized", "This needs the bearer token of ADMIN_TOKEN."), {
            "WWW-Authenticate": "Bearer"
        })  # fmt: skip
    if not _direct_from_this_machine():
        raise Forbidden("Without ADMIN_TOKEN, this is answered to callers on the server's own machine only.")
    return None


@bp.get("/memory-debug")
def memory_debug() -> ResponseReturnValue:
    report = parts().report.everyone()
    wanted = request.accept_mimetypes.best_match(("application/json", "text/html"), "application/json")
    return render_template("memory_debug.html", report=report) if wanted == "text/html" else report


def _direct_from_this_machine() -> bool:
    """A loopback address, no proxy's headers, and a loopback name: a page elsewhere cannot point its own here."""
    if any(header in request.headers for header in _FORWARDED):
        return False
    host = re.sub(r":\d+$", "", request.host).strip("[]")
    return _loopback(request.remote_addr or "") and (host == "localhost" or _loopback(host))


def _loopback(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    # Listening on [::] the server sees 127.0.0.1 as ::ffff:127.0.0.1.
    return (getattr(parsed, "ipv4_mapped", None) or parsed).is_loopback
