"""Refusals of an endpoint, known to all workers of a server and told once, in both modes."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from scripts.fake_llm import FakeLLM
from scripts.fake_model.dialects.dialect import PREFIX
from scripts.kit.waiting import wait_until
from tests.servers.parley import ParleyServer, User

MODEL = PREFIX + "no-tools-nameless"
WORKERS = 4
LINE = f"Model {MODEL}: its endpoint does not take tools; from now on it is asked without"


def workers(url: str) -> set[int]:
    return {each["pid"] for each in requests.get(f"{url}/admin/memory-debug", timeout=30).json()["workers"]}


def ask(url: str) -> tuple[str, list[str]]:
    """Return the status and the notices of an answer by some worker."""
    user = User(url)
    done = user.ask(user.conversation(), "no-tools-nameless: China?")[-1].data
    user.session.close()
    return done["status"], done["notices"]


def ask_many(url: str) -> None:
    with ThreadPoolExecutor(12) as crowd:
        answers = list(crowd.map(ask, [url] * 24))
    assert answers == [("completed", ["without_tools"])] * 24


def test_what_an_endpoint_refuses_is_told_once(fake_llm: FakeLLM, flag: str, tmp_path: Path) -> None:
    with ParleyServer(
        tmp_path,
        USE_ASYNC_AGENT=flag,
        WEB_CONCURRENCY=WORKERS,
        OPENAI_BASE_URL=fake_llm.base_url,
        CHAT_MODEL=MODEL,
        TITLE_MODEL="none",
    ) as server:
        server.wait_for_workers(WORKERS)
        ask_many(server.url)
        assert server.log("app.log").count(LINE) == 1

        first = workers(server.url)
        os.kill(min(first), signal.SIGKILL)
        wait_until(lambda: len(workers(server.url) - first) == 1)
        ask_many(server.url)
        assert server.log("app.log").count(LINE) == 1
        assert "usage option" not in server.log("app.log")
