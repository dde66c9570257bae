"""Files for installation: locks, the example of settings, scripts."""

from __future__ import annotations

import ast
import base64
import hashlib
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from dataclasses import fields
from pathlib import Path

import pytest

from config.settings import Settings, load

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = [
    *("scripts/venv", "scripts/serve", "scripts/test", "scripts/requirements", "scripts/upstreams"),
    *("scripts/check-browser-code", "scripts/check-deployment", ".ci/run"),
]
LOCKS = ["requirements", "requirements-dev", "tests/upstreams/requirements", "tests/deploy/requirements"]


# .env.example


def uncommented(text: str) -> dict[str, str]:
    pairs = re.findall(r"^# ([A-Z][A-Z0-9_]*)=(.*)$", text, re.MULTILINE)
    assert len(pairs) == len(dict(pairs)), "a setting stands twice in .env.example"
    return dict(pairs)


def test_a_copy_of_the_example_changes_nothing() -> None:
    assert load({}, ROOT / ".env.example") == Settings()


def test_the_example_shows_every_setting_at_its_default(tmp_path: Path) -> None:
    listed = uncommented((ROOT / ".env.example").read_text(encoding="utf-8"))
    defaults = {field.metadata["name"]: field.default for field in fields(Settings)}
    assert set(listed) == set(defaults)
    assert {name for name, text in listed.items() if text} == {name for name, value in defaults.items() if value}

    env_file = tmp_path / ".env"
    env_file.write_text("".join(f"{name}={text}\n" for name, text in listed.items()), encoding="utf-8")
    assert load({}, env_file) == Settings()


# requirements


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements_in(path: str) -> set[str]:
    """Return the packages that an .in file names."""
    lines = (ROOT / path).read_text(encoding="utf-8").splitlines()
    return {normal(re.split(r"[\[=<>~! ]", line)[0]) for line in lines if line and line[0] not in "#-"}


def locked(path: str) -> dict[str, str]:
    """Return the lock's versions by package. Every line must be a comment or a pin with hashes."""
    text = re.sub(r"\\\n", " ", (ROOT / path).read_text(encoding="utf-8"))
    pins = {}
    for line in text.splitlines():
        if line.lstrip().startswith("#"):
            continue
        pin = re.fullmatch(r"([A-Za-z0-9._-]+)==(\S+)( +; [^#]+?)?( +--hash=sha256:[0-9a-f]{64})+", line.rstrip())
        assert pin, f"{path} has a line that is no pin with hashes: {line[:120]}"
        pins[normal(pin[1])] = pin[2]
    return pins


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_pins_and_hashes_all_that_is_asked_for(name: str) -> None:
    assert requirements_in(f"{name}.in") <= set(locked(f"{name}.txt"))


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_place_to_install_from(name: str) -> None:
    text = (ROOT / f"{name}.txt").read_text(encoding="utf-8")
    assert not re.search(r"://|index-url|find-links|trusted-host", text)


@pytest.mark.parametrize("folder", ["scripts/browser", "tests/upstreams"])
def test_an_npm_lock_pins_hashes_and_names_no_place(folder: str) -> None:
    text = (ROOT / folder / "package-lock.json").read_text(encoding="utf-8")
    packages = json.loads(text)["packages"]
    assert all(each["integrity"].startswith("sha512-") for path, each in packages.items() if path)
    assert '"resolved"' not in text


def test_tests_run_with_the_servers_versions() -> None:
    server, development = locked("requirements.txt"), locked("requirements-dev.txt")
    shared = server.keys() & development.keys()
    assert {name: server[name] for name in shared} == {name: development[name] for name in shared}


def imported_packages(files: list[Path]) -> set[str]:
    """Return the installed distributions that these files import, without our own and the standard library."""
    modules: set[str] = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                modules |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                modules.add(node.module.split(".")[0])
    distributions = importlib.metadata.packages_distributions()
    foreign = modules - set(sys.stdlib_module_names) - {"chat", "config", "scripts", "wsgi"}
    return {normal(distributions[module][0]) for module in foreign if module in distributions}


def server_files() -> list[Path]:
    return [
        *(ROOT / "chat").rglob("*.py"),
        *(ROOT / "config").rglob("*.py"),
        *(ROOT / "scripts").rglob("*.py"),
        ROOT / "wsgi.py",
        ROOT / "gunicorn.gevent.py",
    ]


