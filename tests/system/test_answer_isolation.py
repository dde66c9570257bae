"""Two hundred users and an endpoint that answers everything twice: no user receives another's text from the server."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.llm.openai.test_answers_of_others import FRAMINGS, WAYS
from tests.servers.parley import ParleyServer, User, text_of
from tests.servers.scripted_server import Exchange, ScriptedServer

pytestmark = pytest.mark.system

PEOPLE = 200
AT_ONCE = 50


def script(exchange: Exchange) -> None:
    """Answer twice with the question, in each of the ways in turn."""
    exchange.keep_alive = True
    question = exchange.json["messages"][-1]["content"]
    number = int(question.rpartition("-")[2])
    way = list(WAYS.values())[number % len(WAYS)]
    way(exchange, 2 * list(FRAMINGS.values())[number % len(FRAMINGS)](question))


@pytest.fixture(scope="module", params=["lean", "standard"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParleyServer]:
    folder: Path = tmp_path_factory.mktemp("parley")
    with (
        contextlib.closing(ScriptedServer(script)) as endpoint,
        ParleyServer(
            folder,
            WEB_CONCURRENCY=2,
            OPENAI_BASE_URL=endpoint.url,
            OPENAI_API_KEY="test-key",
            TITLE_MODEL="none",
            MODEL_TRANSPORT=request.param,
        ) as running,
    ):
        yield running


def test_each_hears_a_canary_of_their_own(server: ParleyServer) -> None:
    def ask(number: int) -> tuple[str, str, str]:
        user = User(server.url)
        path, canary = f"/api/conversations/{user.conversation()}/turns", f"canary-{number}"
        while (accepted := user.post(path, {"text": canary, "client_id": canary})).status_code == 503:
            time.sleep(0.5)  # as the page does
        events = user.follow(accepted.json()["turn_id"])
        return canary, text_of(events), events[-1].data["status"]

    with ThreadPoolExecutor(AT_ONCE) as users:
        answers = list(users.map(ask, range(PEOPLE)))
    assert [each for each in answers if each != (each[0], each[0], "completed")] == []
