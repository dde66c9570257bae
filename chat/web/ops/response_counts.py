"""Count of the responses by class of status, for `/metrics`."""

from __future__ import annotations

from flask import Flask, Response

from chat.web.services import services


def init_app(app: Flask) -> None:
    """Count every response when it begins."""
    app.after_request(_count)


def _count(response: Response) -> Response:
    services().metrics.responses.add(f"{response.status_code // 100}xx")
    return response
