from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import httpx2
import pytest

from chat.cancellation import Cancellation
from chat.llm.openai.client import OpenAIModel
from chat.llm.openai.transport.lean import LeanTransport
from chat.messages import Delta, Message, TextDelta
from chat.net.pool import QUARANTINE_S
from tests.servers.scripted_server import CERTIFICATE, Exchange, ScriptedServer

KEY = "canary-4f9d2c71b8e3a650-canary"

Serve = Callable[..., ScriptedServer]
Connect = Callable[..., OpenAIModel]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a function that starts servers: `serve(script)`, or `serve(script, tls=True)` with an own certificate."""
    servers: list[ScriptedServer] = []

    def start(script: Callable[[Exchange], None], tls: bool = False) -> ScriptedServer:
        context = None
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
        servers.append(ScriptedServer(script, context))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@pytest.fixture(params=["lean", "standard"])
def transport(request: pytest.FixtureRequest) -> str:
    """The transports to an endpoint: every test runs with each."""
    return request.param


@pytest.fixture
def parts() -> dict[str, Any]:
    """Return arguments for the constructor of `connect`'s models, other than the usual ones."""
    return {}


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch, transport: str, parts: dict[str, Any]) -> Iterator[Connect]:
    """Return a function that makes a model for a server, `connect(server)`, and trusts its certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    models: list[OpenAIModel] = []

    def make(server: ScriptedServer, timeout_s: float = 5.0, url: str = "") -> OpenAIModel:
        models.append(OpenAIModel(KEY, url or server.url, timeout_s, transport, **parts))
        return models[-1]

    yield make
    for model in models:
        model.close()


@pytest.fixture
def at_once(parts: dict[str, Any]) -> None:
    """Remove the pauses between attempts, except those that the server asks for."""
    parts["backoff_s"] = lambda _attempt: 0.0


class RestlessClock:
    """A clock that advances at each call, so that every connection is idle long enough to be used again."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        self.now += QUARANTINE_S
        return self.now


@pytest.fixture
def restless(parts: dict[str, Any]) -> RestlessClock:
    """The clock of the lean transport's connections."""
    return parts.setdefault("clock", RestlessClock())


@pytest.fixture
def lean_client(restless: RestlessClock) -> Callable[..., AbstractContextManager[httpx2.Client]]:
    """Return a function that makes a client over the lean transport, with other parts by keyword."""

    def make(**parts: Any) -> httpx2.Client:
        context = ssl.create_default_context(cafile=CERTIFICATE)
        return httpx2.Client(transport=LeanTransport(context, clock=restless, **parts), timeout=10)

    return make


@pytest.fixture
def client(lean_client: Callable[..., AbstractContextManager[httpx2.Client]]) -> Iterator[httpx2.Client]:
    with lean_client() as client:
        yield client


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def tls(request) -> bool:
    return request.param


def ask(model: OpenAIModel, cancellation: Cancellation | None = None, text: str = "Hello?") -> Iterator[Delta]:
    return model.stream("a-model", [Message("user", text)], [], cancellation or Cancellation(20))


def all_deltas(deltas: Iterable[Delta]) -> list[Delta]:
    """Return the deltas with adjacent texts joined, since their division into reads is arbitrary."""
    joined: list[Delta] = []
    for delta in deltas:
        if isinstance(delta, TextDelta) and joined and isinstance(joined[-1], TextDelta):
            joined[-1] = TextDelta(joined[-1].text + delta.text)
        else:
            joined.append(delta)
    return joined
