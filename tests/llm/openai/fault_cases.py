"""Parts of the tests of an endpoint's faults: responses, and the end of an answer."""

from __future__ import annotations

import json

import pytest

from chat.errors import ModelError
from tests.llm.openai.conftest import KEY, ask
from tests.servers.scripted_server import SSE_HEAD

CHUNKED = SSE_HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


def status(code: int, body: object = "", *headers: str) -> bytes:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {code} X", f"Content-Length: {len(data)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def error(message: str, **more: str) -> dict:
    return {"error": {"message": message, **more}}


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def outcome(deltas) -> tuple[list, ModelError]:
    """Return the deltas of an answer, and the error that ended it."""
    received = []
    with pytest.raises(ModelError) as caught:
        for delta in deltas:
            received.append(delta)  # noqa: PERF402 - the error comes in between
    assert KEY not in str(caught.value)
    return received, caught.value


def failed(server, model, attempts: int = 1) -> ModelError:
    """Return the error of an answer without any delta, and check the number of attempts."""
    received, fault = outcome(ask(model))
    assert received == []
    assert len(server.exchanges) == attempts
    return fault