def test_all_that_the_server_imports_is_locked() -> None:
    assert imported_packages(server_files()) <= set(locked("requirements.txt"))


def test_nothing_is_asked_for_that_the_server_does_not_use() -> None:
    runs_the_code = {"gunicorn", "gevent"}  # whether or not the code imports it
    assert requirements_in("requirements.in") <= imported_packages(server_files()) | runs_the_code


# scripts


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_is_executable_and_sound(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["bash", "-n", str(ROOT / script)], check=True)


@pytest.mark.parametrize("script", ["scripts/serve", "scripts/test"])
def test_help_needs_no_preparation(script: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    result = subprocess.run([tmp_path / script, "--help"], cwd="/", capture_output=True, text=True, check=True)
    assert result.stdout.startswith("usage: ./scripts/")
    assert not (tmp_path / ".venv").exists()


def wheel(folder: Path, version: str) -> str:
    """Write a wheel of the package `probe` and return the line of a lock that pins it."""
    info = f"probe-{version}.dist-info"
    members = {
        "probe.py": f"VERSION = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: probe\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip('=')},\n"
        for name, text in members.items()
    )
    path = folder / f"probe-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in {**members, f"{info}/RECORD": record + f"{info}/RECORD,,\n"}.items():
            archive.writestr(name, text)
    return f"probe=={version} --hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"


class Clone:
    """A folder with scripts/venv and a lock that pins one local package, whose wheels lie in `wheels`."""

    def __init__(self, folder: Path, wheels: Path) -> None:
        self.folder = folder
        self.wheels = wheels
        (folder / "scripts").mkdir(parents=True)
        shutil.copy(ROOT / "scripts/venv", folder / "scripts/venv")
        self.pin("1.0")

    def pin(self, version: str) -> None:
        (self.folder / "requirements.txt").write_text(wheel(self.wheels, version))

    def start(self, **environ: str) -> subprocess.Popen[str]:
        offline = {
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "PYTHON": sys.executable,
        }
        return subprocess.Popen(
            [self.folder / "scripts/venv", "requirements.txt"],
            cwd="/",
            env={**os.environ, **offline, **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def prepare(self, **environ: str) -> tuple[int, str, str]:
        process = self.start(**environ)
        out, err = process.communicate(timeout=120)
        return process.returncode, out, err

    def probe(self) -> str:
        command = [self.folder / ".venv/bin/python", "-c", "import probe; print(probe.VERSION)"]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.system
def test_an_environment_is_made_once_renewed_and_repaired(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "a clone", tmp_path)
    both = [clone.start(), clone.start()]
    output = "".join(process.communicate(timeout=120)[0] for process in both)
    assert [process.returncode for process in both] == [0, 0]
    assert output.count("Making .venv") == output.count("Installing requirements.txt") == 1
    assert clone.probe() == "1.0"

    assert clone.prepare() == (0, "", "")

    clone.pin("1.1")
    code, out, _ = clone.prepare()
    assert (code, out) == (0, "Installing requirements.txt ...\n")
    assert clone.probe() == "1.1"

    other_hash = re.sub("[0-9a-f]{64}", "0" * 64, wheel(tmp_path, "1.2"))
    (clone.folder / "requirements.txt").write_text(other_hash)
    code, _, err = clone.prepare()
    assert code == 1
    assert "HASHES" in err
    assert err.rstrip().endswith("Could not install requirements.txt; the reason is above.")

    clone.pin("1.1")
    code, out, _ = clone.prepare()
    assert code == 0
    assert "Making .venv" in out, "what an installation that failed has left is not trusted"
    assert clone.probe() == "1.1"


def test_a_python_that_will_not_do_is_named(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "clone", tmp_path)
    code, out, err = clone.prepare(PYTHON="/no/such/python")
    assert (code, out) == (1, "")
    assert err == "PYTHON is '/no/such/python', which is not a Python 3.11 or later that runs.\n"


def test_a_python_without_venv_says_what_to_install(tmp_path: Path) -> None:
    clone = Clone(tmp_path / "clone", tmp_path)
    python = tmp_path / "python3"
    python.write_text(f'#!/bin/sh\ncase "$2" in *ensurepip*) exit 1 ;; esac\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    code, _, err = clone.prepare(PYTHON=str(python))
    assert code == 1
    assert "apt install python3-venv" in err
    assert not (clone.folder / ".venv").exists()
