"""The servers: the command of each, and its answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from scripts.kit.server_runner import ServerRunner

FOLDER = Path(__file__).resolve().parent
TEXT, TOOL, SLOW, LIMIT, KEY, DOWN = (
    "greet me",
    "China market data",
    "a long story",
    "too often",
    "wrong key",
    "out of order",
)
GREETING = "Hello from the other side, with 🙂 and 中国."
AFTER_TOOL = "Here are the figures."
STORY = "word " * 200
CALL = {"country": "China"}
# Question: status and reason.
ERRORS = {
    LIMIT: (429, "Slow down, please."),
    KEY: (401, "This key is not known here."),
    DOWN: (503, "The engine is cold."),
}


@dataclass(frozen=True)
class Upstream:
    """A running server. `tell` prepares it for a question, if necessary."""

    name: str
    base_url: str
    text: str
    tell: Callable[[str], None] = lambda _question: None


class UpstreamRunner(ServerRunner):
    """Runs one of the servers. It is ready when it answers at `ready_path` at all."""

    ready_path = "/"

    def is_ready(self) -> bool:
        try:
            requests.get(self.url + self.ready_path, timeout=30)
        except requests.RequestException:
            return False
        return True


@contextmanager
def started(name: str, folder: Path) -> Iterator[Upstream]:
    """Run the server of this name on a free port until the block ends."""
    server = UpstreamRunner(folder, program=folder)
    server.command, server.ready_path, upstream = STARTS[name](server.port, server.url, folder)
    with server:
        yield upstream


Start = tuple[list[str], str, Upstream]


def _llmock(port: int, url: str, folder: Path) -> Start:
    """It calls the offered tools. Any other answer is configured before the question."""

    def tell(question: str) -> None:
        behaviours: list[dict[str, Any]] = []
        if question == TOOL:
            behaviours = [{"type": "reply", "tool_calls": [{"name": "market_data", "arguments": CALL}]}]
            behaviours.append({"type": "reply", "text": AFTER_TOOL})
        elif question in (TEXT, SLOW):
            behaviours = [{"type": "reply", "text": GREETING if question == TEXT else STORY}]
        elif question in ERRORS:
            behaviours = [{"type": "fail", "status": ERRORS[question][0], "message": ERRORS[question][1], "times": 3}]
        requests.post(f"{url}/_llmock/reset", timeout=30).raise_for_status()
        requests.post(f"{url}/_llmock/scenario", json={"behaviors": behaviours}, timeout=30).raise_for_status()

    command = [str(FOLDER / ".venv/bin/llmock"), "serve", "--port", str(port), "--stream-chunk-delay-ms", "20"]
    return command, "/_llmock/requests", Upstream("llmock", f"{url}/v1", GREETING, tell)


def _stubllm(port: int, url: str, folder: Path) -> Start:
    def script(text: str, **more: Any) -> dict[str, Any]:
        return {"messages": [{"role": "user", "content": {"contains": text}}, *more.pop("also", ())], **more}

    call = {"id": "call_1", "type": "function", "function": {"name": "market_data", "arguments": json.dumps(CALL)}}
    fixtures = [
        {"name": "text", "match": script(TEXT), "response": {"content": GREETING}},
        {"name": "call", "match": script(TOOL), "response": {"tool_calls": [call]}},
        {
            "name": "after",
            "match": script(TOOL, also=[{"role": "tool", "content": {"contains": "figures"}}]),
            "response": {"content": AFTER_TOOL},
        },
        {"name": "slow", "match": script(SLOW), "response": {"content": STORY, "stream_chunk_delay_ms": 50}},
        *(
            {"name": text, "match": script(text), "response": {"http_status": status, "error_message": reason}}
            for text, (status, reason) in ERRORS.items()
        ),
    ]
    path = folder / "stubllm.json"
    path.write_text(json.dumps({"fixtures": fixtures}))
    command = [str(FOLDER / ".venv/bin/stubllm"), "serve", "--port", str(port), "--fixture-file", str(path)]
    return command, "/", Upstream("stubllm", f"{url}/v1", GREETING)


def _aimock(port: int, url: str, folder: Path) -> Start:
    fixtures = [
        {"match": {"userMessage": TOOL, "hasToolResult": True}, "response": {"content": AFTER_TOOL}},
        {"match": {"userMessage": TEXT}, "response": {"content": GREETING}},
        {
            "match": {"userMessage": TOOL, "hasToolResult": False},
            "response": {"toolCalls": [{"name": "market_data", "arguments": CALL}]},
        },
        {"match": {"userMessage": SLOW}, "response": {"content": STORY}, "latency": 50, "chunkSize": 5},
        *(
            {"match": {"userMessage": text}, "response": {"error": {"message": reason}, "status": status}}
            for text, (status, reason) in ERRORS.items()
        ),
    ]
    path = folder / "aimock.json"
    path.write_text(json.dumps({"fixtures": fixtures}))
    cli = FOLDER / "node_modules/@copilotkit/aimock/dist/cli.js"
    command = ["node", str(cli), "--port", str(port), "--fixtures", str(path)]
    return command, "/", Upstream("aimock", f"{url}/v1", GREETING)


STARTS: dict[str, Callable[[int, str, Path], Start]] = {"llmock": _llmock, "stubllm": _stubllm, "aimock": _aimock}
