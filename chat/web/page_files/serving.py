"""Answers requests for the page's files: compressed where the browser takes it, and kept by it for a year."""

from __future__ import annotations

from pathlib import PurePosixPath

from flask import Flask, Response, request, send_file
from werkzeug.exceptions import NotFound

from chat.web.page_files.files import PageFiles

AGE_S = 365 * 24 * 3600
# Not by the machine's own list, which may say anything or lack some.
_TYPES = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
}
_EXTENSION = "parley.page_files"


def init_app(app: Flask, files: PageFiles) -> None:
    app.extensions[_EXTENSION] = files
    app.static_url_path = f"/static/{files.fingerprint}"
    app.add_url_rule(f"{app.static_url_path}/<path:filename>", "static", lambda filename: _answer(files, filename))


def make_ready(app: Flask) -> bool:
    """Make the linked files now, unless they are there, rather than while the first person waits for the page."""
    return page_files(app).linked


def page_files(app: Flask) -> PageFiles:
    files: PageFiles = app.extensions[_EXTENSION]
    return files


def _answer(files: PageFiles, name: str) -> Response:
    plain = files.find(name)
    if plain is None:
        raise NotFound
    compressed = files.compressed(name)
    # A part of a file is one of the file as it is, whichever form is asked for next.
    zipped = compressed is not None and "Range" not in request.headers and request.accept_encodings["gzip"] > 0
    response = send_file(
        compressed if zipped and compressed else plain,
        mimetype=_TYPES.get(PurePosixPath(name).suffix, "text/plain"),
        # The fingerprint stands for the content on every server; the two forms are two to caches.
        etag=f"{files.fingerprint}-gzip" if zipped else files.fingerprint,
        max_age=AGE_S,
    )
    response.cache_control.immutable = True
    if zipped:
        response.content_encoding = "gzip"
    if compressed:
        response.vary.add("Accept-Encoding")
    return response
