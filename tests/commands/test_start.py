"""Commands that prepare and start a server, and their messages when they fail.

They run as an operator runs them, in a copy of the program, so that a developer's `.env` has no effect.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from chat.commands.doctor.command import doctor
from scripts.kit.port import HeldPort

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program without the page's files."""
    folder = tmp_path_factory.mktemp("program")
    for name in ("wsgi.py", "gunicorn.gevent.py"):
        shutil.copy2(ROOT / name, folder)
    for name in ("chat", "config"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("static"))
    return folder


@pytest.fixture
def env_file(program: Path) -> Iterator[Path]:
    path = program / ".env"
    yield path
    path.unlink(missing_ok=True)


@pytest.fixture
def run(program: Path, tmp_path: Path) -> Run:
    """Return a function that runs a Python module in the program's folder, with settings in the environment."""

    def run(module: str, *arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "DATABASE_URL": f"sqlite:///{tmp_path}/chat.db",
            "DATA_DIR": str(tmp_path / "data"),
            "LOG_DIR": str(tmp_path / "logs"),
            "WEB_CONCURRENCY": "1",
        }
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=program,
            env=environ | {name: str(value) for name, value in settings.items()},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def migrate(run: Run) -> Run:
    return lambda **settings: run("flask", "--app", "wsgi", "db", "migrate", **settings)


@pytest.fixture
def serve(run: Run) -> Run:
    def serve(**settings: object) -> subprocess.CompletedProcess[str]:
        with HeldPort() as port:
            return run("gunicorn", "-c", "gunicorn.gevent.py", "wsgi:app", **({"PORT": port.number} | settings))

    return serve


def output_of(ended: subprocess.CompletedProcess[str]) -> str:
    """Return the whole output of a command, and check that it has no traceback."""
    output = ended.stdout + ended.stderr
    assert "Traceback" not in output, output
    return output


def refused(ended: subprocess.CompletedProcess[str], sentence: str) -> None:
    """Check that a command ended with one sentence and nothing else."""
    lines = [line for line in output_of(ended).splitlines() if "[INFO]" not in line]
    assert ended.returncode not in (0, None)
    assert len(lines) == 1, lines
    assert re.fullmatch(sentence, lines[0]), lines[0]


# flask --app wsgi db migrate


def test_migrating_makes_the_database_and_then_finds_it_up_to_date(migrate: Run, tmp_path: Path) -> None:
    first = migrate(DATABASE_URL=f"sqlite:///{tmp_path}/deep/er/chat.db")
    path = tmp_path / "deep" / "er" / "chat.db"
    assert (first.returncode, first.stderr) == (0, "")
    assert re.fullmatch(rf"{path}: 0001_\w+(, \d{{4}}_\w+)*\n", first.stdout)
    database = sqlite3.connect(path)
    tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    database.execute("INSERT INTO users (name, created_at) VALUES ('somebody', 0)")
    database.commit()
    assert {"users", "sessions", "conversations", "messages", "turns"} <= tables

    again = migrate(DATABASE_URL=f"sqlite:///{path}")
    assert (again.returncode, again.stdout, again.stderr) == (0, f"{path}: up to date\n", "")
    assert database.execute("SELECT count(*) FROM users WHERE name = 'somebody'").fetchone() == (1,)
    database.close()


def test_migrating_starts_nothing_else(migrate: Run, tmp_path: Path) -> None:
    assert migrate().returncode == 0
    assert {path.name.partition("-")[0] for path in tmp_path.iterdir()} == {"chat.db"}


@pytest.mark.parametrize("obstacle", ["a folder", "garbage", "no folder can be made"])
def test_a_database_that_cannot_be_migrated(migrate: Run, tmp_path: Path, obstacle: str) -> None:
    path = tmp_path / "chat.db"
    if obstacle == "a folder":
        path.mkdir()
    elif obstacle == "garbage":
        path.write_bytes(b"This is no database. " * 500)
    else:
        path = Path("/dev/null/chat.db")
    ended = migrate(DATABASE_URL=f"sqlite:///{path}")
    refused(ended, rf"Error: DATABASE_URL names {path}, which cannot be opened \(.+\); it takes .+\.")
    assert ended.returncode == 1


# A wrong setting


def test_a_wrong_setting_stops_the_command(migrate: Run, tmp_path: Path) -> None:
    ended = migrate(WEB_CONCURRENCY="many")
    refused(ended, r"parley: WEB_CONCURRENCY is 'many', but takes a whole number from 1 to 256\.")
    assert ended.returncode == 1
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_setting_stops_the_server(serve: Run, tmp_path: Path) -> None:
    ended = serve(USE_ASYNC_AGENT="yes")
    refused(ended, r"parley: USE_ASYNC_AGENT is 'yes', but takes true or false\.")
    assert list(tmp_path.iterdir()) == []


