"""The OpenAPI document, made from the declared operations of an application."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from flask import Flask
from werkzeug.routing import Rule

from chat.web.errors import Error
from chat.web.openapi import refusals
from chat.web.openapi.operation import JSON, Answer, EventStream, Operation, Parameter, Refusal, operation_of
from config.version import VERSION

_REF = "#/components/schemas/{name}"
_DESCRIPTION = """\
Requests and responses are JSON in UTF-8; times are ISO 8601 in UTC.

A request without a known cookie gets one. It becomes a user with the first thing that it writes. Objects of other users
answer 404, like objects that do not exist. Every refusal has the body of `Error`. 429 and 503 have `Retry-After`.
"""
_ID = {"type": "integer", "minimum": 1, "maximum": 10**18 - 1}
_PATH_DESCRIPTIONS = {
    "conversation_id": "The id of a conversation",
    "message_id": "The id of a message",
    "turn_id": "The id of a turn",
    "token": "The end of a shared link's address",
}
_PATH_EXAMPLES = {"conversation_id": 7, "message_id": 22, "turn_id": 11, "token": "0vXh3mZ1cD5sWq8y"}
_PATH_PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
_IMPLICIT_METHODS = {"HEAD", "OPTIONS"}
_SAFE_METHODS = {"GET"}
_HEADERS = {
    307: {"Location": "The same address", "Retry-After": "Seconds to wait"},
    401: {"WWW-Authenticate": "Bearer"},
    429: {"Retry-After": "Seconds to wait"},
    503: {"Retry-After": "Seconds to wait"},
}


def declared(app: Flask) -> Iterator[tuple[Rule, str, Operation]]:
    """Yield the rule, the method and the operation of every declared view."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        operation = operation_of(app.view_functions[rule.endpoint])
        if operation is not None:
            for method in sorted((rule.methods or set()) - _IMPLICIT_METHODS):
                yield rule, method, operation


def document(app: Flask, base_path: str, cookie: str) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of an application below `base_path`. `cookie` is the name of its cookie."""
    operations = list(declared(app))
    schemas = _Schemas(each for _, _, each in operations)
    responses = _Responses(schemas)
    paths: dict[str, dict[str, Any]] = {}
    for rule, method, each in operations:
        path = _PATH_PARAMETER.sub(r"{\2}", rule.rule)
        paths.setdefault(path, {})[method.lower()] = _operation(rule, method, each, schemas, responses)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Parley", "version": VERSION, "description": _DESCRIPTION},
        "servers": [{"url": base_path or "/"}],
        "paths": paths,
        "components": {
            "schemas": schemas.components,
            "responses": responses.components,
            "securitySchemes": {
                "browser": {"type": "apiKey", "in": "cookie", "name": cookie},
                "operator": {"type": "http", "scheme": "bearer", "description": "ADMIN_TOKEN, if it is set"},
            },
        },
    }


class _Schemas:
    """JSON schemas of the types that the operations name."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        types: dict[Any, None] = {Error: None}
        for each in operations:
            types |= dict.fromkeys(answer.content for answer in each.answers if _is_type(answer.content))
            types |= dict.fromkeys(data for answer in _streams(each) for data in answer.events.values())
            types |= {each.body.shape: None} if each.body else {}
        refs, self.components = msgspec.json.schema_components(types, ref_template=_REF)
        self._by_type = dict(zip(types, refs, strict=True))

    def of_event(self, name: str, data: type[msgspec.Struct]) -> dict[str, Any]:
        """Return the schema of one server-sent event, whose data is JSON text."""
        text = {"type": "string", "contentMediaType": JSON, "contentSchema": self.of(data)}
        properties = {"id": {"type": "string", "pattern": "^[0-9]+$"}, "event": {"const": name}, "data": text}
        return {"type": "object", "properties": properties, "required": ["event", "data"]}

    def of(self, content: Any) -> dict[str, Any]:
        """Return the schema of a type, or a schema that is given as one."""
        return self._by_type[content] if _is_type(content) else dict(content)


class _Responses:
    """Responses of refusals. Equal ones are one component."""

    def __init__(self, schemas: _Schemas) -> None:
        self.components: dict[str, dict[str, Any]] = {}
        self._schema = schemas.of(Error)
        self._names: dict[tuple[Refusal, ...], str] = {}

    def ref(self, group: tuple[Refusal, ...]) -> dict[str, str]:
        """Return a reference to the response of refusals with one status."""
        if group not in self._names:
            self._names[group] = f"Refusal{group[0].status}_{len(self._names)}"
            self.components[self._names[group]] = self._response(group)
        return {"$ref": f"#/components/responses/{self._names[group]}"}

    def either(self, answer: dict[str, Any], group: tuple[Refusal, ...]) -> dict[str, Any]:
        """Return a response that is an answer or a refusal."""
        refusal = self._response(group)
        if JSON not in answer["content"]:  # a page, which says the same
            return refusal | {"content": refusal["content"] | answer["content"]}
        own = answer["content"][JSON]
        examples = {"answer": {"value": own["example"]}} | refusal["content"][JSON]["examples"]
        schema = {"anyOf": [own["schema"], self._schema]}
        return refusal | {
            "description": f"{answer['description']} Or:\n\n{refusal['description']}",
            "content": {JSON: {"schema": schema, "examples": examples}},
        }

    def _response(self, group: tuple[Refusal, ...]) -> dict[str, Any]:
        examples = {f"{each.code}_{number}": {"value": _error(each)} for number, each in enumerate(group)}
        return {
            "description": "\n".join(f"- `{each.code}`: {each.message}" for each in group),
            "headers": _headers(_HEADERS.get(group[0].status, {})),
            "content": {JSON: {"schema": self._schema, "examples": examples}},
        }


