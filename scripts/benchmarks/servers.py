"""The servers that are measured, started as users start them, with every file in a folder of their own."""

from __future__ import annotations

import dataclasses
import http.client
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from config.settings import Settings
from scripts.benchmarks import processes
from scripts.kit.port import HeldPort

ROOT = Path(__file__).resolve().parents[2]
_START_WITHIN_S = 60
_STOP_WITHIN_S = 60


class Server:
    """A context manager. `ready_s` is the time from its start to the first good answer of `/readyz`."""

    name = ""

    def __init__(self, folder: Path, model_url: str, workers: int) -> None:
        self.folder = folder
        self._held = HeldPort()
        self.port = self._held.number
        self.ready_s = 0.0
        self.workers = workers
        self.settings: dict[str, Any] = {}
        self._model_url = model_url
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Server:
        self.folder.mkdir(parents=True, exist_ok=True)
        began = time.monotonic()
        with (self.folder / "console.log").open("wb") as console:
            self._process = subprocess.Popen(
                self._command(), cwd=ROOT, env=self._environment(), stdout=console, stderr=console
            )
        try:
            self._wait_until_ready()
        except BaseException:
            self._process.kill()
            self._process.wait()
            raise
        self.ready_s = time.monotonic() - began
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            for pid in reversed(processes.family(self._process.pid)):
                os.kill(pid, signal.SIGKILL)
            self._process.wait()
        self._held.release()

    @property
    def pids(self) -> list[int]:
        """The server's processes."""
        assert self._process
        return processes.family(self._process.pid)

    @property
    def worker_pids(self) -> list[int]:
        """The processes that answer."""
        return self.pids[-self.workers :]

    def _command(self) -> list[str]:
        raise NotImplementedError

    def _environment(self) -> dict[str, str]:
        names = ("PATH", "HOME", "LANG", "PYTHONPATH")
        return {name: os.environ[name] for name in names if name in os.environ}

    def _wait_until_ready(self) -> None:
        assert self._process
        deadline = time.monotonic() + _START_WITHIN_S
        while time.monotonic() < deadline and self._process.poll() is None:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            try:
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                time.sleep(0.005)
            finally:
                connection.close()
        raise RuntimeError(f"{self.name} did not start:\n{(self.folder / 'console.log').read_text()}")


class Parley(Server):
    """gunicorn with the repository's configuration. Settings by keyword, as in `.env`, which is left aside."""

    name = "Parley"

    def __init__(self, folder: Path, model_url: str, workers: int, **settings: Any) -> None:
        super().__init__(folder, model_url, workers)
        self.settings = settings

    @property
    def worker_pids(self) -> list[int]:
        assert self._process
        return processes.children(self._process.pid)

    def _command(self) -> list[str]:
        return [sys.executable, "-m", "gunicorn", "-c", "gunicorn.gevent.py", "wsgi:app"]

    def _environment(self) -> dict[str, str]:
        unset = {field.metadata["name"]: "" for field in dataclasses.fields(Settings)} | {"REDIS_URL": ""}
        ours = {
            "PORT": self.port,
            "DATA_DIR": self.folder / "data",
            "LOG_DIR": self.folder / "logs",
            "DATABASE_URL": f"sqlite:///{self.folder}/chat.db",
            "WEB_CONCURRENCY": self.workers,
            "OPENAI_BASE_URL": self._model_url,
            "OPENAI_API_KEY": "benchmark",
            "CHAT_MODEL": "fake",
            # Turns are measured, and the reference writes no titles.
            "TITLE_MODEL": "none",
            # Nothing listens there, and nothing asks: the fake model calls no tools.
            "WORLD_BANK_URL": "http://127.0.0.1:9/v2",
            "FRANKFURTER_URL": "http://127.0.0.1:9/v1",
        } | self.settings
        return super()._environment() | unset | {name: str(value) for name, value in ours.items()}


class Reference(Server):
    """uvicorn with uvloop and httptools, running `reference.py`. `packages`: where they are, if not in this Python."""

    name = "the reference"

    def __init__(self, folder: Path, model_url: str, workers: int, packages: Path | None) -> None:
        super().__init__(folder, model_url, workers)
        self._packages = packages

    def _command(self) -> list[str]:
        options = {"--port": self.port, "--workers": self.workers, "--loop": "uvloop", "--http": "httptools"}
        command = [sys.executable, "-m", "uvicorn", "scripts.benchmarks.reference:app"]
        return command + [str(part) for option in options.items() for part in option]

    def _environment(self) -> dict[str, str]:
        paths = [str(self._packages)] if self._packages else []
        ours = {
            "REFERENCE_DATABASE": str(self.folder / "chat.db"),
            "OPENAI_BASE_URL": self._model_url,
            "OPENAI_API_KEY": "benchmark",
            "PYTHONPATH": os.pathsep.join([*paths, str(ROOT)]),
        }
        return super()._environment() | ours


def kept(folder: Path) -> tuple[int, int]:
    """How many turns a server's database has as completed, and the characters of the shortest of their answers."""
    with sqlite3.connect(folder / "chat.db", timeout=10) as database:
        found = database.execute(
            "SELECT count(*), min(length(messages.text)) FROM turns "
            "JOIN messages ON messages.id = turns.message_id WHERE turns.status = 'completed'"
        ).fetchone()
    database.close()
    return found[0], found[1] or 0
