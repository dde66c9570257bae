"""The concurrency check of any OpenAI-compatible endpoint; the fake model is one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from scripts.concurrency.address import Address
from scripts.concurrency.errors import Failure
from scripts.concurrency.openai_api import OpenAiApi
from scripts.concurrency.timeline import Timeline
from scripts.fake_llm import FakeLLM

from .concurrency_check import CONCURRENT, Done, cause, verdict
from .scripted_model import ScriptedModel

pytestmark = pytest.mark.by_times

Here = Callable[..., Done]


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeLLM]:
    with FakeLLM(first=0.1, tokens=6, gap=0.01) as llm:
        yield llm


@pytest.mark.parametrize("path", ["", "/", "/v1", "/v1/", "/v1/chat/completions"])
def test_an_endpoint_with_and_without_its_version(here: Here, fake: FakeLLM, path: str) -> None:
    done = here(4, "--api", "openai", "--url", f"http://127.0.0.1:{fake.port}{path}")
    assert CONCURRENT.match(verdict(done.stdout)), done.stdout + done.stderr
    assert "OpenAI-compatible endpoint at " in done.stdout
    assert "model fake" in done.stdout  # the first of its list
    assert "4 answers in" in done.stdout
    assert "tokens/s" in done.stdout
    assert done.returncode == 0


def test_the_key_and_the_model_reach_the_endpoint(here: Here, fake: FakeLLM) -> None:
    here(2, "--api", "openai", "--url", fake.base_url, "--model", "fake?tokens=2", "--token", "sk-secret")
    last = fake.requests()[-1]
    assert last["authorization"] == "Bearer sk-secret"
    assert '"fake?tokens=2"' in last["body"]
    here(2, "--api", "openai", "--url", fake.base_url, OPENAI_API_KEY="sk-of-the-environment")
    assert fake.requests()[-1]["authorization"] == "Bearer sk-of-the-environment"


def test_an_endpoint_with_few_places_is_sequential(here: Here) -> None:
    with ScriptedModel(places=2, seconds=0.3) as model:
        done = here(6, "--api", "openai", "--url", model.url)
    assert "SEQUENTIAL" in verdict(done.stdout), done.stdout
    assert "USE_ASYNC_AGENT" not in done.stdout
    assert "--model-url" not in done.stdout
    assert cause(done.stdout).startswith("BLOCKING: first token grows ")
    assert done.returncode == 1


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("fault=500", "(HTTP 500)"),
        ("fault=429", "(HTTP 429)"),
        ("fault=cut&at=2", "stream_cut"),
        ("fault=end&at=2", "stream_ended"),
        ("fault=truncate&at=2", "stream_cut"),
        ("fault=badjson&at=2", "not_the_contract"),
        ("fault=html", "not_the_contract"),
        ("fault=refuse", "connection_lost"),
        ("fault=reset&at=2", "connection_lost"),
        ("tokens=0", "empty_answer"),
    ],
)
def test_an_answer_that_is_none_is_an_error(here: Here, fake: FakeLLM, fault: str, code: str) -> None:
    done = here(1, "--api", "openai", "--url", fake.base_url, "--model", f"fake?{fault}")
    assert "Errors: 1" in done.stdout
    assert code in done.stdout
    assert "CONCURRENCY" not in done.stdout
    assert done.returncode == 1


def test_an_endpoint_without_a_list_of_models_needs_a_name(here: Here) -> None:
    with ScriptedModel(places=9, seconds=0.1) as model:
        done = here(2, "--api", "openai", "--url", model.url.replace("/v1", "/nothing/v1"), "--model", "any")
        assert done.returncode == 0, done.stdout + done.stderr
    done = here(2, "--api", "openai", "--url", "http://127.0.0.1:9")
    assert done.returncode == 2
    assert done.stderr.startswith("No endpoint answers at http://127.0.0.1:9 (")


def _chunk(text: str, reason: object = None) -> bytes:
    return json.dumps({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": reason}]}).encode()


def _outcome(*events: bytes) -> Timeline:
    """Return what the check records of an answer with these events, and then the end of the connection."""
    api, timeline = OpenAiApi(Address("http://127.0.0.1:1"), "any", ""), Timeline(user=0)
    api.accept(timeline, 0.0)
    for event in events:
        api.note(timeline, 1.0, "message", event)
    api.close(timeline, 1.0)
    return timeline


@pytest.mark.parametrize("reason", ["stop", "STOP", "end_turn", "endTurn", "eos_token", "tool-calls", "completed"])
@pytest.mark.parametrize("last", [(), (b"[DONE]",)])
def test_an_end_that_is_good(reason: str, last: tuple[bytes, ...]) -> None:
    assert _outcome(_chunk("Words"), _chunk("", reason), *last).done


@pytest.mark.parametrize(
    ("events", "code"),
    [
        *(([_chunk("Words"), _chunk("", reason), b"[DONE]"], code) for reason, code in (
            ("length", "finish_length"), ("MAX_TOKENS", "finish_max_tokens"), ("SAFETY", "finish_safety"),
            ("content_filter", "finish_content_filter"), ("error", "finish_error"), ("blue", "finish_blue"),
            ("insufficient_system_resource", "finish_insufficient_system_resource"),
        )),
        ([_chunk("Words"), b'{"object": "error", "message": "out of blocks", "code": 500}', b"[DONE]"], "500"),
        ([_chunk("Words"), b'{"error": "no"}'], "error"),
        ([_chunk("Words"), b'["no"]'], "not_the_contract"),
        ([_chunk(""), _chunk(" \n", "stop")], "empty_answer"),
        ([b'{"choices": [{"delta": {"reasoning_content": "Hm."}}]}', _chunk("", "stop"), b"[DONE]"], "empty_answer"),
        ([b"[DONE]"], "empty_answer"),
    ],
)  # fmt: skip
def test_an_end_that_is_not_good(events: list[bytes], code: str) -> None:
    with pytest.raises(Failure) as failure:
        _outcome(*events)
    assert failure.value.code == code


def test_an_answer_that_stops_without_an_end_is_not_done() -> None:
    assert _outcome(_chunk("Words")).done is None
