"""Schemathesis over /api/openapi.json of a real server: every response is as the document declares.

A longer run, with random values: `--phases fuzzing,stateful --max-examples 300` and another `--seed`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers.parley import ParleyServer, User

pytestmark = pytest.mark.system

# By USE_ASYNC_AGENT. Most values of the second phase are refused by code that both modes have in common.
PHASES = {"true": "examples,coverage", "false": "examples"}
ADMIN_TOKEN = "a-token-for-operators"
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance,unsupported_method,allow_header_conformance,missing_required_header,use_after_free"
)


@pytest.fixture
def demo_server(flag: str, tmp_path: Path) -> ParleyServer:
    return ParleyServer(tmp_path, USE_ASYNC_AGENT=flag, WEB_CONCURRENCY=2, DEMO_LATENCY_S=0, ADMIN_TOKEN=ADMIN_TOKEN)


def test_every_response_is_as_declared(demo_server: ParleyServer, flag: str) -> None:
    with demo_server as server:
        user = User(server.url)
        make_examples_true(user)
        everything = schemathesis(server, user, "--phases", f"{PHASES[flag]},stateful", "--exclude-method", "DELETE")
        deletions = schemathesis(server, user, "--phases", PHASES[flag], "--include-method", "DELETE")
    assert everything.returncode == 0, everything.stdout
    assert deletions.returncode == 0, deletions.stdout


def make_examples_true(user: User) -> None:
    """Create the conversation 7, the answer 22 and the turn 11, which the document's examples name."""
    conversations = [user.conversation() for _ in range(7)]
    for number in range(11):
        user.ask(conversations[min(number, 6)], "Hello")
    turn = user.get("/api/turns/11").json()
    assert (turn["conversation_id"], turn["message_id"]) == (7, 22)


def schemathesis(server: ParleyServer, user: User, *options: str) -> subprocess.CompletedProcess[str]:
    cookie = "; ".join(f"{each.name}={each.value}" for each in user.session.cookies)
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/api/openapi.json", "--checks", CHECKS,
        "--max-examples", "3", "--seed", "1", "--generation-deterministic", "--no-shrink", "--continue-on-failure",
        "--warnings", "off", "--header", f"Cookie: {cookie}", "--header", f"Authorization: Bearer {ADMIN_TOKEN}",
        *options,
    ]  # fmt: skip
    return subprocess.run(command, cwd=server.folder, capture_output=True, text=True, timeout=120, check=False)