def _operation(
    rule: Rule, method: str, declaration: Operation, schemas: _Schemas, responses: _Responses
) -> dict[str, Any]:
    refused = _refusals(method, declaration)
    answers = _answers(declaration.answers, schemas)
    for status, group in refused.items():
        if str(status) in answers:
            answers[str(status)] = responses.either(answers[str(status)], group)
        else:
            answers[str(status)] = responses.ref(group)
    operation: dict[str, Any] = {
        "operationId": rule.endpoint.replace(".", "_"),
        "tags": [rule.endpoint.partition(".")[0]],
        "summary": declaration.summary,
        "description": declaration.description,
        "parameters": [*_path_parameters(rule.rule), *map(_parameter, declaration.parameters)],
        "responses": answers,
        "security": [{"operator": []}, {}] if 401 in refused else [{"browser": []}, {}],
    }
    if declaration.body:
        examples = {name: {"value": _json(value)} for name, value in declaration.body.examples.items()}
        content = {JSON: {"schema": schemas.of(declaration.body.shape), "examples": examples}}
        operation["requestBody"] = {"content": content, "required": declaration.body.required}
    return operation


def _refusals(method: str, declaration: Operation) -> dict[int, tuple[Refusal, ...]]:
    """Return all refusals of an operation by status."""
    everything = [*declaration.refusals]
    if declaration.parameters:
        everything += refusals.OF_PARAMETERS
    if declaration.body:
        everything += refusals.OF_BODIES
    if method not in _SAFE_METHODS:
        everything += refusals.OF_CHANGES
    everything += refusals.OF_EVERY_REQUEST
    by_status: dict[int, tuple[Refusal, ...]] = {}
    for each in sorted(everything, key=lambda each: each.status):
        by_status[each.status] = (*by_status.get(each.status, ()), each)
    return by_status


def _answers(answers: Iterable[Answer], schemas: _Schemas) -> dict[str, Any]:
    by_status: dict[str, Any] = {}
    for each in answers:
        response = by_status.setdefault(
            str(each.status), {"description": each.description, "headers": _headers(each.headers)}
        )
        if isinstance(each, EventStream):
            response.setdefault("content", {})[each.media_type] = _stream(each, schemas)
        elif each.content is not None:
            media: dict[str, Any] = {"schema": schemas.of(each.content)}
            if each.example is not None:
                media["example"] = _json(each.example)
            response.setdefault("content", {})[each.media_type] = media
    return by_status


def _stream(answer: EventStream, schemas: _Schemas) -> dict[str, Any]:
    """Return the content of a stream. Its schema is that of each event."""
    examples = {
        name: {"value": {"id": str(number), "event": name, "data": msgspec.json.encode(data).decode()}}
        for number, (name, data) in enumerate(answer.examples.items(), 1)
    }
    return {"schema": {"anyOf": [schemas.of_event(*each) for each in answer.events.items()]}, "examples": examples}


def _streams(declaration: Operation) -> Iterator[EventStream]:
    return (each for each in declaration.answers if isinstance(each, EventStream))


def _path_parameters(rule: str) -> Iterator[dict[str, Any]]:
    for kind, name in _PATH_PARAMETER.findall(rule):
        yield {
            "name": name,
            "in": "path",
            "required": True,
            "description": _PATH_DESCRIPTIONS[name],
            "schema": _ID if kind == "id" else {"type": "string"},
            "example": _PATH_EXAMPLES[name],
        }


def _parameter(declaration: Parameter) -> dict[str, Any]:
    parameter = {
        "name": declaration.name,
        "in": declaration.location,
        "required": declaration.required,
        "description": declaration.description,
        "schema": dict(declaration.schema),
    }
    return parameter if declaration.example is None else parameter | {"example": declaration.example}


def _headers(texts: Mapping[str, str]) -> dict[str, Any]:
    return {name: {"description": text, "schema": {"type": "string"}} for name, text in texts.items()}


def _error(refusal: Refusal) -> dict[str, Any]:
    field = {"field": refusal.field} if refusal.field else {}
    return {"error": {"code": refusal.code, "message": refusal.message} | field}


def _json(example: Any) -> Any:
    """Return an example as a JSON value."""
    return msgspec.json.decode(msgspec.json.encode(example))


def _is_type(content: Any) -> bool:
    return content is not None and not isinstance(content, Mapping)
