"""The reference for Parley's figures: a small asyncio server that does the same job.

uvicorn, uvloop and AsyncOpenAI; the same two requests, the same server-sent events, the same writes to SQLite. It has
no tools, no resuming, no second window, no stopping and no metrics, so it need not pay for them.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Awaitable, Callable
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import httpx2
import openai

from scripts.benchmarks.reference_store import Store

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
_CHECKPOINT_S = 1.0
_TURNS = re.compile(r"/api/conversations/(\d+)/turns")


class _Answer:
    """A running turn."""

    def __init__(self, message_id: int) -> None:
        self.message_id = message_id
        self.parts: list[str] = []
        self.stored = 0

    @property
    def text(self) -> str:
        self.parts = ["".join(self.parts)]
        return self.parts[0]


class Reference:
    """An ASGI application."""

    def __init__(self) -> None:
        self.running: set[_Answer] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["path"] == "/readyz":
            await _json(send, 200, {"status": "ready"})
        elif scope["path"] == "/api/conversations":
            conversation_id, token = await self.store.create_conversation()
            await _json(send, 201, {"id": conversation_id}, f"token={token}; HttpOnly; Path=/")
        elif match := _TURNS.fullmatch(scope["path"]):
            await self._turn(int(match[1]), _token(scope), await _body(receive), send)
        else:
            await _json(send, 404, {})

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        self.store = Store(Path(os.environ["REFERENCE_DATABASE"]))
        # The SDK's own limit of a thousand connections would be a queue of its own making.
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=100)
        self.client = openai.AsyncOpenAI(http_client=openai.DefaultAsyncHttpxClient(limits=limits))
        checkpoints = asyncio.create_task(self._checkpoints())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        checkpoints.cancel()
        await self.client.close()
        self.store.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _checkpoints(self) -> None:
        while True:
            await asyncio.sleep(_CHECKPOINT_S)
            due = [answer for answer in self.running if len(answer.parts) > 1]
            if due:
                await self.store.checkpoint([(answer.text, answer.message_id) for answer in due])

    async def _turn(self, conversation_id: int, token: str, body: dict[str, Any], send: Send) -> None:
        turn_id, message_id, messages = await self.store.begin(conversation_id, token, body["text"])
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]})
        answer, number = _Answer(message_id), 1
        await _event(send, number, "turn", {"turn_id": turn_id, "message_id": message_id, "worker": os.getpid()})
        self.running.add(answer)
        try:
            create: Any = self.client.chat.completions.create
            async for chunk in await create(model="fake", messages=messages, stream=True):
                text = chunk.choices[0].delta.content if chunk.choices else None
                if text:
                    number += 1
                    answer.parts.append(text)
                    await _event(send, number, "delta", {"text": text})
        finally:
            self.running.discard(answer)
        await self.store.finish(turn_id, message_id, answer.text)
        await _event(send, number + 1, "done", {"status": "completed"})
        await send({"type": "http.response.body", "body": b""})


async def _event(send: Send, number: int, name: str, data: dict[str, Any]) -> None:
    encoded = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    frame = f"id: {number}\nevent: {name}\ndata: {encoded}\n\n".encode()
    await send({"type": "http.response.body", "body": frame, "more_body": True})


async def _json(send: Send, status: int, value: dict[str, Any], cookie: str = "") -> None:
    body = json.dumps(value).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    if cookie:
        headers.append((b"set-cookie", cookie.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _body(receive: Receive) -> dict[str, Any]:
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message.get("body", b""))
        more = message.get("more_body", False)
    body: dict[str, Any] = json.loads(b"".join(parts))
    return body


def _token(scope: Scope) -> str:
    header = dict(scope["headers"]).get(b"cookie", b"").decode()
    morsel = SimpleCookie(header).get("token")
    return morsel.value if morsel else ""


app = Reference()
