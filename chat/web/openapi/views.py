"""The OpenAPI document of this server, and a page that shows it."""

from __future__ import annotations

from typing import Any

import msgspec
from flask import Blueprint, Response, current_app, render_template

from chat.web.openapi import reference
from chat.web.openapi.document import document
from chat.web.openapi.operation import JSON, Answer, operation
from chat.web.services import services

bp = Blueprint("openapi", __name__, url_prefix="/api")

_EXTENSION = "parley.openapi"


@bp.get("/openapi.json")
@operation(Answer(content={"type": "object", "required": ["openapi", "info", "paths"]}))
def show_document() -> Response:
    """Return this document."""
    return Response(msgspec.json.encode(_document()), content_type=JSON)


@bp.get("/docs")
@operation(Answer(content={"type": "string"}, media_type="text/html"))
def show_page() -> Response:
    """Return a page that shows this document."""
    content = _document()
    return Response(
        render_template(
            "api.html",
            info=content["info"],
            sections=reference.sections(content),
            types=reference.types(content),
            names=content["components"]["schemas"],
        )
    )


def _document() -> dict[str, Any]:
    """Return the application's document, which is made once."""
    app, current = current_app._get_current_object(), services()  # type: ignore[attr-defined]
    if _EXTENSION not in app.extensions:
        app.extensions[_EXTENSION] = document(app, current.settings.base_path, current.tokens.cookie)
    content: dict[str, Any] = app.extensions[_EXTENSION]
    return content
