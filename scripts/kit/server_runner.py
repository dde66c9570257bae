"""A server of Parley, or another with `/readyz`, as a process on a port of its own."""

from __future__ import annotations

import http.client
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scripts.kit import processes
from scripts.kit.program import Program

ROOT = Path(__file__).resolve().parents[2]
GUNICORN = (sys.executable, "-m", "gunicorn", "-c", "gunicorn.gevent.py", "wsgi:app")
_INHERITED = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV", "PYTHONPATH")


class ServerRunner(Program):
    """A server that is ready when `/readyz` says so.

    `program` is the folder from which it is started. `command` and `settings`, which are environment variables, may
    change before a start.
    """

    def __init__(self, folder: Path, command: Sequence[str] = GUNICORN, program: Path = ROOT) -> None:
        super().__init__(folder)
        self.program = program
        self.command = command
        self.settings: dict[str, object] = {}
        self.url = f"http://127.0.0.1:{self.port}"

    def arguments(self) -> Sequence[str | Path]:
        return self.command

    def popen_options(self) -> dict[str, Any]:
        settings = {name: str(value) for name, value in self.settings.items()}
        return {"cwd": self.program, "env": inherited_environment() | settings}

    def signal(self, number: int) -> None:
        """Send a signal to the master."""
        self.running.send_signal(number)

    @property
    def workers(self) -> list[int]:
        """The pids of the workers, with those that are just starting or ending."""
        return processes.children(self.running.pid)

    def is_ready(self) -> bool:
        """Return whether `/readyz` answers 200, on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/readyz", headers={"Connection": "close"})
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def inherited_environment() -> dict[str, str]:
    """Return what a server needs of this process's environment, without the settings of its shell."""
    return {name: os.environ[name] for name in _INHERITED if name in os.environ}


def parley_settings(folder: Path, port: int) -> dict[str, object]:
    """Return settings with every file in `folder`, no titles, and no data source that is not named."""
    return {
        "PORT": port,
        "DATA_DIR": folder / "data",
        "LOG_DIR": folder / "logs",
        "DATABASE_URL": f"sqlite:///{folder}/chat.db",
        # Scripts and tests count the requests that a model gets, so they ask for titles when they want them.
        "TITLE_MODEL": "none",
        # Nothing listens there.
        "WORLD_BANK_URL": "http://127.0.0.1:9/v2",
        "FRANKFURTER_URL": "http://127.0.0.1:9/v1",
    }
