"""Security headers of every response, and the headers of public links."""

from __future__ import annotations

from flask import Flask, Response, request

# The page may run, load and connect only to resources of this server.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def init_app(app: Flask) -> None:
    """Add the security headers to every response."""
    app.after_request(_add)


def for_public_link() -> dict[str, str]:
    """Return headers that keep a shared link out of Referer headers, search engines and caches."""
    return {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex", "Cache-Control": "no-store"}


def _add(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _POLICY)
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("Referrer-Policy", "same-origin")
    if request.path.startswith(("/api", "/admin")):
        headers.setdefault("Cache-Control", "no-store")
    return response
