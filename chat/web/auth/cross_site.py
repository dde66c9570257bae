"""Refusal of requests from other sites' pages that would change something (CSRF)."""

from __future__ import annotations

from flask import request

from chat.errors import Forbidden

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")


def refuse_cross_site() -> None:
    """Raise Forbidden for a request from another site's page; for `before_request`.

    Browsers send the origin of a request; other programs send none and hold no cookie.
    """
    if request.method in _SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if site == "same-origin":
        return
    if site not in (None, "none") or (origin is not None and not _is_own_origin(origin)):
        raise Forbidden("This request came from another site.")


def _is_own_origin(origin: str) -> bool:
    """Return whether an Origin has this server's scheme, name and port. "null" is sent by pages that hide theirs."""
    return origin == f"{request.scheme}://{request.host}".lower()
