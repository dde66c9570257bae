"""Access to the operators' addresses: a browser without it gets a form to sign in, a program an error."""

from __future__ import annotations

from flask import Response, render_template, request

from chat.errors import Forbidden, LimitReached, ParleyError, Unauthorized
from chat.web.auth.principal import require_operator
from chat.web.error_page import language_for
from chat.web.openapi.operation import Answer, Refusal

OPERATOR_REFUSALS = (
    Refusal(401, "unauthorized", "This needs the bearer token of ADMIN_TOKEN; a browser signs in with it at /admin."),
    Refusal(
        403,
        "forbidden",
        "Without ADMIN_TOKEN, this is answered only to callers on the server's own machine that use no proxy; its"
        " operator can set ADMIN_TOKEN in .env.",
    ),
    Refusal(429, "too_many_guesses", "Too many wrong tokens; try again in a minute."),
)
# A browser gets the same refusals as a page.
REFUSAL_PAGES = tuple(
    Answer(status=each.status, content={"type": "string"}, media_type="text/html", example="<!doctype html>")
    for each in OPERATOR_REFUSALS
)
_TEXTS = {
    "en": {
        "title": "Operator’s sign-in",
        "intro": "This page is for the operator of this server. Sign in with the value of ADMIN_TOKEN.",
        "token": "Token",
        "submit": "Sign in",
        "wrong": "This is not the right token.",
        "too_many": "Too many wrong tokens. Try again in a minute.",
        "closed": "This page is open only to requests from the server’s own machine. To open it from here, set "
        "ADMIN_TOKEN in the server’s .env and reload the server.",
        "home": "To the chats",
    },
    "de": {
        "title": "Anmeldung für Betreiber",
        "intro": "Diese Seite ist für den Betreiber dieses Servers. Melden Sie sich mit dem Wert von ADMIN_TOKEN an.",
        "token": "Token",
        "submit": "Anmelden",
        "wrong": "Das ist nicht das richtige Token.",
        "too_many": "Zu viele falsche Token. Versuchen Sie es in einer Minute noch einmal.",
        "closed": "Diese Seite ist nur auf dem Rechner des Servers offen. Damit sie sich von hier öffnet, setzen Sie "
        "ADMIN_TOKEN in der .env des Servers und laden ihn neu.",
        "home": "Zu den Chats",
    },
}


def prefers_page() -> bool:
    """Return whether a browser asks for a page: HTML is accepted, and preferred to JSON."""
    kinds = request.accept_mimetypes
    return kinds["text/html"] > kinds["application/json"] if kinds else False


def check_access() -> Response | None:
    """Refuse everybody but operators, a browser with a form; for `before_request`."""
    try:
        require_operator()
    except (Unauthorized, Forbidden, LimitReached) as refusal:
        if request.method == "GET" and prefers_page():
            return sign_in_page(refusal)
        raise
    return None


def sign_in_page(refusal: ParleyError, *, wrong: bool = False) -> Response:
    """Return the page of a refusal: with a form, or with a hint if signing in is not possible."""
    language = language_for(request)
    texts = _TEXTS[language]
    status = {Unauthorized: 401, Forbidden: 403, LimitReached: 429}[type(refusal)]
    problem = texts["too_many"] if status == 429 else texts["wrong"] if wrong else ""
    content = render_template("admin_sign_in.html", language=language, texts=texts, problem=problem, status=status)
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    if isinstance(refusal, LimitReached):
        headers["Retry-After"] = str(refusal.retry_after_s)
    return Response(content, status, headers, content_type="text/html; charset=utf-8")
