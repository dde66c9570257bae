from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Iterator

import httpx2
import pytest

from chat.cancellation import Cancellation
from chat.llm.openai.client import OpenAIModel
from chat.llm.openai.transport.lean import LeanTransport
from chat.messages import Delta, Message, TextDelta
from tests.servers.scripted_server import CERTIFICATE, Exchange, ScriptedServer

KEY = "canary-4f9d2c71b8e3a650-canary"

Serve = Callable[..., ScriptedServer]
Connect = Callable[..., OpenAIModel]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Start servers: `serve(script)`, or `serve(script, tls=True)` with a certificate of their own."""
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
def connect(monkeypatch: pytest.MonkeyPatch, transport: str) -> Iterator[Connect]:
    """Make a model for a server: `connect(server)`. Trusts the certificate of TLS servers."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    models: list[OpenAIModel] = []

    def make(server: ScriptedServer, timeout_s: float = 5.0, url: str = "") -> OpenAIModel:
        models.append(OpenAIModel(KEY, url or server.url, timeout_s, transport))
        return models[-1]

    yield make
    for model in models:
        model.close()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """No waiting between attempts, unless the server asks for it."""
    monkeypatch.setattr("chat.llm.openai.client.random.uniform", lambda low, high: 0.0)


@pytest.fixture
def restless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections of the lean transport may be used again at once, by any turn."""
    monkeypatch.setattr("chat.net.pool.QUARANTINE_S", 0.0)


@pytest.fixture
def client(restless) -> Iterator[httpx2.Client]:
    with httpx2.Client(transport=LeanTransport(ssl.create_default_context(cafile=CERTIFICATE)), timeout=10) as client:
        yield client


@pytest.fixture(params=[False, True], ids=["plain", "tls"])
def tls(request) -> bool:
    return request.param


def ask(model: OpenAIModel, cancellation: Cancellation | None = None, text: str = "Hello?") -> Iterator[Delta]:
    return model.stream("a-model", [Message("user", text)], [], cancellation or Cancellation(20))


def whole(deltas: Iterable[Delta]) -> list[Delta]:
    """Return the deltas with adjacent texts joined, since their division into reads is arbitrary."""
    joined: list[Delta] = []
    for delta in deltas:
        if isinstance(delta, TextDelta) and joined and isinstance(joined[-1], TextDelta):
            joined[-1] = TextDelta(joined[-1].text + delta.text)
        else:
            joined.append(delta)
    return joined
