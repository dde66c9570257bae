"""Serving of the page's files: compressed where the browser accepts it, cached by the browser for a year."""

from __future__ import annotations

from pathlib import PurePosixPath

from flask import Flask, Response, request, send_file
from werkzeug.exceptions import NotFound

from chat.web.pages.page_files.files import PageFiles

AGE_S = 365 * 24 * 3600
# Not the machine's own list, which may be incomplete or wrong.
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
    """Serve the files at addresses that contain their fingerprint."""
    app.extensions[_EXTENSION] = files
    app.static_url_path = f"/static/{files.fingerprint}"
    app.add_url_rule(f"{app.static_url_path}/<path:filename>", "static", lambda filename: _response(files, filename))


def prepare(app: Flask) -> bool:
    """Build the linked files now, unless they exist, so that the first request for the page does not wait."""
    return page_files(app).linked


def page_files(app: Flask) -> PageFiles:
    """Return the application's page files."""
    files: PageFiles = app.extensions[_EXTENSION]
    return files


def _response(files: PageFiles, name: str) -> Response:
    plain = files.find(name)
    if plain is None:
        raise NotFound
    compressed = files.compressed(name)
    # A range always refers to the uncompressed file, so that all ranges of a download fit together.
    zipped = compressed is not None and "Range" not in request.headers and request.accept_encodings["gzip"] > 0
    response = send_file(
        compressed if zipped and compressed else plain,
        mimetype=_TYPES.get(PurePosixPath(name).suffix, "text/plain"),
        # The fingerprint identifies the content on every server; caches must keep the two encodings apart.
        etag=f"{files.fingerprint}-gzip" if zipped else files.fingerprint,
        max_age=AGE_S,
    )
    response.cache_control.immutable = True
    if zipped:
        response.content_encoding = "gzip"
    if compressed:
        response.vary.add("Accept-Encoding")
    return response
