"""A worker's services, their start and stop, and failures to start. Run once more under gevent, by `test_mode.py`."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import re
import socket
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from chat.app import create_app
from chat.cancellation import Cancellation
from chat.cluster.contract import Handler
from chat.cluster.peers import Peers
from chat.configured_parts import language_model
from chat.errors import StoreUnavailable
from chat.llm.demo.model import DemoModel
from chat.llm.openai.client import OpenAIModel
from chat.messages import Message, TextDelta
from chat.runtime import mode
from chat.services import Overrides, Services
from config.settings import SettingError, Settings
from tests.conftest import ScriptedModel
from tests.servers.scripted_server import Exchange, ScriptedServer
from tests.web.api_client import token_of

from .store.engines import sqlite_path

OURS = (
    *("peers", "flush", "checkpoint", "drain", "recovery", "expiry", "removal", "index"),
    *("database watch", "garbage", "idle connections", "idle connections of tools", "report"),
)


def worker(app: Flask) -> Services:
    return app.extensions["parley"]


def clockwork() -> list[str]:
    return sorted(thread.name for thread in threading.enumerate() if thread.name in OURS)


def test_making_it_opens_nothing_and_starts_nothing(settings: Settings, tmp_path: Path) -> None:
    create_app(settings)
    assert list(tmp_path.iterdir()) == []
    assert clockwork() == []


def test_starting_and_stopping(settings: Settings) -> None:
    app = create_app(settings)
    worker(app).start()
    assert clockwork() == sorted(OURS)
    assert sqlite_path(settings).exists()
    run = settings.data_dir / "run"
    assert sorted(path.name for path in run.iterdir()) == [f"{os.getpid()}.json", f"{os.getpid()}.sock"]

    worker(app).stop()
    assert clockwork() == []
    assert list(run.iterdir()) == []


def test_services_that_never_started_can_stop(settings: Settings, tmp_path: Path) -> None:
    worker(create_app(settings)).stop()
    assert list(tmp_path.iterdir()) == []


def test_the_first_request_starts_the_services(settings: Settings) -> None:
    app = create_app(settings)
    assert app.test_client().get("/readyz").status_code == 200
    assert clockwork() == sorted(OURS)
    worker(app).stop()


def test_starting_many_times_at_once_starts_once(settings: Settings) -> None:
    app = create_app(settings)
    together = threading.Barrier(8)

    def start() -> None:
        together.wait(10)
        worker(app).start()

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert clockwork() == sorted(OURS)
    worker(app).stop()


def test_several_workers_make_one_database(settings: Settings) -> None:
    """On a first start each worker has its own connection, and all find the tables missing."""
    apps = [create_app(dataclasses.replace(settings, data_dir=settings.data_dir / str(n))) for n in range(4)]
    failed: list[BaseException] = []

    def start(app: Flask) -> None:
        try:
            worker(app).start()
        except BaseException as error:  # noqa: BLE001 - reported by the test's own thread
            failed.append(error)

    threads = [threading.Thread(target=start, args=(app,)) for app in apps]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    for app in apps:
        worker(app).stop()
    assert failed == []


def test_stopping_interrupts_running_turns_and_keeps_partial_text(
    make_app: Callable[..., Flask], model: ScriptedModel, settings: Settings
) -> None:
    started = threading.Event()

    def endless(_messages: Any, cancellation: Cancellation) -> Any:
        yield TextDelta("So far")
        waiting = threading.Event()
        with cancellation.closing(waiting.set):
            started.set()
            waiting.wait(20)
        cancellation.check()

    model.will_run(endless)
    app = make_app()
    client = app.test_client()
    conversation = client.post("/api/conversations").json["id"]
    turn = client.post(f"/api/conversations/{conversation}/turns", json={"text": "Hello"}).json
    assert started.wait(20)
    worker(app).stop()

    again = make_app().test_client()
    again.set_cookie("parley_session", token_of(client))
    stored = again.get(f"/api/turns/{turn['turn_id']}").json
    assert (stored["status"], stored["text"]) == ("interrupted", "So far")
    assert stored["error"]["retryable"] is True
    response = again.post(f"/api/conversations/{conversation}/turns", json={"text": "And?"})
    assert response.status_code == 202  # the conversation is free again
    assert again.get(response.json["events_url"]).data


def test_conversations_survive_a_restart(make_app: Callable[..., Flask], model: ScriptedModel) -> None:
    first = make_app()
    client = first.test_client()
    conversation = client.post("/api/conversations").json["id"]
    url = f"/api/conversations/{conversation}/turns"
    events_url = client.post(url, json={"text": "Hello"}).json["events_url"]
    events = client.get(events_url).data
    before = client.get(f"/api/conversations/{conversation}").json
    worker(first).stop()

    again = make_app().test_client()
    again.set_cookie("parley_session", token_of(client))
    assert again.get(f"/api/conversations/{conversation}").json == before
    assert again.get(events_url).data == events
    again.get(again.post(url, json={"text": "And?"}).json["events_url"]).get_data()
    assert [message.text for message in model.seen[1][1:]] == ["Hello", "You said: Hello", "And?"]


# The model


def test_without_an_endpoint_the_demo_answers(settings: Settings) -> None:
    assert isinstance(language_model(settings), DemoModel)


@pytest.mark.parametrize("endpoint", [{"openai_api_key": "k"}, {"openai_base_url": "http://127.0.0.1:9/v1"}])
def test_with_an_endpoint_it_is_asked(settings: Settings, endpoint: dict[str, str]) -> None:
    model = language_model(dataclasses.replace(settings, **endpoint))
    assert isinstance(model, OpenAIModel)
    model.close()


def test_a_quiet_worker_keeps_no_connection_that_the_endpoint_has_closed(settings: Settings) -> None:
    left = threading.Event()

    def answer_and_end(exchange: Exchange) -> None:
        exchange.send_chunked([b'data: {"choices": [{"delta": {"content": "Hi"}}]}\n\n', b"data: [DONE]\n\n"])
        exchange.end()
        if exchange.client_left(20):
            left.set()
        exchange.keep_alive = False

    server = ScriptedServer(answer_and_end)
    changed = dataclasses.replace(settings, openai_base_url=server.url)
    app = create_app(changed, Overrides(job_intervals={"idle connections": 0.01}))
    client = app.test_client()
    conversation = client.post("/api/conversations").json["id"]
    turn = client.post(f"/api/conversations/{conversation}/turns", json={"text": "Hello"}).json
    assert "completed" in client.get(turn["events_url"]).text
    assert left.wait(20)
    worker(app).stop()
    server.close()


def test_the_demo_answers_over_http(settings: Settings) -> None:
    """All services together, with default settings."""
    app = create_app(dataclasses.replace(settings, world_bank_url="http://127.0.0.1:9"))
    client = app.test_client()
    conversation = client.post("/api/conversations").json["id"]
    turn = client.post(f"/api/conversations/{conversation}/turns", json={"text": "Hello"}).json
    client.get(turn["events_url"]).get_data()
    stored = client.get(f"/api/turns/{turn['turn_id']}").json
    assert stored["status"] == "completed"
    assert "demo" in stored["text"].lower()
    worker(app).stop()


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_each_turn_leaves_one_line_that_names_its_mode(
    make_app: Callable[..., Flask], settings: Settings, log_format: str
) -> None:
    client = make_app(log_format=log_format).test_client()
    for _ in range(2):
        conversation = client.post("/api/conversations").json["id"]
        turn = client.post(f"/api/conversations/{conversation}/turns", json={"text": "Hello"}).json
        client.get(turn["events_url"]).get_data()
    lines = (settings.log_dir / "app.log").read_text(encoding="utf-8").splitlines()
    messages = [json.loads(line)["message"] if log_format == "json" else line.split(": ", 1)[1] for line in lines]
    mode_lines = [message for message in messages if "Using" in message]
    here = mode.current()
    assert mode_lines == [
        f"{here.emoji} Using {here.name.upper()} agent for conversation {number}" for number in (1, 2)
    ]


# What stands in the way


def directory(path: Path) -> None:
    path.mkdir()


def garbage(path: Path) -> None:
    path.write_bytes(b"This is no database. " * 500)


def other_tables(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE users (something_else TEXT)")
    database.close()


@pytest.mark.parametrize("obstacle", [directory, garbage, other_tables])
def test_a_database_that_cannot_be_opened(settings: Settings, obstacle: Callable[[Path], None]) -> None:
    obstacle(sqlite_path(settings))
    app = create_app(settings)
    with pytest.raises(StoreUnavailable) as refused:
        worker(app).start()
    sentence = (
        rf"DATABASE_URL names {re.escape(str(sqlite_path(settings)))}, which cannot be opened \(.+\); it takes .+\."
    )
    assert re.fullmatch(sentence, str(refused.value)), refused.value
    assert clockwork() == []
    worker(app).stop()


@pytest.mark.parametrize("url", ["sqlite:////proc/nowhere/chat.db", "sqlite:////dev/null/chat.db"])
def test_a_database_in_a_folder_that_cannot_be(settings: Settings, url: str) -> None:
    app = create_app(dataclasses.replace(settings, database_url=url))
    with pytest.raises(StoreUnavailable, match=r"^DATABASE_URL names /.+, which cannot be opened \(.+\); it takes "):
        worker(app).start()
    worker(app).stop()


def test_a_data_folder_that_cannot_be(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    refused(dataclasses.replace(settings, data_dir=tmp_path / "data"))


class PeersWithoutSockets(Peers):
    """Peers whose folder is on a file system without sockets, as some shared folders of containers are."""

    def listen(self, _handler: Handler) -> None:
        raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))


def test_a_data_folder_that_takes_no_sockets(settings: Settings) -> None:
    (settings.data_dir / "run").mkdir(parents=True)
    app = create_app(settings, Overrides(peers=PeersWithoutSockets(settings.data_dir / "run")))
    worker(app).start()
    ready = app.test_client().get("/readyz").status_code
    worker(app).stop()
    assert ready == 200
    assert "DATA_DIR takes no Unix sockets" in (settings.log_dir / "app.log").read_text()


def test_a_data_folder_with_too_long_a_path(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / ("d" * 100) / ("e" * 100)
    assert "too long" in refused(dataclasses.replace(settings, data_dir=folder))


def refused(settings: Settings) -> str:
    app = create_app(settings)
    with pytest.raises(SettingError) as error:
        worker(app).start()
    sentence = rf"DATA_DIR is '{re.escape(str(settings.data_dir))}', but takes a folder .+ \(.+\)\."
    assert re.fullmatch(sentence, str(error.value)), error.value
    assert clockwork() == []
    worker(app).stop()
    return str(error.value)


def test_a_log_folder_that_cannot_be(settings: Settings) -> None:
    app = create_app(dataclasses.replace(settings, log_dir=Path("/proc/nowhere")))
    with pytest.raises(SettingError, match=r"^LOG_DIR is '/proc/nowhere', but takes "):
        worker(app).start()
    assert not sqlite_path(settings).exists()


def test_wrong_settings_are_reported_by_create_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "many")
    with pytest.raises(SettingError, match=r"^PORT is 'many', but takes "):
        create_app()


def test_the_socket_serves_followers_from_another_worker(make_app: Callable[..., Flask], settings: Settings) -> None:
    client = make_app().test_client()
    assert client.get("/healthz").status_code == 200
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(str(settings.data_dir / "run" / f"{os.getpid()}.sock"))
        connection.sendall(b'{"follow": 999, "after": 0}\n')
        assert connection.recv(100) == b""  # no such turn lives here


def test_the_context_a_model_is_given_begins_with_the_prompt(
    make_app: Callable[..., Flask], model: ScriptedModel
) -> None:
    client = make_app().test_client()
    conversation = client.post("/api/conversations").json["id"]
    turn = client.post(f"/api/conversations/{conversation}/turns", json={"text": "Hello"}).json
    client.get(turn["events_url"]).get_data()
    system, question = model.seen[0]
    assert (system.role, question) == ("system", Message("user", "Hello"))
    assert "Parley" in system.text
