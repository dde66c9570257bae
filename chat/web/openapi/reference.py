"""The OpenAPI document as the page shows it: operations by section, and the types of bodies and answers."""

from __future__ import annotations

import json
from typing import Any

_TITLES = {
    "me": "The caller",
    "conversations": "Conversations",
    "turns": "Turns",
    "feedback": "Feedback",
    "shares": "Shared links",
    "export": "Export of a conversation",
    "user_data": "All data of the caller",
    "health": "Health",
    "admin_sign_in": "Operators: sign-in",
    "admin": "Operators: workers",
    "admin_looks": "Operators: deeper looks",
    "metrics": "Metrics",
    "openapi": "This description",
}


def sections(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the sections of the page: each has a title and operations."""
    by_tag: dict[str, list[dict[str, Any]]] = {tag: [] for tag in _TITLES}
    for path, methods in document["paths"].items():
        for method, each in methods.items():
            by_tag[each["tags"][0]].append(_operation(document, method, path, each))
    return [{"id": tag, "title": _TITLES[tag], "operations": operations} for tag, operations in by_tag.items()]


def types(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the named types: each has a description and fields."""
    return [
        {
            "name": name,
            "description": schema.get("description", ""),
            "fields": [
                {
                    "name": field,
                    "type": type_text(about),
                    "required": field in schema.get("required", ()),
                    "description": about.get("description", ""),
                }
                for field, about in schema.get("properties", {}).items()
            ],
        }
        for name, schema in document["components"]["schemas"].items()
    ]


def type_text(schema: dict[str, Any]) -> str:
    """Return a schema in a few words, such as `list of Message`."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(type_text(each) for each in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(json.dumps(each) for each in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {type_text(schema['items'])}" if schema.get("items") else "list"
    return " ".join(str(schema.get(key)) for key in ("type", "format") if schema.get(key)) or "any"


def _operation(document: dict[str, Any], method: str, path: str, about: dict[str, Any]) -> dict[str, Any]:
    answers, refusals = [], []
    for status, response in about["responses"].items():
        if "$ref" in response:
            name = response["$ref"].rpartition("/")[2]
            refusals.append((status, document["components"]["responses"][name]["description"]))
        else:
            answers += _answers(status, response)
    body = about.get("requestBody", {}).get("content", {}).get("application/json")
    return {
        "id": about["operationId"],
        "method": method.upper(),
        "path": path,
        "summary": about["summary"],
        "description": about["description"],
        "parameters": [each | {"type": type_text(each["schema"])} for each in about["parameters"]],
        "body": body and {"type": type_text(body["schema"]), "examples": _examples(body)},
        "answers": answers,
        "refusals": [
            {"status": status, "code": code, "message": message}
            for status, description in refusals
            for code, message in (line.removeprefix("- `").split("`: ") for line in description.splitlines())
        ],
    }


def _answers(status: str, response: dict[str, Any]) -> list[dict[str, Any]]:
    content = response.get("content")
    if not content:
        return [{"status": status, "description": response["description"], "media_type": "", "type": "no body"}]
    return [
        {
            "status": status,
            "description": response["description"],
            "media_type": media_type,
            "type": "stream of events" if _events(media) else type_text(media["schema"]),
            "examples": _examples(media),
            "events": _events(media),
        }
        for media_type, media in content.items()
    ]


def _events(media: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the names of a stream's events, and the types of their data."""
    fields = [each.get("properties", {}) for each in media["schema"].get("anyOf", ())]
    return [(each["event"]["const"], type_text(each["data"]["contentSchema"])) for each in fields if "event" in each]


def _examples(media: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the examples with their names; "" is the name of a single one."""
    if "example" in media:
        return [("", _text(media["example"]))]
    return [(name, _text(each["value"])) for name, each in media.get("examples", {}).items()]


def _text(example: Any) -> str:
    if isinstance(example, dict) and "event" in example:
        return "\n".join(f"{name}: {value}" for name, value in example.items())
    return example if isinstance(example, str) else json.dumps(example, indent=2, ensure_ascii=False)
