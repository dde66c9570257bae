"""Checks of the model's endpoint."""

from __future__ import annotations

import itertools
from contextlib import closing
from typing import Any

import pytest

from chat.commands.doctor.findings import FAIL, WARN
from scripts.fake_llm import FakeLLM
from tests.servers.scripted_server import Exchange, ScriptedServer, answer

from .conftest import Make, lines_of, provokes


@pytest.fixture(scope="module")
def llm() -> Any:
    with FakeLLM() as server:
        yield server


# What is asked for, the levels, and words of a message.
MODELS = [
    ("tokens=30&gap=0.005&tool=ping:%7B%7D", {"PAR070": "pass", "PAR071": "pass", "PAR072": "pass"}, ""),
    ("tokens=30&gap=0.005", {"PAR070": "pass", "PAR072": "warn"}, "did not call"),
    ("tokens=1&gap=0", {"PAR070": "pass", "PAR071": "warn"}, "as a whole"),
    ("fault=401", {"PAR070": "fail", "PAR071": "skip", "PAR072": "skip"}, "does not answer"),
    ("fault=mute", {"PAR070": "fail"}, "nothing within 0.5 seconds"),
    ("fault=html", {"PAR070": "fail"}, "does not answer"),
]


def _with_mark(case: tuple[str, dict[str, str], str]) -> Any:
    return pytest.param(*case, marks=provokes(*(code for code, level in case[1].items() if level in (WARN, FAIL))))


@pytest.mark.parametrize(("options", "levels", "words"), [_with_mark(each) for each in MODELS])
def test_models(make: Make, llm: FakeLLM, options: str, levels: dict[str, str], words: str) -> None:
    installation = make(
        OPENAI_BASE_URL=llm.base_url, OPENAI_API_KEY="sk-canary-0123456789", CHAT_MODEL=f"fake?{options}",
        MODEL_TIMEOUT_S=0.5,
    )  # fmt: skip
    lines = lines_of(installation)
    assert {code: lines[code].level for code in levels} == levels, lines
    assert any(words in line.message for line in lines.values())
    assert "canary" not in str(lines)


@provokes("PAR070")
def test_a_model_that_is_slow_to_begin(make: Make, llm: FakeLLM) -> None:
    installation = make(OPENAI_BASE_URL=llm.base_url, CHAT_MODEL="fake?tokens=3", timer=itertools.count(0, 6).__next__)
    line = lines_of(installation, "PAR070")["PAR070"]
    assert (line.level, line.message.endswith("begins to answer after 6000 ms.")) == ("warn", True), line


@provokes("PAR072")
def test_an_endpoint_that_refuses_tools(make: Make, llm: FakeLLM) -> None:
    lines = lines_of(make(OPENAI_BASE_URL=llm.base_url, CHAT_MODEL="dialect:no-tools"))
    assert lines["PAR072"].level == "warn", lines["PAR072"]
    lines = lines_of(make(OPENAI_BASE_URL=llm.base_url, CHAT_MODEL="fake?tokens=3", MODEL_TOOLS="false"))
    assert lines["PAR072"].level == "skip"


@provokes("PAR072")
def test_an_endpoint_that_fails_with_tools(make: Make) -> None:
    def script(exchange: Exchange) -> None:
        if exchange.json.get("tools"):
            exchange.send(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        else:
            exchange.send_chunked(answer("1, ", "2, "))

    with closing(ScriptedServer(script)) as server:
        lines = lines_of(make(OPENAI_BASE_URL=server.url, CHAT_MODEL="any"), "PAR070", "PAR072")
    assert lines["PAR070"].level == "pass", lines
    assert lines["PAR072"].level == "fail", lines
    assert lines["PAR072"].message.startswith("With tools the model does not answer: ")
