"""The Flask application: its routes and hooks. `chat/services.py` builds what they use."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from flask import Flask
from werkzeug.routing import IntegerConverter

from chat.commands.bundle.command import bundle
from chat.commands.db import db
from chat.commands.doctor.command import doctor
from chat.commands.mode import mode
from chat.commands.operator_commands import OperatorCommands
from chat.runtime import wait_budget
from chat.services import Overrides, Services
from chat.web import base_path, errors, request_checks, security_headers
from chat.web.admin import looks, memory_debug, sign_in
from chat.web.api import conversations, export, feedback, json_body, me, shares, turns, user_data
from chat.web.auth import principal
from chat.web.openapi import views as openapi
from chat.web.ops import health, metrics, request_id, response_counts
from chat.web.pages import chat_page
from chat.web.pages.page_files import serving
from chat.web.pages.page_files.files import PageFiles
from chat.web.services import EXTENSION
from config.server.access_log import STARTED_AT_KEY
from config.settings import Settings, load

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


def create_app(settings: Settings | None = None, overrides: Overrides | None = None) -> Flask:
    """Return the application, by default with the settings of the environment. Raises SettingError.

    It opens nothing: `Services.start` does, called by the worker or by the first request.
    """
    settings = settings or load()
    app = _BlockingFlask("chat.web", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = json_body.BODY_BYTES
    app.url_map.converters["id"] = _IdConverter
    # //api//me is answered with 404; otherwise werkzeug would redirect, with a page of HTML.
    app.url_map.merge_slashes = False
    services = Services(settings, overrides)
    app.extensions[EXTENSION] = services
    app.before_request(services.start)
    app.wsgi_app = base_path.with_base_path(settings.base_path, app.wsgi_app)  # type: ignore[assignment, method-assign]
    request_checks.init_app(app, settings.allowed_hosts, settings.host)
    for module in (errors, principal, security_headers, request_id, response_counts):
        module.init_app(app)
    serving.init_app(app, PageFiles(settings.data_dir / "page"))
    for module in (
        chat_page,
        me,
        conversations,
        user_data,
        export,
        feedback,
        shares,
        turns,
        sign_in,
        memory_debug,
        looks,
        openapi,
        health,
        metrics,
    ):
        app.register_blueprint(module.bp)
    app.cli = OperatorCommands(app.name)
    for command in (bundle, db, doctor, mode):
        app.cli.add_command(command)
    return app


class _BlockingFlask(Flask):
    """Flask for blocking views only, with the start time of each request for the access log."""

    def wsgi_app(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        # Monotonic, so that a change of the wall clock shows in no duration.
        environ[STARTED_AT_KEY] = time.monotonic()
        request_id.begin(environ)
        with wait_budget.of_request():
            return super().wsgi_app(environ, start_response)

    # Flask would test each view and hook, at each call, for being a coroutine: none is.
    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


class _IdConverter(IntegerConverter):
    """Id of a row. A longer number than the database allows does not match, and so is not found."""

    regex = r"\d{1,18}"
