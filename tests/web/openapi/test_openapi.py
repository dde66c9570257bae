"""GET /api/openapi.json and GET /api/docs: every route is described, with examples of its types."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from config.version import VERSION

from ..api_client import SSE, converse, events, exchange
from ..declared_responses import API, resolved, schema_validator

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
DESCRIBED = ("/api", "/admin", "/healthz", "/readyz", "/metrics")


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in API["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def media(operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the contents of an operation's body and responses."""
    yield from operation.get("requestBody", {}).get("content", {}).values()
    for response in operation["responses"].values():
        yield from resolved(response).get("content", {}).values()


def examples(content: dict[str, Any]) -> list[Any]:
    single = [content["example"]] if "example" in content else []
    return single + [each["value"] for each in content.get("examples", {}).values()]


def test_it_is_served(alice: FlaskClient) -> None:
    response = alice.get("/api/openapi.json")
    assert (response.status_code, response.content_type) == (200, "application/json")
    assert (response.json["openapi"], response.json["info"]["version"]) == ("3.1.0", VERSION)
    assert response.json["paths"] == API["paths"]
    assert "Set-Cookie" not in response.headers


def test_every_route_is_described_and_nothing_else(app: Flask) -> None:
    served = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(DESCRIBED)
        for method in rule.methods & METHODS
    }
    assert {(method, path) for method, path, _ in operations()} == served


def test_every_operation_has_an_id_a_summary_and_its_path_parameters() -> None:
    ids = [operation["operationId"] for _, _, operation in operations()]
    assert len(ids) == len(set(ids))
    for _, path, operation in operations():
        assert re.fullmatch(r"[A-Z][^.]{8,120}", operation["summary"]), operation["summary"]
        in_path = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
        assert in_path == re.findall(r"{(\w+)}", path)


def test_every_reference_leads_somewhere() -> None:
    text = str(API)
    for kind, name in re.findall(r"#/components/(\w+)/([\w.-]+)", text):
        assert name in API["components"][kind]


def test_every_example_is_valid(subtests: pytest.Subtests) -> None:
    for method, path, operation in operations():
        with subtests.test(f"{method} {path}"):
            for content in media(operation):
                validator = schema_validator(content["schema"])
                for example in examples(content):
                    validator.validate(example)
            for parameter in operation["parameters"]:
                if "example" in parameter:
                    schema_validator(parameter["schema"]).validate(parameter["example"])


def test_every_json_answer_and_body_has_an_example(subtests: pytest.Subtests) -> None:
    for method, path, operation in operations():
        with subtests.test(f"{method} {path}"):
            missing = [content for content in media(operation) if not examples(content)]
            assert missing == [] or path in ("/api/openapi.json", "/api/docs", "/admin/memory-debug")


def test_the_events_of_a_stream_have_their_declared_types(alice: FlaskClient) -> None:
    declared = API["paths"]["/api/turns/{turn_id}/events"]["get"]["responses"]["200"]["content"]
    validator = schema_validator(declared["text/event-stream"]["schema"])
    conversation = converse(alice)
    stream = alice.post(f"/api/conversations/{conversation}/turns", json={"text": "Hello"}, headers=SSE).data
    parsed = events(stream)
    assert {"turn", "delta", "done"} <= {event.name for event in parsed}
    data_types = {
        each["properties"]["event"]["const"]: each["properties"]["data"]["contentSchema"]
        for each in declared["text/event-stream"]["schema"]["anyOf"]
    }
    for event in parsed:
        validator.validate({"id": str(event.number), "event": event.name, "data": json.dumps(event.data)})
        schema_validator(data_types[event.name]).validate(event.data)


def test_the_streamed_export_has_its_declared_type(alice: FlaskClient) -> None:
    exchange(alice, converse(alice))
    content = API["paths"]["/api/export"]["get"]["responses"]["200"]["content"]["application/json"]
    schema_validator(content["schema"]).validate(alice.get("/api/export").json)


def test_below_a_base_path(make_app: Callable[..., Flask]) -> None:
    client = make_app(base_path="/chat").test_client()
    assert client.get("/chat/api/openapi.json").json["servers"] == [{"url": "/chat"}]
    assert '"/chat/api/openapi.json"' in client.get("/chat/api/docs").text


def test_the_page_shows_every_operation_and_type(alice: FlaskClient) -> None:
    page = alice.get("/api/docs")
    assert (page.status_code, page.content_type) == (200, "text/html; charset=utf-8")
    for _, path, operation in operations():
        assert f"<code>{path}</code>" in page.text
        assert f'id="{operation["operationId"]}"' in page.text
    for name in API["components"]["schemas"]:
        assert f'id="type-{name}"' in page.text
    # The policy allows only files of this server.
    assert not re.search(r"<style|\sstyle=|<script(?! src=)|\son\w+=", page.text)
    assert set(re.findall(r'href="#([\w-]+)"', page.text)) <= set(re.findall(r'id="([\w-]+)"', page.text))
