"""Parley itself, as users run it: real gunicorn with its own configuration, in a process tree of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from scripts.fake_llm import directive
from scripts.kit.port import HeldPort
from scripts.kit.sse import Event, read_events
from scripts.kit.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]


class ParleyServer:
    """Started on a free port with every file in `folder`; settings by keyword, as in `.env`. A context manager."""

    program = ROOT

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder = folder
        self._held = HeldPort()
        self.port = self._held.number
        self.url = f"http://127.0.0.1:{self.port}"
        self.settings = {
            "PORT": self.port,
            "DATA_DIR": folder / "data",
            "LOG_DIR": folder / "logs",
            "DATABASE_URL": f"sqlite:///{folder}/chat.db",
            "DEMO_LATENCY_S": 0.3,
            # A test that wants titles asks for them: others count the requests that a model gets.
            "TITLE_MODEL": "none",
            # Nothing listens there: a test that needs figures names a server of its own.
            "WORLD_BANK_URL": "http://127.0.0.1:9/v2",
            "FRANKFURTER_URL": "http://127.0.0.1:9/v1",
        } | settings
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> ParleyServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop()
        finally:
            self._held.release()

    def start(self) -> None:
        names = ("PATH", "HOME", "LANG", "PYTHONPATH")
        environment = {name: os.environ[name] for name in names if name in os.environ}
        environment |= {name: str(value) for name, value in self.settings.items()}
        (self.folder / "console.log").touch()
        with (self.folder / "console.log").open("a") as console:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gunicorn", "-c", "gunicorn.gevent.py", "wsgi:app"],
                cwd=self.program, env=environment, stdout=console, stderr=console, text=True,
            )  # fmt: skip
        try:
            self._wait_until_ready()
        except BaseException:
            self.process.kill()
            self.process.wait()
            raise

    def stop(self, patience_s: float = 40) -> int:
        """End it as systemd or Docker would. Returns its exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise

    @property
    def workers(self) -> list[int]:
        """The process numbers of the workers."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in children.split()]

    def wait_for_workers(self, number: int) -> None:
        """Until so many workers report themselves; the server is ready with its first one."""
        wait_until(lambda: len(requests.get(f"{self.url}/admin/memory-debug", timeout=5).json()["workers"]) >= number)

    def log(self, name: str) -> str:
        path = self.folder / "logs" / name
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def console(self) -> str:
        return (self.folder / "console.log").read_text()

    def _wait_until_ready(self) -> None:
        assert self.process is not None
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended at its start:\n{self.console()}")
            try:
                if requests.get(f"{self.url}/readyz", timeout=5).ok:
                    return
            except requests.RequestException:
                time.sleep(0.05)
        raise RuntimeError(f"the server is not ready:\n{self.console()}")


class User:
    """Somebody with a browser of their own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self.get("/api/me")

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(self.url + path, timeout=60, **options)

    def post(self, path: str, body: dict[str, Any] | None = None, **options: Any) -> requests.Response:
        return self.session.post(self.url + path, json=body or {}, timeout=60, **options)

    def conversation(self) -> int:
        return int(self.post("/api/conversations").json()["id"])

    def ask(self, conversation: int, text: str, **fields: Any) -> list[Event]:
        """Ask and wait for the whole answer."""
        with self.asking(conversation, text, **fields) as events:
            return list(events)

    @contextmanager
    def asking(self, conversation: int, text: str, **fields: Any) -> Iterator[Iterator[Event]]:
        """Ask; the events come as they come."""
        answer = self.post(
            f"/api/conversations/{conversation}/turns",
            {"text": text} | fields,
            headers={"Accept": "text/event-stream"},
            stream=True,
        )
        with answer:
            assert answer.status_code == 200, answer.text
            yield events_of(answer)

    def follow(self, turn: int, after: int = 0) -> list[Event]:
        with self.get(f"/api/turns/{turn}/events?after={after}", stream=True) as answer:
            assert answer.status_code == 200, answer.text
            return list(events_of(answer))


def events_of(answer: requests.Response) -> Iterator[Event]:
    """Yield the events of a stream as they come, without comments."""
    return read_events(answer.iter_content(chunk_size=None))


def text_of(events: list[Event]) -> str:
    return "".join(event.data["text"] for event in events if event.name == "delta")


def wanting(**options: Any) -> str:
    """Words in a question that tell the fake model how to answer it: see `scripts/fake_llm.py`."""
    return f"[{directive(**options)}]"
