"""A small scene on the real server, the reference without its web server, the fake model's stamps, and the command."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import openai
import pytest

from scripts.benchmarks import scene
from scripts.benchmarks.backends import completed_turns
from scripts.benchmarks.crowd import Crowd, evenly
from scripts.benchmarks.model import Pace
from scripts.benchmarks.reference import Reference
from scripts.benchmarks.servers import Parley
from scripts.benchmarks.stream import Stream
from scripts.fake_llm import FakeLLM
from scripts.kit import processes

ROOT = Path(__file__).resolve().parents[2]
PACE = Pace(first_s=0.05, tokens=5, gap_s=0.01)


@pytest.fixture
def model() -> Iterator[FakeLLM]:
    with PACE.model() as model:
        yield model


def test_a_scene_of_five(tmp_path: Path, model: FakeLLM) -> None:
    weights: list[int] = []
    with Parley(tmp_path / "server", model.base_url, 1) as server:
        moments = [(0.01, lambda: weights.extend(processes.pss_bytes(pid) for pid in server.worker_pids))]
        outcome, streams = scene.play(server, model, PACE, evenly(5, 0.1), 30, moments)
    assert (outcome.completed, outcome.failures, outcome.stored) == (5, {}, 5)
    assert all(stream.sent < stream.turn <= stream.first <= stream.done for stream in streams)
    # Nobody can have a token before the model wrote it.
    assert 0 < outcome.relay_late_s["p50"] <= outcome.relay_late_s["max"]
    assert 0 < outcome.first_late_s["p50"] <= outcome.end_late_s["max"]
    assert server.ready_s > 0
    assert [weight > 1_000_000 for weight in weights] == [True]


def test_who_is_not_answered_in_time_has_failed(model: FakeLLM) -> None:
    crowd = Crowd(model.port, [b"POST /v1/chat/completions HTTP/1.1\r\n"], [0.0], timeout_s=0.2)
    assert [stream.failure for stream in crowd.run()] == ["never answered"]


def test_who_is_refused_has_failed(model: FakeLLM) -> None:
    model.stop()
    crowd = Crowd(model.port, [b"GET / HTTP/1.1\r\n\r\n"], [0.0], timeout_s=5)
    assert [stream.failure for stream in crowd.run()] == ["Connection refused"]


def test_stamps_tell_when_they_were_written(model: FakeLLM) -> None:
    before = time.monotonic()
    with openai.OpenAI(base_url=model.base_url, api_key="any", max_retries=0) as client:
        messages: Any = [{"role": "user", "content": "Hello"}]
        chunks = client.chat.completions.create(model="fake", messages=messages, stream=True)
        texts = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices[0].delta.content]
    after = time.monotonic()
    assert sum(len(text) for text in texts) == PACE.characters
    first, last = (text.strip("@ ").split("+") for text in (texts[0], texts[-1]))
    assert before + PACE.first_s < float(first[0]) < float(last[0]) < after
    assert all(float(late) >= 0 for _, late in (first, last))


class Browser:
    """Calls an ASGI application as a web server would."""

    def __init__(self, app: Reference) -> None:
        self._app = app

    async def request(self, path: str, body: bytes = b"", cookie: str = "") -> tuple[int, dict[bytes, bytes], bytes]:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        headers = [(b"cookie", cookie.encode())]
        await self._app({"type": "http", "path": path, "headers": headers}, receive, send)
        head, *parts = sent
        return head["status"], dict(head["headers"]), b"".join(part["body"] for part in parts)


def test_the_reference_does_the_same_job(tmp_path: Path, model: FakeLLM, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFERENCE_DATABASE", str(tmp_path / "chat.db"))
    monkeypatch.setenv("OPENAI_BASE_URL", model.base_url)
    monkeypatch.setenv("OPENAI_API_KEY", "any")
    # In a thread of its own: this one may have a loop already, a browser's driver's.
    with ThreadPoolExecutor(1) as aside:
        status, answer = aside.submit(lambda: asyncio.run(_response_of(Reference()))).result()
    assert status == 200
    stream = Stream()
    stream.feed(b"HTTP/1.1 200 OK\r\n\r\n" + answer, 1.0)
    stream.ended()
    assert (stream.failure, stream.chars) == ("", PACE.characters)
    assert stream.deltas == PACE.tokens
    assert completed_turns(f"sqlite:///{tmp_path}/chat.db") == (1, PACE.characters)


async def _response_of(app: Reference) -> tuple[int, bytes]:
    going: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    queue: asyncio.Queue[dict[str, str]] = asyncio.Queue()
    lifespan = asyncio.create_task(app({"type": "lifespan"}, going.get, queue.put))
    await going.put({"type": "lifespan.startup"})
    await queue.get()
    browser = Browser(app)
    _, headers, body = await browser.request("/api/conversations")
    cookie = headers[b"set-cookie"].decode().partition(";")[0]
    path = f"/api/conversations/{json.loads(body)['id']}/turns"
    status, _, answer = await browser.request(path, b'{"text": "Hello"}', cookie)
    await going.put({"type": "lifespan.shutdown"})
    await lifespan
    return status, answer


@pytest.mark.parametrize("command", [["scripts/benchmarks"], ["-m", "scripts.benchmarks"]])
def test_the_command_tells_what_it_takes(command: list[str]) -> None:
    run = subprocess.run([sys.executable, *command, "--help"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stderr) == (0, "")
    assert "--quick" in run.stdout
    assert "three_thousand" in run.stdout
