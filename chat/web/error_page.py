"""Error pages for browsers, in English or German."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Request, render_template

# These addresses are for programs: they answer with JSON, whatever the request accepts.
_API_PATHS = ("/api", "/admin", "/v1", "/metrics", "/healthz", "/readyz")


@dataclass(frozen=True, slots=True)
class _Catalogue:
    home: str
    by_status: dict[int, tuple[str, str]]
    other: tuple[str, str]


_CATALOGUES = {
    "en": _Catalogue(
        "Go to your chats",
        {
            403: ("Not allowed", "This page may not be opened from there."),
            404: ("There is nothing here", "The address is wrong, or what was here has been deleted."),
            405: ("There is nothing here", "The address is wrong, or what was here has been deleted."),
            500: ("Something went wrong", "The server could not answer. Try again; if it stays, tell its operator."),
            503: ("Busy at the moment", "The server has too much to do. Try again in a few seconds."),
        },
        ("That did not work", "The server could not make sense of the request."),
    ),
    "de": _Catalogue(
        "Zu Ihren Chats",
        {
            403: ("Nicht erlaubt", "Diese Seite darf von dort nicht geöffnet werden."),
            404: ("Hier gibt es nichts", "Die Adresse stimmt nicht, oder was hier war, wurde gelöscht."),
            405: ("Hier gibt es nichts", "Die Adresse stimmt nicht, oder was hier war, wurde gelöscht."),
            500: (
                "Etwas ging schief",
                "Der Server konnte nicht antworten. Versuchen Sie es noch einmal; bleibt der Fehler, "
                "sagen Sie es dem Betreiber.",
            ),
            503: (
                "Im Moment ausgelastet",
                "Der Server hat gerade zu viel zu tun. Versuchen Sie es in ein paar Sekunden noch einmal.",
            ),
        },
        ("Das hat nicht geklappt", "Der Server konnte mit der Anfrage nichts anfangen."),
    ),
}


def is_accepted(request: Request) -> bool:
    """Return whether a browser requests a page: not a program, and not a resource of another page."""
    path = "/" + request.path.lstrip("/")
    if request.method not in ("GET", "HEAD") or any(_is_below(path, each) for each in _API_PATHS):
        return False
    return any(name == "text/html" and quality > 0 for name, quality in request.accept_mimetypes)


def render(request: Request, status: int, message: str = "") -> str:
    """Return the page. `message` replaces the general sentence."""
    language = language_for(request)
    catalogue = _CATALOGUES[language]
    title, text = catalogue.by_status.get(status, catalogue.other)
    return render_template(
        "error.html", language=language, title=title, text=message or text, home=catalogue.home, status=status
    )


def language_for(request: Request) -> str:
    """Return the reader's preferred language that has a catalogue, ignoring regions."""
    preferred = (tag.lower().split("-")[0] for tag, quality in request.accept_languages if quality > 0)
    return next((language for language in preferred if language in _CATALOGUES), "en")


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")