def test_a_setting_of_a_later_version_stops_the_server(serve: Run) -> None:
    ended = serve(REDIS_URL="redis://canary@localhost")
    refused(ended, r"parley: REDIS_URL is a value that is not shown, but takes redis://.+")
    assert "canary" not in output_of(ended)


def test_a_wrong_line_in_the_file_stops_the_server(serve: Run, env_file: Path) -> None:
    env_file.write_text('PORT=5000\nOPENAI_API_KEY="canary\n', encoding="utf-8")
    ended = serve()
    refused(ended, rf"parley: Line 2 of {env_file} cannot be read; it takes NAME=value\.")
    assert "canary" not in output_of(ended)


def test_a_wrong_value_in_the_file_stops_the_server_unless_the_environment_knows_better(
    serve: Run, env_file: Path
) -> None:
    env_file.write_text("THREADS=0\nLOG_LEVEL=LOUD\n", encoding="utf-8")
    refused(serve(), r"parley: THREADS is '0', but takes .+\.")
    refused(serve(THREADS=4), r"parley: LOG_LEVEL is 'LOUD', but takes .+\.")


# What the server needs


@pytest.mark.parametrize("flag", ["true", "false"])
def test_a_port_in_use(serve: Run, flag: str) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        ended = serve(PORT=port, USE_ASYNC_AGENT=flag)
    refused(
        ended,
        rf"parley: cannot listen on 127\.0\.0\.1:{port} \(Address already in use\); end what uses it, "
        rf"or choose another PORT \(PORT=\d+\) or HOST\.",
    )


def test_an_address_of_another_machine(serve: Run) -> None:
    refused(serve(HOST="192.0.2.1"), r"parley: cannot listen on 192\.0\.2\.1:\d+ \(.+\); .+\.")


def test_a_log_folder_that_cannot_be_written_to(serve: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = serve(LOG_DIR=tmp_path / "file" / "logs")
    refused(ended, rf"parley: LOG_DIR is '{tmp_path}/file/logs', but takes a folder that this user may write to\.")


@pytest.mark.parametrize("flag", ["true", "false"])
def test_a_database_that_cannot_be_opened(serve: Run, tmp_path: Path, flag: str) -> None:
    (tmp_path / "chat.db").mkdir()
    ended = serve(USE_ASYNC_AGENT=flag)
    assert ended.returncode not in (0, None)
    sentences = re.findall(r"parley: (.+)", output_of(ended))
    assert len(sentences) == 1, sentences
    assert re.fullmatch(
        rf"DATABASE_URL names {tmp_path}/chat\.db, which cannot be opened \(.+\); it takes .+\.", sentences[0]
    )


def test_a_data_folder_that_cannot_be_used(serve: Run, tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    ended = serve()
    assert ended.returncode not in (0, None)
    (sentence,) = re.findall(r"parley: (.+)", output_of(ended))
    assert re.fullmatch(rf"DATA_DIR is '{tmp_path}/data', but takes a folder .+\.", sentence)


def test_the_doctor_works_before_the_first_start(run: Run, tmp_path: Path) -> None:
    ended = run("flask", "--app", "wsgi", "doctor", "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    checks = json.loads(ended.stdout)["checks"]
    assert {"code", "subject", "level", "message", "remedy"} == set(checks[0])
    assert "fail" not in {check["level"] for check in checks}
    assert not (tmp_path / "data").exists()


def test_the_doctor_works_without_an_application(run: Run) -> None:
    ended = run("flask", "--app", "wsgi", "doctor", THREADS="many", SECRET_KEY="canary canary")
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "FAIL PAR010 settings: SECRET_KEY is a value that is not shown" in ended.stdout or "THREADS" in ended.stdout
    assert "canary" not in ended.stdout
    assert " 1 failed, " in ended.stdout


@pytest.mark.parametrize(
    "url",
    [
        "chat.example.com",
        "ftp://chat.example.com",
        "http://",
        "http://[::1",
        "http://chat:99999",
        "http://a b",
        "http://a?b",
    ],
)
def test_the_doctor_refuses_what_is_no_address(url: str) -> None:
    refused = CliRunner().invoke(doctor, ["--public-url", url])
    assert refused.exit_code == 2
    assert "begins with http:// or https://" in refused.output


def test_the_doctor_says_everything_once(run: Run) -> None:
    ended = run("flask", "--app", "wsgi", "doctor", REDIS_URL="redis://127.0.0.1:9")
    assert (ended.returncode, ended.stderr) == (1, "")
    assert ended.stdout.count("Connection refused") == 1
