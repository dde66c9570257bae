"""Check of real responses against the OpenAPI document: status, content type and body."""

from __future__ import annotations

import functools
from typing import Any

import jsonschema_rs
from flask import Flask, Response, request

from chat.app import create_app
from chat.web.openapi.document import document
from chat.web.openapi.operation import operation_of
from config.settings import Settings

# Made before any test, because a process has one application at a time. This one opens nothing.
API: dict[str, Any] = document(create_app(Settings()), "", "parley_0123456789ab")


def check_responses(app: Flask, undeclared: list[str]) -> None:
    """Add a line to `undeclared` for each response of `app` that differs from its declaration."""

    @app.after_request
    def check(response: Response) -> Response:
        # Werkzeug finds //api/me, too, but that is no address of the API.
        rule = None if request.environ["PATH_INFO"].startswith("//") else request.url_rule
        if rule is not None and operation_of(app.view_functions[rule.endpoint]) and request.method != "OPTIONS":
            method = "get" if request.method == "HEAD" else request.method.lower()
            operation_id = rule.endpoint.replace(".", "_")
            undeclared.extend(f"{method} {rule.rule}: {fault}" for fault in faults(operation_id, response))
        return response


def faults(operation_id: str, response: Response) -> list[str]:
    """Return the differences between a response and its declaration."""
    declared = declared_answers().get((operation_id, response.status_code))
    if declared is None:
        return [f"status {response.status_code}"]
    if response.mimetype not in declared and declared:
        return [f"{response.status_code} as {response.mimetype}"]
    if response.mimetype != "application/json" or response.is_streamed or request.method == "HEAD":
        return []
    errors = validator(operation_id, response.status_code).iter_errors(response.json)
    return [f"{response.status_code}: {error.message} at {error.instance_path}" for error in errors]


@functools.cache
def declared_answers() -> dict[tuple[str, int], dict[str, Any]]:
    """Return the declared contents by operation and status."""
    return {
        (operation["operationId"], int(status)): resolved(response).get("content", {})
        for methods in API["paths"].values()
        for operation in methods.values()
        for status, response in operation["responses"].items()
    }


@functools.cache
def validator(operation_id: str, status: int) -> jsonschema_rs.Draft202012Validator:
    """Return the validator of a JSON body."""
    return schema_validator(declared_answers()[operation_id, status]["application/json"]["schema"])


def schema_validator(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """Return the validator of a schema that may refer to the document's components."""
    return jsonschema_rs.Draft202012Validator(schema | {"components": API["components"]}, validate_formats=True)


def resolved(response: dict[str, Any]) -> dict[str, Any]:
    """Return a response, or the component that it refers to."""
    if "$ref" not in response:
        return response
    return API["components"]["responses"][response["$ref"].rpartition("/")[2]]
