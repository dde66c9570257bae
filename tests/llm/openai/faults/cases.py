"""Refusals as the client receives them."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import openai


def refusal(body: Any, status: int = 400) -> openai.APIStatusError:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = httpx2.Response(status, content=content, request=httpx2.Request("POST", "http://model.test"))
    return openai.APIStatusError("", response=response, body=body)


def error(message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, **more}}
