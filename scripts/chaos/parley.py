"""A server to be broken: a copy of the program with files of its own, started, killed, restarted, switched."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from scripts.chaos.connection import Address, Dropped, Refused
from scripts.kit.port import HeldPort
from scripts.kit.waiting import poll

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = ("chat", "config", "wsgi.py", "gunicorn.gevent.py")
FLAGS = {"async": "true", "sync": "false"}
_START_S = 60.0
_LAST_LINES = 12


class CannotRun(Exception):
    """Why there is no server to break."""


class Parley:
    """Four workers on a free port; `settings` as in `.env`, which alone configures it. A context manager.

    The program is copied, because the switch between the modes writes the `.env` beside it.
    """

    def __init__(self, folder: Path, mode: str, **settings: object) -> None:
        self.folder = folder
        self.mode = mode
        self._port = HeldPort()
        self.address = Address("127.0.0.1", self._port.number)
        self._copy()
        self._settings = {"PORT": self.address.port, "WEB_CONCURRENCY": 4, "USE_ASYNC_AGENT": FLAGS[mode]} | settings
        (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in self._settings.items()))
        self._process: subprocess.Popen[bytes] | None = None
        # What the next start has in its environment, besides what it needs.
        self.environment: dict[str, str] = {}

    def __enter__(self) -> Parley:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._port.release()

    def twin(self, folder: Path) -> Parley:
        """Another server, with the same settings, for the same users: database and data folder are this one's."""
        settings = {name: value for name, value in self._settings.items() if name != "PORT"}
        shared = {"DATA_DIR": self.folder / "data", "DATABASE_URL": f"sqlite:///{self.database}"}
        return Parley(folder, self.mode, **settings | shared)

    @property
    def database(self) -> Path:
        return self.folder / "data" / "chat.db"

    @property
    def size(self) -> int:
        """How many workers it should have."""
        return int(str(self._settings["WEB_CONCURRENCY"]))

    @property
    def workers(self) -> list[int]:
        """The process numbers of the workers, those included that are just starting or taking their leave."""
        pid = self._master.pid
        with contextlib.suppress(FileNotFoundError):
            return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        return []

    def start(self, files: int = 0) -> None:
        """Start the server, with a limit of `files` open files, and wait until it is ready. Raises CannotRun."""
        limit = ["bash", "-c", f'ulimit -n {files}; exec "$@"', "-"] if files else []
        with (self.folder / "console.log").open("ab") as console:
            self._process = subprocess.Popen(
                [*limit, sys.executable, "-m", "gunicorn", "-c", "gunicorn.gevent.py", "wsgi:app"],
                cwd=self.folder, env=_environment() | self.environment,
                stdin=subprocess.DEVNULL, stdout=console, stderr=console,
                start_new_session=True,  # so that all of its processes can be killed at once
            )  # fmt: skip
        self.wait_until_ready()

    def stop(self, patience_s: float) -> float:
        """End it as systemd or Docker would. Returns how long that took. Raises subprocess.TimeoutExpired."""
        since = time.monotonic()
        self._master.send_signal(signal.SIGTERM)
        self._master.wait(patience_s)
        return time.monotonic() - since

    def kill(self) -> list[int]:
        """Kill -9 the master and every worker. Returns the workers."""
        process, workers = self._process, self.workers if self._process else []
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        return workers

    def kill_master(self) -> list[int]:
        """Kill -9 the master alone. Returns its workers, which live on."""
        workers = self.workers
        self._master.kill()
        self._master.wait()
        return workers

    def hang_up(self) -> None:
        """Have it reload."""
        self._master.send_signal(signal.SIGHUP)

    def kill_worker(self, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def switch(self, mode: str) -> None:
        """Change the worker class as an operator does. Raises CannotRun with what the command said."""
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", "mode", mode],
            cwd=self.folder, env=_environment(), capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        if done.returncode:
            raise CannotRun(f"`flask --app wsgi mode {mode}` failed: {(done.stderr or done.stdout).strip()}")

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_S
        while time.monotonic() < deadline:
            if self._master.poll() is not None:
                raise CannotRun(f"The server ended at its start; {self._last_words()}")
            with contextlib.suppress(Dropped, Refused):
                self.address.ask("GET", "/readyz", timeout_s=5)
                return
            time.sleep(0.05)
        raise CannotRun(f"The server is not ready after {_START_S:g} s; {self._last_words()}")

    def wait_until_started(self, many: int) -> None:
        """Until so many workers have not only begun to start. Raises CannotRun."""
        if not poll(lambda: len(self.started()) >= many, _START_S, 0.05):
            raise CannotRun(f"There are not {many} workers after {_START_S:g} s; {self._last_words()}")

    def started(self) -> set[int]:
        """Return the live workers that have published a report."""
        with contextlib.suppress(Dropped, Refused):
            shown = self.address.ask("GET", "/admin/memory-debug", headers={"Accept": "application/json"}).json
            return {worker["pid"] for worker in shown["workers"] if not worker["stale"]} & set(self.workers)
        return set()

    def console(self) -> str:
        """All that it has said there."""
        return (self.folder / "console.log").read_text(errors="replace")

    def _last_words(self) -> str:
        """Where its console is, and the end of it."""
        console = self.folder / "console.log"
        lines = self.console().splitlines()[-_LAST_LINES:]
        return "\n".join([f"{console} ends with:", *lines])

    @property
    def _master(self) -> subprocess.Popen[bytes]:
        assert self._process is not None
        return self._process

    def _copy(self) -> None:
        for name in PROGRAM:
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, self.folder / name)
            else:
                shutil.copy2(ROOT / name, self.folder / name)


def _environment() -> dict[str, str]:
    """No setting of this shell's: they would win over `.env`."""
    names = ("PATH", "HOME", "LANG", "TMPDIR", "VIRTUAL_ENV")
    return {name: os.environ[name] for name in names if name in os.environ}
