"""Every command of `docs/operations.md`, run in a copy of the program as an operator would run it.

A block of `bash` is run as it is. `bash server` starts a server, which stays. `bash elsewhere` needs other programs or
another machine: only its form is checked.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.paths import ROOT
from scripts.fake_llm import FakeLLM
from scripts.kit.server_runner import ServerRunner

DOCUMENT = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```bash ?(\w*)\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
ELSEWHERE = {"docker", "openssl", "git", "offline/bin/flask", "offline/bin/gunicorn"}
# Another of their kind takes long, or never ends.
QUICKER = {"tail -F": "tail -n 50"}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory, fake_llm: FakeLLM) -> Path:
    """Return a clone of the program, with a `.venv` that has its packages."""
    folder = tmp_path_factory.mktemp("operations") / "parley"
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    for name in filter(None, names):
        if not name.startswith(("tests/", "docs/images/")) and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    make_venv(folder)
    return folder


def make_venv(folder: Path) -> None:
    """Make a `.venv` like that of `scripts/venv`, with the packages of this Python instead of an installation."""
    venv = folder / ".venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    (site,) = venv.glob("lib/python*/site-packages")
    (site / "packages.pth").write_text(sysconfig.get_path("purelib") + "\n")
    for name in ("flask", "gunicorn"):
        (venv / "bin" / name).write_text(f'#!/bin/sh\nexec "{venv}/bin/python" -m {name} "$@"\n')
        (venv / "bin" / name).chmod(0o755)
    (venv / "installed").mkdir()
    shutil.copy2(folder / "requirements.txt", venv / "installed")


@pytest.fixture(scope="module")
def server(program: Path, fake_llm: FakeLLM) -> Iterator[ServerRunner]:
    """The server of the quick start, with its settings in `.env`."""
    ((_, command),) = [block for block in BLOCKS if block[0] == "server"]
    assert command == "./scripts/serve\n"
    runner = ServerRunner(program.parent, ("./scripts/serve",), program)
    (program / ".env").write_text(
        f"PORT={runner.port}\nWEB_CONCURRENCY=1\nOPENAI_BASE_URL={fake_llm.base_url}\n"
        "CHAT_MODEL=fake?tokens=20&gap=0.01\nTITLE_MODEL=none\n"
    )
    (program / ".env").chmod(0o600)
    with runner:
        yield runner


def run(script: str, server: ServerRunner) -> subprocess.CompletedProcess[str]:
    """Run a block in a shell with the `.venv` active, with the server's port in place of the usual one."""
    for slow, quick in QUICKER.items():
        script = script.replace(slow, quick)
    script = script.replace("http://localhost:5000", server.url)
    environ = {
        "PATH": f"{server.program}/.venv/bin:{os.environ['PATH']}",
        "HOME": os.environ.get("HOME", str(server.folder)),
        "VIRTUAL_ENV": str(server.program / ".venv"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONIOENCODING": "utf-8",
        "LANG": "C.UTF-8",
    } | {name: value for name, value in os.environ.items() if name.startswith(("PIP_", "SSL_", "REQUESTS_"))}
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=server.program, env=environ, capture_output=True, text=True,
        timeout=400, check=False,
    )  # fmt: skip


def one_package(program: Path) -> None:
    """Leave one small package in requirements.txt, so that the download is quick."""
    text = (program / "requirements.txt").read_text(encoding="utf-8")
    (block,) = re.findall(r"^blinker==.*?(?=^\S)", text, re.MULTILINE | re.DOTALL)
    (program / "requirements.txt").write_text("\n".join(line for line in block.split("\n") if "# via" not in line))


EXPECTED = {
    ".venv/bin/flask --app wsgi doctor": "ok   PAR030",
    "scripts/test_concurrent_users.py 10": "TRUE CONCURRENCY",
    "flask --app wsgi mode show": "Running: process",
    "parley_turns_total": 'status="completed"',
    "readyz?deep=1": '"model":"answers"',
    "tar -tzf": "parley-bundle/doctor.json",
    "db check": "is sound",
    "offline/bin/python -m pip install": "Successfully installed blinker",
}


def test_every_command_works(server: ServerRunner, program: Path) -> None:
    """Run the blocks in the document's order. EXPECTED has what a block must print."""
    missing = dict(EXPECTED)
    turn_logged = False
    for kind, script in BLOCKS:
        if kind:
            continue
        if not turn_logged:  # the logs of a server that nobody has asked have no turn
            assert run("python scripts/test_concurrent_users.py 1 --quiet", server).returncode == 0
            turn_logged = True
        if "pip download" in script:
            one_package(program)
        ended = run(script, server)
        assert ended.returncode == 0, (script, ended.stdout[-2000:], ended.stderr[-2000:])
        for command in [each for each in missing if each in script]:
            assert missing.pop(command) in ended.stdout, (script, ended.stdout, ended.stderr)
    assert missing == {}


def test_commands_for_elsewhere_have_the_form_of_commands() -> None:
    for kind, script in BLOCKS:
        assert kind in ("", "server", "elsewhere"), kind
        subprocess.run(["bash", "-n", "-c", script], check=True)
        if kind == "elsewhere":
            assert {line.split()[0] for line in script.splitlines()} <= ELSEWHERE, script


def test_the_settings_that_it_names_exist() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    named = set(re.findall(r"`([A-Z][A-Z_]+)(?:=[^`]*)?`", DOCUMENT))
    assert {name for name in named if f"{name}=" not in example} == set()


def test_the_codes_that_it_names_exist() -> None:
    explained = (ROOT / "docs/doctor.md").read_text(encoding="utf-8")
    assert {code for code in re.findall(r"`(PAR\d+)`", DOCUMENT) if f"| `{code}` |" not in explained} == set()


def test_the_list_of_licences_is_up_to_date() -> None:
    ended = subprocess.run(
        [sys.executable, "scripts/licences", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout
    assert "see its files" not in (ROOT / "docs/licences.md").read_text(encoding="utf-8")
