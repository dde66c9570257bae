"""Starts that fail: each ends with one sentence that names the remedy, without a traceback."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scripts.kit.port import HeldPort
from tests.servers.tree import Tree

ROOT = Path(__file__).resolve().parents[2]
TIMEOUT_S = 40
FLAGS = ("true", "false")


@dataclass(frozen=True)
class Start:
    """A start in its own tree: its fault, and a part of the sentence with which it must end."""

    sentence: str
    settings: dict[str, object] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    break_it: Callable[[Tree], object] = lambda _: None
    memory_kb: int = 0


def file(name: str, content: bytes = b"") -> Callable[[Tree], object]:
    return lambda tree: (tree.folder / name).write_bytes(content)


def folder(name: str) -> Callable[[Tree], object]:
    return lambda tree: (tree.folder / name).mkdir()


def env_folder(tree: Tree) -> None:
    tree.env_file.unlink()
    tree.env_file.mkdir()


def env_bytes(tree: Tree) -> None:
    tree.env_file.write_bytes(b"CHAT_MODEL=caf\xe9\n")


def newer_database(tree: Tree) -> None:
    with closing(sqlite3.connect(tree.folder / "chat.db")) as database, database:
        database.execute("CREATE TABLE migrations (name TEXT PRIMARY KEY)")
        database.execute("INSERT INTO migrations VALUES ('9999_of_a_later_version')")


def without(package: str) -> Callable[[Tree], object]:
    """Hide a package from this start, as if it was not installed."""

    def hide(tree: Tree) -> None:
        (tree.folder / "sitecustomize.py").write_text(
            "import sys\n"
            "class Missing:\n"
            "    def find_spec(self, name, path=None, target=None):\n"
            f"        if name == {package!r}: raise ModuleNotFoundError(f'No module named {{name!r}}', name=name)\n"
            "sys.meta_path.insert(0, Missing())\n"
        )

    return hide


def old_python(tree: Tree) -> None:
    (tree.folder / "sitecustomize.py").write_text(
        "import sys\nsys.version_info = (3, 10, 4)\nsys.version = '3.10.4 (main)'\n"
    )


STARTS = {
    "docstrings left out": Start("PYTHONOPTIMIZE=2", environ={"PYTHONOPTIMIZE": "2"}),
    "an old Python": Start("3.10.4; start it by ./scripts/serve", break_it=old_python),
    "without dotenv": Start("the package dotenv is missing; start it by ./scripts/serve", break_it=without("dotenv")),
    "without flask": Start("the package flask is missing; start it by ./scripts/serve", break_it=without("flask")),
    "without peewee": Start("the package peewee is missing; start it by ./scripts/serve", break_it=without("peewee")),
    "half a file": Start(
        "chat/web/ops/health.py, line ", break_it=lambda tree: tree.append("chat/web/ops/health.py", "def f(")
    ),
    "half a file of the master's": Start(
        "config/server/pid_file.py, line ", break_it=lambda tree: tree.append("config/server/pid_file.py", "def f(")
    ),
    "an error in the program": Start(
        "RuntimeError: boom (chat/web/ops/health.py, line ",
        break_it=lambda tree: tree.append("chat/web/ops/health.py", "raise RuntimeError('boom')"),
    ),
    "little memory": Start("raise `ulimit -v`", memory_kb=60_000),
    "DATA_DIR is a file": Start("DATA_DIR is ", {"DATA_DIR": "a-file"}, break_it=file("a-file")),
    "DATA_DIR cannot be made": Start("DATA_DIR is ", {"DATA_DIR": "/proc/parley"}),
    "LOG_DIR is a file": Start("LOG_DIR is ", {"LOG_DIR": "a-file"}, break_it=file("a-file")),
    "LOG_DIR cannot be made": Start("LOG_DIR is ", {"LOG_DIR": "/proc/parley"}),
    "the database is a folder": Start("DATABASE_URL names ", break_it=folder("chat.db")),
    "the database is none": Start("file is not a database", break_it=file("chat.db", b"\x89PNG" * 2000)),
    "the database is newer": Start("9999_of_a_later_version", break_it=newer_database),
    "the database cannot be made": Start("DATABASE_URL names ", {"DATABASE_URL": "sqlite:////proc/parley/chat.db"}),
    ".env is a folder": Start("/.env cannot be read", break_it=env_folder),
    ".env is not UTF-8": Start("/.env cannot be read", break_it=env_bytes),
    "a setting that is none": Start("THREADS is 'many'", {"THREADS": "many"}),
    "an unknown host": Start("set HOST to an address of this machine", {"HOST": "no.such.host.invalid"}),
    "another's address": Start("set HOST to an address of this machine", {"HOST": "192.0.2.1"}),
    "another's IPv6 address": Start("set HOST to an address of this machine", {"HOST": "2001:db8::1"}),
}


@contextmanager
def started(home: Path, start: Start, flag: str, port: int) -> Iterator[subprocess.Popen[str]]:
    home.mkdir()
    settings = {
        "PORT": port, "WEB_CONCURRENCY": 2, "USE_ASYNC_AGENT": flag,
        "DATA_DIR": "data", "LOG_DIR": "logs", "DATABASE_URL": f"sqlite:///{home}/chat.db",
    }  # fmt: skip
    tree = Tree(home, **(settings | start.settings))
    start.break_it(tree)
    limit = ["bash", "-c", f'ulimit -v {start.memory_kb}; exec "$@"', "-"] if start.memory_kb else []
    environ = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(home)} | start.environ
    if tree.env_file.is_dir():
        environ |= {"PORT": str(port)}
    with subprocess.Popen(
        [*limit, sys.executable, "-m", "gunicorn", "-c", "gunicorn.gevent.py", "wsgi:app"],
        cwd=home, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True,
    ) as process:  # fmt: skip
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def outcome(home: Path, start: Start, flag: str, port: int) -> tuple[int, str]:
    with started(home, start, flag, port) as process:
        try:
            output, _ = process.communicate(timeout=TIMEOUT_S)
        except subprocess.TimeoutExpired as served:
            return 0, f"(after {TIMEOUT_S} s it was not over)\n{(served.output or b'').decode()}"
        return process.returncode, output


def complaints(name: str, sentence: str, status: int, output: str) -> Iterator[str]:
    lines = [line for line in output.splitlines() if "parley: " in line]
    if status == 0:
        yield f"{name}: exit status {status}"
    if len(lines) != 1 or sentence not in lines[0]:
        yield f"{name}: {sentence!r} is not the one sentence of:\n{output}"
    if "Traceback" in output or "Error: " in output.replace("RuntimeError: boom", ""):
        yield f"{name}: more than a sentence:\n{output}"


def test_what_cannot_start_says_why_in_a_sentence(tmp_path: Path) -> None:
    held = [HeldPort() for _ in STARTS]
    try:
        with ThreadPoolExecutor(4) as pool:
            # Each kind of worker has its half of the table; what differs between them, the test below tries in both.
            runs = {
                name: pool.submit(outcome, tmp_path / f"{number}", start, FLAGS[number % 2], held[number].number)
                for number, (name, start) in enumerate(STARTS.items())
            }
        wrong = [each for name, run in runs.items() for each in complaints(name, STARTS[name].sentence, *run.result())]
        assert not wrong, "\n".join(wrong)
    finally:
        for port in held:
            port.release()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_port_in_use(tmp_path: Path, host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        try:
            listener.bind((host, 0))
        except OSError:
            pytest.skip("this machine has no IPv6")
        listener.listen()
        port = listener.getsockname()[1]
        status, output = outcome(tmp_path / "tree", Start("", {"HOST": host}), "true", port)
    assert not list(complaints("in use", f"choose another PORT (PORT={port + 1})", status, output))
