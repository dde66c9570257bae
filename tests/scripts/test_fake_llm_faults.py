"""The fake model's faults, through the SDK and on the bare socket, and its command line."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from scripts.fake_llm import FakeLLM, directive, generated_text
from scripts.kit.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def client(llm: FakeLLM) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=llm.base_url, api_key="any", max_retries=0, timeout=10) as client:
        yield client


def ask(client: openai.OpenAI, question: str = "Hello", **options: Any) -> Any:
    messages: Any = [{"role": "user", "content": question}]
    return client.chat.completions.create(model=directive(**options), messages=messages, stream=True)


def raw(llm: FakeLLM, stream: bool = True, **options: Any) -> socket.socket:
    """Yield a connection on which one question has been sent."""
    body = {"model": directive(**options), "stream": stream, "messages": [{"role": "user", "content": "Hello"}]}
    data = json.dumps(body).encode()
    sock = socket.create_connection(("127.0.0.1", llm.port), timeout=10)
    sock.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nHost: fake\r\nContent-Length: %d\r\n\r\n" % len(data) + data)
    return sock


def everything(sock: socket.socket) -> bytes:
    with sock:
        return b"".join(iter(lambda: sock.recv(65536), b""))


def until(sock: socket.socket, wanted: bytes) -> bytes:
    received, deadline = b"", time.monotonic() + 10
    while wanted not in received:
        data = sock.recv(65536)
        assert data, received
        assert time.monotonic() < deadline, received[-1000:]
        received += data
    return received


def tokens_in(data: bytes) -> int:
    return data.count(b'"delta":{"content":')


def test_429_with_retry_after(client: openai.OpenAI) -> None:
    with pytest.raises(openai.RateLimitError) as caught:
        ask(client, fault=429, retry_after=86_400)
    assert caught.value.response.headers["retry-after"] == "86400"
    assert "429" in caught.value.message


@pytest.mark.parametrize("status", [400, 401, 404, 500, 503])
def test_any_status(client: openai.OpenAI, status: int) -> None:
    with pytest.raises(openai.APIStatusError) as caught:
        ask(client, fault=status)
    assert caught.value.status_code == status


def test_a_fault_so_many_times_and_then_fine(client: openai.OpenAI) -> None:
    for _ in range(2):
        with pytest.raises(openai.InternalServerError):
            ask(client, "twice", fault=500, times=2)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in ask(client, "twice", fault=500, times=2))
    assert text == generated_text(8)
    with pytest.raises(openai.InternalServerError):
        ask(client, "another question counts by itself", fault=500, times=2)


def test_a_fault_in_the_second_round_only(client: openai.OpenAI) -> None:
    model = directive(fault=500, round=2, text="fine")
    messages: Any = [{"role": "user", "content": "Hello"}]
    assert client.chat.completions.create(model=model, messages=messages).choices[0].message.content == "fine"
    call = {"id": "call_1", "type": "function", "function": {"name": "market_data", "arguments": "{}"}}
    messages += [
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "42"},
    ]
    with pytest.raises(openai.InternalServerError):
        client.chat.completions.create(model=model, messages=messages)


@pytest.mark.parametrize("stream", [True, False])
def test_refuse_closes_without_a_word(llm: FakeLLM, stream: bool) -> None:
    assert everything(raw(llm, stream, fault="refuse")) == b""


def test_a_stopped_server_refuses_connections() -> None:
    with FakeLLM() as fake:
        fake.stop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", fake.port))


def test_cut_leaves_whole_chunks_and_no_ending(llm: FakeLLM) -> None:
    data = everything(raw(llm, fault="cut", at=3))
    assert tokens_in(data) == 3
    assert data.endswith(b"}\n\n\r\n")
    assert b'"finish_reason":"' not in data
    assert b"[DONE]" not in data


def test_end_closes_the_body_properly_but_says_nothing(client: openai.OpenAI) -> None:
    chunks = list(ask(client, fault="end", at=3))
    assert len(chunks) == 4
    assert all(chunk.choices[0].finish_reason is None for chunk in chunks)


def test_truncate_stops_within_a_chunk(llm: FakeLLM, client: openai.OpenAI) -> None:
    data = everything(raw(llm, fault="truncate", at=3))
    assert not data.endswith(b"\r\n")
    with pytest.raises(openai.APIConnectionError):
        list(ask(client, fault="truncate"))


def test_bad_json_in_the_middle(llm: FakeLLM, client: openai.OpenAI) -> None:
    with pytest.raises(json.JSONDecodeError):
        list(ask(client, fault="badjson", at=2))
    assert b"[DONE]" in everything_kept_alive(raw(llm, fault="badjson", at=2))


def everything_kept_alive(sock: socket.socket) -> bytes:
    with sock:
        return until(sock, b"\r\n0\r\n\r\n")


def test_an_html_page_ends_silently(client: openai.OpenAI) -> None:
    assert list(ask(client, fault="html")) == []


@pytest.mark.parametrize("at", [0, 8])
def test_empty_choices(client: openai.OpenAI, at: int) -> None:
    chunks = list(ask(client, fault="empty", at=at))
    assert [n for n, chunk in enumerate(chunks) if not chunk.choices] == [at + bool(at)]
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_an_error_in_the_stream(client: openai.OpenAI) -> None:
    received = []
    with pytest.raises(openai.APIError, match="told to fail"):
        received.extend(ask(client, fault="error", at=2))


def test_mute_sends_no_head(llm: FakeLLM) -> None:
    with raw(llm, fault="mute") as sock:
        wait_until(lambda: llm.stats()["open"] == 1)
        sock.setblocking(False)
        with pytest.raises(BlockingIOError):
            sock.recv(1)


@pytest.mark.parametrize(("at", "tokens"), [(0, 0), (3, 3)])
def test_stall_is_silent_until_the_client_leaves(llm: FakeLLM, at: int, tokens: int) -> None:
    before = llm.stats()["aborted"]
    with raw(llm, fault="stall", at=at) as sock:
        received = until(sock, b"(2)" if at else b"\r\n\r\n")
        assert tokens_in(received) == tokens
        assert llm.stats()["open"] == 1
    left = time.time()
    wait_until(lambda: llm.stats()["aborted"] == before + 1)
    abort = llm.stats()["aborts"][-1]
    assert abort["model"] == directive(fault="stall", at=at)
    assert abort["tokens"] == tokens
    assert left - 1 < abort["at"] < time.time()


def test_stall_for_a_while_goes_on(client: openai.OpenAI) -> None:
    chunks = list(ask(client, fault="stall", hold=0.05))
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_drip_sends_comments_only(llm: FakeLLM) -> None:
    with raw(llm, fault="drip", at=0) as sock:
        received = until(sock, b": still here\n\n\r\ne\r\n: still here\n\n")
    assert b"data:" not in received


def test_drip_for_a_while_goes_on(client: openai.OpenAI) -> None:
    assert list(ask(client, fault="drip", hold=0.02))[-1].choices[0].finish_reason == "stop"


def test_a_huge_line(client: openai.OpenAI) -> None:
    chunks = list(ask(client, fault="huge", at=0, size=3_000_000, tokens=1))
    assert max(len(chunk.choices[0].delta.content or "") for chunk in chunks) == 3_000_000
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_a_huge_line_nobody_reads_holds_nobody_up(llm: FakeLLM, client: openai.OpenAI) -> None:
    with raw(llm, fault="huge"):
        assert list(ask(client))[-1].choices[0].finish_reason == "stop"


@pytest.mark.parametrize(("at", "tokens"), [(0, 0), (3, 3)])
def test_reset(llm: FakeLLM, at: int, tokens: int) -> None:
    received = b""
    with raw(llm, fault="reset", at=at, gap=0.02) as sock, pytest.raises(ConnectionResetError):
        while data := sock.recv(65536):
            received += data
    assert tokens_in(received) == tokens
    assert bool(received) == bool(at)


@pytest.mark.parametrize("fault", ["cut", "truncate", "reset", "refuse"])
def test_connection_faults_when_not_streaming(client: openai.OpenAI, fault: str) -> None:
    with pytest.raises(openai.APIConnectionError):
        client.chat.completions.create(model=directive(fault=fault), messages=[{"role": "user", "content": "Hello"}])


def test_other_faults_when_not_streaming(client: openai.OpenAI) -> None:
    def answer(**options: Any) -> Any:
        return client.chat.completions.create(model=directive(**options), messages=[{"role": "user", "content": "Hi"}])

    with pytest.raises(json.JSONDecodeError):
        answer(fault="badjson")
    assert answer(fault="empty").choices == []
    assert len(answer(fault="huge", size=100_000).choices[0].message.content) == 100_000
    assert answer(fault="drip", hold=0.05).choices[0].message.content == generated_text(8)
    assert answer(fault="stall", hold=0.05).choices[0].message.content == generated_text(8)
    assert answer(fault="error").choices is None


def test_an_abort_in_the_middle_of_a_stream_is_counted(llm: FakeLLM, client: openai.OpenAI) -> None:
    before = llm.stats()["aborted"]
    with ask(client, tokens=100_000, gap=0.005) as stream:
        next(iter(stream))
    wait_until(lambda: llm.stats()["aborted"] == before + 1)
    assert llm.stats()["open"] == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"model": "fake"}', b'{"messages": [{}]}', b"[" * 100_000])
def test_a_bad_body_is_refused(llm: FakeLLM, body: bytes) -> None:
    with socket.create_connection(("127.0.0.1", llm.port), timeout=10) as sock:
        sock.sendall(b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        assert until(sock, b"}}").startswith(b"HTTP/1.1 400 ")


def test_requests_one_after_another_on_one_connection(llm: FakeLLM) -> None:
    with socket.create_connection(("127.0.0.1", llm.port), timeout=10) as sock:
        sock.sendall(b"GET /v1/models HTTP/1.1\r\n\r\nGET /nowhere HTTP/1.1\r\nConnection: close\r\n\r\n")
        received = everything(sock)
    assert received.count(b"HTTP/1.1 ") == 2
    assert b"HTTP/1.1 404 " in received


def test_the_command_line() -> None:
    command = [sys.executable, "scripts/fake_llm.py", "--port", "0", "--text", "From the command line", "--gap", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        base_url = process.stdout.readline().strip()
        assert base_url.startswith("http://127.0.0.1:")
        with openai.OpenAI(base_url=base_url, api_key="any") as client:
            answer = client.chat.completions.create(model="any", messages=[{"role": "user", "content": "Hello"}])
        assert answer.choices[0].message.content == "From the command line"
        process.send_signal(signal.SIGINT)
        _, report = process.communicate(timeout=10)
    assert process.returncode == 0
    assert report.startswith("1 requests, 1 served, 0 aborted, 0 cut, ")


def test_a_wrong_option_on_the_command_line() -> None:
    command = [sys.executable, "scripts/fake_llm.py", "--fault", "nonsense"]
    done = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    assert "fault is 'nonsense'" in done.stderr
    assert "Traceback" not in done.stderr
