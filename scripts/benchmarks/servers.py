"""The servers that are measured, started as users start them, with every file in a folder of their own."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from config.settings import Settings
from scripts.benchmarks.backends import Backends
from scripts.kit import processes
from scripts.kit.program import STOP_S
from scripts.kit.server_runner import ROOT, ServerRunner, parley_settings


class Server(ServerRunner):
    """A server that is measured. `workers` is the number of processes that answer."""

    name = ""
    look_s = 0.005

    def __init__(self, folder: Path, workers: int) -> None:
        super().__init__(folder)
        self.size = workers
        # Settings in addition to those of every scene.
        self.overrides: Mapping[str, object] = {}
        # None: SQLite alone.
        self.backends: Backends | None = None

    def stop(self, timeout_s: float = STOP_S) -> int:
        """Stop the server; kill it if it does not end in time."""
        try:
            return super().stop(timeout_s)
        except subprocess.TimeoutExpired:
            return self.running.returncode

    @property
    def pids(self) -> list[int]:
        """Return the server's processes."""
        return processes.family(self.running.pid)

    @property
    def worker_pids(self) -> list[int]:
        """Return the processes that answer."""
        return self.pids[-self.size :]

    @property
    def database_url(self) -> str:
        """Return the database that the server writes to."""
        return f"sqlite:///{self.folder}/chat.db"


class Parley(Server):
    """gunicorn with the repository's configuration. Settings by keyword, as in `.env`, which is left aside."""

    name = "Parley"

    def __init__(
        self, folder: Path, model_url: str, workers: int, backends: Backends | None = None, **settings: object
    ) -> None:
        super().__init__(folder, workers)
        unset = {field.metadata["name"]: "" for field in dataclasses.fields(Settings)} | {"REDIS_URL": ""}
        model = {"OPENAI_BASE_URL": model_url, "OPENAI_API_KEY": "benchmark", "CHAT_MODEL": "fake"}
        self.overrides = settings
        self.backends = backends
        own = parley_settings(folder, self.port) | ({} if backends is None else backends.settings())
        self.settings = unset | own | {"WEB_CONCURRENCY": workers} | model | settings

    @property
    def database_url(self) -> str:
        return str(self.settings["DATABASE_URL"])

    @property
    def worker_pids(self) -> list[int]:
        return self.workers


class Reference(Server):
    """uvicorn with uvloop and httptools, running `reference.py`. `packages`: where they are, if not in this Python."""

    name = "the reference"

    def __init__(self, folder: Path, model_url: str, workers: int, packages: Path | None) -> None:
        super().__init__(folder, workers)
        paths = [str(packages)] if packages else []
        self.settings = {
            "REFERENCE_DATABASE": folder / "chat.db",
            "OPENAI_BASE_URL": model_url,
            "OPENAI_API_KEY": "benchmark",
            "PYTHONPATH": os.pathsep.join([*paths, str(ROOT)]),
        }
        options = {"--port": self.port, "--workers": workers, "--loop": "uvloop", "--http": "httptools"}
        command = (sys.executable, "-m", "uvicorn", "scripts.benchmarks.reference:app")
        self.command = (*command, *(str(part) for option in options.items() for part in option))
