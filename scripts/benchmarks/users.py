"""Users, prepared before a scene: an identity, a conversation, and the request with the question."""

from __future__ import annotations

import http.client
import json
import uuid

QUESTION = "What moved the market today?"


def ready(port: int, count: int, question: str = QUESTION) -> list[bytes]:
    """Return the bytes of the requests of `count` users, each with their own cookie and conversation."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        return [_request(port, *_conversation(connection), question) for _ in range(count)]
    finally:
        connection.close()


def asking(port: int, conversation: int, cookie: str, question: str = QUESTION) -> bytes:
    """Return the request with a question in an existing conversation."""
    return _request(port, conversation, cookie, question)


def _conversation(connection: http.client.HTTPConnection) -> tuple[int, str]:
    connection.request("POST", "/api/conversations", b"{}", {"Content-Type": "application/json"})
    answer = connection.getresponse()
    body, cookie = answer.read(), answer.headers.get("Set-Cookie", "").partition(";")[0]
    if answer.status != 201:
        raise RuntimeError(f"POST /api/conversations was answered {answer.status}: {body[:200]!r}")
    return int(json.loads(body)["id"]), cookie


def _request(port: int, conversation: int, cookie: str, question: str) -> bytes:
    body = json.dumps({"text": question, "client_id": str(uuid.uuid4())}).encode()
    head = (
        f"POST /api/conversations/{conversation}/turns HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n"
        "Accept: text/event-stream\r\nContent-Type: application/json\r\nUser-Agent: parley-benchmark\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
