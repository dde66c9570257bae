"""Text, tools, stops and errors with model servers of other authors."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.servers.market_data import MarketDataServer
from tests.servers.parley import ROOT, ParleyServer, User, text_of

from . import servers
from .servers import AFTER_TOOL, ERRORS, SLOW, STORY, TEXT, TOOL, Upstream

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def installed() -> None:
    if shutil.which("npm") is None and os.environ.get("CI") != "true":
        pytest.skip("npm is not installed")
    done = subprocess.run([ROOT / "scripts" / "upstreams"], capture_output=True, text=True, check=False)
    if done.returncode and os.environ.get("CI") != "true":
        pytest.skip("the other model servers could not be installed")
    assert done.returncode == 0, done.stderr


# Threads with one of them: the client is the same.
PAIRS = [*((name, "async") for name in servers.STARTS), ("llmock", "sync")]


@pytest.fixture(scope="module", params=PAIRS, ids="-".join)
def pair(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Return the name of the model's server, and the mode of ours."""
    name, mode = request.param
    return name, mode


@pytest.fixture(scope="module")
def upstream(pair: tuple[str, str], installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    with servers.started(pair[0], tmp_path_factory.mktemp(pair[0])) as running:
        yield running


@pytest.fixture(scope="module")
def server(
    pair: tuple[str, str], upstream: Upstream, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ParleyServer]:
    with (
        MarketDataServer() as market_data,
        ParleyServer(
            tmp_path_factory.mktemp("parley"),
            WEB_CONCURRENCY=1,
            USE_ASYNC_AGENT=str(pair[1] == "async").lower(),
            OPENAI_BASE_URL=upstream.base_url,
            OPENAI_API_KEY="test-key",
            CHAT_MODEL="gpt-4o",
            WORLD_BANK_URL=market_data.world_bank_url,
            FRANKFURTER_URL=market_data.frankfurter_url,
        ) as running,
    ):
        yield running


@pytest.fixture
def user(server: ParleyServer) -> User:
    return User(server.url)


def test_text(upstream: Upstream, user: User) -> None:
    upstream.tell(TEXT)
    events = user.ask(user.conversation(), TEXT)
    assert events[-1].data["status"] == "completed"
    assert text_of(events) == upstream.text


def test_a_tool_is_called_and_its_result_is_taken(upstream: Upstream, user: User) -> None:
    upstream.tell(TOOL)
    conversation = user.conversation()
    events = user.ask(conversation, f"Show me {TOOL}")
    results = [event.data for event in events if event.name == "tool_result"]
    assert [(each["name"], each["ok"]) for each in results] == [("market_data", True)]
    assert text_of(events) == AFTER_TOOL
    assert events[-1].data["status"] == "completed"
    # The history with the call is taken, too.
    upstream.tell(TEXT)
    assert user.ask(conversation, TEXT)[-1].data["status"] == "completed"


def test_stop(upstream: Upstream, user: User) -> None:
    upstream.tell(SLOW)
    conversation = user.conversation()
    with user.asking(conversation, SLOW) as coming:
        turn = next(coming).data["turn_id"]
        next(event for event in coming if event.name == "delta")
        began_at = time.monotonic()
        assert user.post(f"/api/turns/{turn}/stop").ok
        rest = list(coming)
    assert rest[-1].data["status"] == "stopped"
    assert time.monotonic() - began_at < 5  # the story takes ten seconds with two of the servers
    partial = user.get(f"/api/turns/{turn}").json()["text"]
    assert STORY.startswith(partial.strip())
    assert 0 < len(partial.strip()) < len(STORY.strip())
    upstream.tell(TEXT)
    assert user.ask(conversation, TEXT)[-1].data["status"] == "completed"


@pytest.mark.parametrize("question", ERRORS)
def test_an_error_is_told_with_its_reason(upstream: Upstream, user: User, question: str) -> None:
    upstream.tell(question)
    conversation = user.conversation()
    events = user.ask(conversation, question)
    assert events[-1].data["status"] == "failed"
    (error,) = [event.data for event in events if event.name == "error"]
    assert ERRORS[question][1].rstrip(".") in error["message"]
    upstream.tell(TEXT)
    assert user.ask(conversation, TEXT)[-1].data["status"] == "completed"
