"""The Dockerfile: its instructions, and the result of its steps, which run without a container engine."""

from __future__ import annotations

import contextlib
import fnmatch
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest

from config.settings import Settings
from scripts.kit.port import HeldPort
from scripts.kit.waiting import wait_until

from .dockerfile import ROOT, final_stage, health_code, instructions, last


def test_the_image_runs_as_a_user_that_it_makes() -> None:
    user, _, group = last("USER").partition(":")
    assert user == group != "0"
    assert any(name == "RUN" and f"useradd --uid {user} --user-group" in rest for name, rest in final_stage())
    names = [name for name, _ in final_stage()]
    assert names.index("USER") < names.index("CMD")


def test_both_stages_have_one_base() -> None:
    bases = {rest.split()[0] for name, rest in instructions() if name == "FROM"}
    assert len(bases) == 1


def test_the_image_installs_the_lock_by_hash() -> None:
    installs = [rest for name, rest in instructions() if name == "RUN" and "install --require-hashes" in rest]
    assert len(installs) == 1
    assert installs[0].endswith("install --require-hashes --only-binary :all: -r requirements.txt")


def test_signals_reach_gunicorn() -> None:
    shell, option, script = json.loads(last("CMD"))
    assert (shell, option) == ("sh", "-c")
    assert script.split("&&")[-1].strip() == "exec gunicorn -c gunicorn.gevent.py wsgi:app"


def test_no_secret_is_built_in() -> None:
    variables = " ".join(rest for name, rest in instructions() if name in ("ENV", "ARG"))
    secrets = [field.metadata["name"] for field in fields(Settings) if not field.repr]
    assert not re.search("|".join([*secrets, "SECRET", "TOKEN", "PASSWORD"]), variables)


def test_the_image_holds_the_program_and_the_context_nothing_else() -> None:
    copies = [rest.split() for name, rest in instructions() if name == "COPY"]
    copied = {source for words in copies if not words[0].startswith("--from") for source in words[:-1]}
    assert copied >= {"chat", "config", "gunicorn.gevent.py", "wsgi.py", "requirements.txt", "LICENSE"}
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in rules
    admitted = {rule[1:] for rule in rules if rule.startswith("!")}
    assert admitted == copied
    assert not [name for name in (".env", "data", "logs", ".git") for rule in admitted if fnmatch.fnmatch(name, rule)]


class _Health(http.server.BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@contextlib.contextmanager
def health_server(status: int) -> Iterator[int]:
    handler = type("Health", (_Health,), {"status": status})
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def healthy(port: int) -> bool:
    code = health_code()
    assert "5000" in code
    environ = {**os.environ, "http_proxy": "http://127.0.0.1:9"}
    command = [sys.executable, "-c", code.replace("5000", str(port))]
    return subprocess.run(command, env=environ, capture_output=True, timeout=30, check=False).returncode == 0


def test_the_health_check_tells_well_from_ill_from_gone() -> None:
    with health_server(200) as port:
        assert healthy(port)
    with health_server(503) as ill:
        assert not healthy(ill)
    assert not healthy(port)


class Build:
    """The Dockerfile's steps, run in `root` in place of the container's root.

    Only the installation of packages is replaced: the packages are those of this Python.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.context = root / "context"
        self.environ = {"PATH": f"{self._shims()}:{Path(sys.executable).parent}:{os.environ['PATH']}"}
        self.folder = root
        self._copy_context()
        for name, rest in instructions():
            getattr(self, f"_{name.lower()}", lambda _: None)(rest)

    def inside(self, text: str) -> str:
        """Replace the container's paths."""
        return re.sub(r"(?<![\w./])/(?=(app|opt|project)\b)", f"{self.root}/image/", text)

    def _shims(self) -> Path:
        """Replace what only root may do."""
        shims = self.root / "shims"
        shims.mkdir()
        (shims / "useradd").write_text("#!/bin/sh\n")
        (shims / "install").write_text('#!/bin/sh\ntest "$1 $2 $4" = "-d -o -g" && shift 5 && exec mkdir -p "$@"\n')
        packages = sysconfig.get_paths()["purelib"]
        (shims / "pip").write_text(
            f"#!/bin/sh\ncd {self.root}/image/opt/parley/lib/python3*/site-packages && ln -s {packages}/* .\n"
        )
        for shim in shims.iterdir():
            shim.chmod(0o755)
        return shims

    def _copy_context(self) -> None:
        rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
        self.context.mkdir()
        for name in (rule[1:] for rule in rules if rule.startswith("!")):
            if (ROOT / name).is_dir():
                without = shutil.ignore_patterns("__pycache__", "node_modules", ".venv")
                shutil.copytree(ROOT / name, self.context / name, ignore=without)
            else:
                shutil.copy(ROOT / name, self.context / name)

    def _workdir(self, path: str) -> None:
        self.folder = Path(self.inside(path))
        self.folder.mkdir(parents=True, exist_ok=True)

    def _env(self, pairs: str) -> None:
        for name, _, value in (pair.partition("=") for pair in pairs.split()):
            self.environ[name] = self.inside(value.replace(f"${name}", self.environ.get(name, "")))

    def _copy(self, words: str) -> None:
        *sources, target = words.split()
        if sources[0].startswith("--from"):
            return
        for source in sources:
            path = self.context / source
            place = self.folder / target
            if path.is_dir():
                shutil.copytree(path, place)
            else:
                shutil.copy(path, place)

    def _run(self, script: str) -> None:
        subprocess.run(["sh", "-c", self.inside(script)], cwd=self.folder, env=self.environ, check=True)


def snapshot(folder: Path) -> dict[str, int]:
    """Return the files with the times of their changes, except files that the server may write."""
    files = (path for path in folder.rglob("*") if path.relative_to(folder).parts[0] not in ("data", "logs"))
    return {str(path): path.lstat().st_mtime_ns for path in files}


@pytest.mark.system
def test_the_steps_of_the_dockerfile_make_a_server(tmp_path: Path) -> None:
    """It starts, is healthy, writes nowhere but in its two folders, and ends on TERM."""
    build = Build(tmp_path)
    app = build.folder
    assert app == tmp_path / "image" / "app"
    assert (app / ".env").readlink() == tmp_path / "image/project/.env"
    assert list((app / "chat" / "__pycache__").glob("*.pyc"))
    before = snapshot(app)
    with HeldPort() as port:
        environ = build.environ | {"PORT": str(port.number), "HOST": "127.0.0.1", "WEB_CONCURRENCY": "1"}
        command = json.loads(last("CMD"))
        with subprocess.Popen(
            command, cwd=app, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        ) as server:
            try:
                wait_until(lambda: server.poll() is not None or healthy(port.number), "the server is healthy", 60)
                assert server.poll() is None
                arguments = Path(f"/proc/{server.pid}/cmdline").read_bytes()
                assert b"gunicorn" in arguments, "gunicorn is not the process that gets the signals"
                server.terminate()
                assert server.wait(60) == 0
            finally:
                server.kill()
    assert snapshot(app) == before
    assert (app / "data" / "chat.db").exists()
    _check_licences(tmp_path / "image" / "opt" / "parley" / "licences")


def _check_licences(folder: Path) -> None:
    for name in ("flask", "gunicorn", "gevent", "peewee", "openai", "psycopg", "redis"):
        folders = [each for each in folder.iterdir() if each.name.lower().startswith(f"{name}-")]
        assert folders, name
        files = {path.name for path in folders[0].iterdir()}
        assert "METADATA" in files
        assert len(files) > 1 or "License" in (folders[0] / "METADATA").read_text(encoding="utf-8"), name
