"""The end of a server: it reports that it is not ready first, and no client is refused without a word."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from scripts.kit.waiting import wait_until
from tests.servers.held_model import HeldModel
from tests.servers.parley import ParleyServer, User

FLAGS = pytest.mark.parametrize("flag", ["true", "false"], ids=["gevent", "gthread"])


def knock(server: ParleyServer) -> int:
    """Return the status of /readyz over a new connection, or 0 if there is no connection."""
    try:
        # A connection that is taken but not served is no refusal: that ends in another error.
        return requests.get(f"{server.url}/readyz", headers={"Connection": "close"}, timeout=10).status_code
    except requests.ConnectionError:
        return 0


@FLAGS
def test_notice_is_given_before_the_door_is_closed(flag: str, tmp_path: Path) -> None:
    with ParleyServer(tmp_path, USE_ASYNC_AGENT=flag, WEB_CONCURRENCY=2, NOTICE_S=30) as server:
        user = User(server.url)
        conversation = user.conversation()
        server.signal(signal.SIGTERM)
        wait_until(lambda: knock(server) == 503)
        # It goes on as before, new questions included.
        assert user.ask(conversation, "Still there?")[-1].data["status"] == "completed"
        assert "It is about to end" in user.get("/readyz").json()["checks"]["worker"]
        user.session.close()
        # Who has no time tells it again.
        assert server.stop(25) == 0
        assert knock(server) == 0


@FLAGS
def test_notice_comes_to_its_end(flag: str, tmp_path: Path) -> None:
    with ParleyServer(tmp_path, USE_ASYNC_AGENT=flag, WEB_CONCURRENCY=1, NOTICE_S=0.5) as server:
        assert server.stop(30) == 0
        assert "no more connections are accepted in 0.5 s" in server.console()


@FLAGS
def test_whoever_comes_while_answers_end_is_refused_at_once(flag: str, tmp_path: Path) -> None:
    """gthread would keep its listening sockets: requests would wait for the last answer to end."""
    with (
        HeldModel() as model,
        ParleyServer(tmp_path, USE_ASYNC_AGENT=flag, WEB_CONCURRENCY=2, OPENAI_BASE_URL=model.base_url) as server,
        ThreadPoolExecutor(1) as asking,
    ):
        user = User(server.url)
        answer = asking.submit(user.ask, user.conversation(), "Take your time")
        try:
            model.wait_for(1)
            server.signal(signal.SIGTERM)
            wait_until(lambda: knock(server) == 0)
            assert server.running.poll() is None
        finally:
            model.let_go_of(1)
        assert answer.result(30)[-1].data["status"] == "completed"
        user.session.close()
        assert server.stop() == 0
