"""The tests of blocking code once more, in a process patched by gevent."""

from __future__ import annotations

from tests.patched import run_under_gevent

FILES = (
    "demo/test_timing.py",
    "openai/test_client.py",
    "openai/test_client_cancellation.py",
    "openai/transport/test_lean.py",
    "openai/transport/test_lean_connections.py",
    "openai/transport/test_lean_stages.py",
)


def test_the_same_under_gevent() -> None:
    run_under_gevent(*(f"tests/llm/{name}" for name in FILES))
