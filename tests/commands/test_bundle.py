"""`flask --app wsgi bundle FILE`: what it contains, and that nothing of users or secrets is in it.

`BUNDLES` in the environment sets the number of random bundles: 1000 are made in half a minute.
"""

from __future__ import annotations

import json
import os
import random
import stat
import string
import tarfile
from pathlib import Path
from typing import Any

import pytest

from chat.commands.bundle import log_lines
from chat.commands.bundle.command import write
from chat.commands.bundle.contents import members
from chat.commands.doctor.installation import Installation
from chat.commands.doctor.run_checks import Line, run_checks
from chat.errors import MaintenanceRefused

BUNDLES = int(os.environ.get("BUNDLES", "40"))
ALPHABET = string.ascii_letters + string.digits + "-_.~!$&+=@:/ äö漢"
SECRET_NAMES = ("OPENAI_API_KEY", "SECRET_KEY", "ADMIN_TOKEN")


def canary(dice: random.Random, kind: str) -> str:
    """A text that occurs nowhere else."""
    core = "".join(dice.choices(string.ascii_letters, k=10))
    match kind:
        case "key":
            return f"sk-{core}{dice.randrange(10**9)}"
        case "password":
            return core + "".join(dice.choices(string.ascii_letters + "!$&+-_.~", k=12))
        case "hex":
            return f"{core}{dice.getrandbits(120):x}"
        case _:
            words = ["".join(dice.choices(ALPHABET, k=dice.randint(2, 9))) for _ in range(4)]
            return f"{core} {' '.join(words)}"


class Planted:
    """An installation with a canary in every possible place. `all` has the texts that the bundle must not contain."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.dice = random.Random(seed)
        self.all: list[str] = []
        self.folder = folder
        (folder / "logs").mkdir(parents=True)
        (folder / "data/run").mkdir(parents=True)
        self.logs()
        self.reports()
        self.settings()

    def new(self, kind: str = "text") -> str:
        value = canary(self.dice, kind)
        self.all.append(value)
        return value

    def logs(self) -> None:
        at = "2026-11-29T03:16:13.333Z"
        text, word = self.new(), self.new("hex")
        lines = [
            f"{at} WARNING [77] chat.turns.runner request={word} conversation=5 turn=9: Turn 9: model_rejected: {text}",
            f"{at} ERROR [77] chat.web.errors request=0123456789abcdef: GET /api/{self.new('hex')} failed",
            f'    File "/home/{self.new("hex")}/parley/chat/turns/runner.py", line 12, in _run',
            f'    File "/srv/{self.new("hex")}.py", line 12, in {self.new("hex")}',
            f"    {self.new()}",
            f"    ValueError: invalid literal for int() with base 10: {self.new()!r}",
            f"    {self.new('hex')}.KeyError: {self.new()!r}",
            f"{at} INFO [77] chat.turns.runner: {self.new()}",
            f"{at} INFO [77] chat.{self.new('hex').lower()}: {self.new()}",
            f"{self.new()} INFO [77] chat.app: x",
            self.new(),
            f"{at} INFO [77] chat.turns.titles: No title for conversation 7: {self.new()}",
            json.dumps({
                "at": at, "level": "ERROR", "pid": 7, "logger": "chat.agent.toolbox", "request": self.new("hex"),
                "turn": 3, "message": f"The tool {self.new()} failed",
                "exception": f"Traceback\n{self.new()}\nKeyError",
                self.new("hex"): self.new(),
            }),
            "{" + self.new(),
        ]  # fmt: skip
        (self.folder / "logs/app.log").write_text("\n".join(lines) + "\n", encoding="utf-8")
        access = [
            f'[29/Nov/2026:03:16:13 +0000] {self.new("hex")} "GET /s/{self.new("hex")} HTTP/1.1" 200 51B 0.004s <7> '
            f'"{self.new()}" {self.new("hex")}',
            json.dumps({"at": self.new(), "host": self.new(), "method": self.new(), "path": f"/{self.new()}",
                        "status": 200, "bytes": 5,
                        "duration_s": 0.1, "pid": "<7>", "agent": self.new(), "request": self.new()}),
            self.new(),
        ]  # fmt: skip
        (self.folder / "logs/access.log").write_text("\n".join(access) + "\n", encoding="utf-8")

    def reports(self) -> None:
        report = {
            "pid": os.getpid(), "mode": "async", "host": self.new("hex"), "server": self.new("hex"), "rss_bytes": 5,
            "title": self.new(), self.new(): 1, "worker_class": self.new(),
            "conversations": [{"id": 7, "title": self.new(), "bytes": 3}],
            "blocked": [{"at": self.new(), "ms": 120, "where": self.new()},
                        {"at": "x", "ms": 130, "where": "chat/agent/loop.py:12 answer"}],
        }  # fmt: skip
        (self.folder / f"data/run/{os.getpid()}.json").write_text(json.dumps(report))

    def settings(self) -> None:
        self.environ = {
            "DATABASE_URL": f"sqlite:///{self.folder}/{self.new('hex')}.db",
            "DATA_DIR": str(self.folder / "data"),
            "LOG_DIR": str(self.folder / "logs"),
            "OPENAI_BASE_URL": f"http://{self.new('hex')}:{self.new('hex')}@{self.new('hex')}.example/v1",
            "REDIS_URL": f"redis://:{self.new('hex')}@127.0.0.1:9/0",
            "AWS_SECRET_ACCESS_KEY": self.new("key"),
            "HOME": f"/home/{self.new('hex')}",
            "SOMETHING": self.new(),
        }
        lines = [f"{name}={self.new('password' if name != 'OPENAI_API_KEY' else 'key')}" for name in SECRET_NAMES]
        lines += [f"GREETING={self.new('hex')}", f"STARTERS={self.new('hex')}", f"OTHER='{self.new('hex')}'"]
        lines += [f"TITLE_MODEL={self.new('hex')}", f"ALLOWED_HOSTS={self.new('hex').lower()}.example"]
        if self.dice.random() < 0.2:  # so that the settings are refused, with a canary in the value
            lines += [f"THREADS={self.new('hex')}"]
        (self.folder / ".env").write_text("\n".join(lines) + "\n", encoding="utf-8")

    @property
    def installation(self) -> Installation:
        return Installation(environ=self.environ, env_file=self.folder / ".env")

    def lines(self) -> list[Line]:
        """Return findings of a doctor that contain canaries."""
        codes = ("PAR010", "PAR013", "PAR030", "PAR050", "PAR060", "PAR070", "PAR080")
        return [Line(code, "subject", "fail", self.new(), self.new()) for code in codes]


def test_no_canary_is_in_any_bundle(tmp_path: Path) -> None:
    for number in range(BUNDLES):
        planted = Planted(tmp_path / str(number), number)
        content = b"".join(part for _, part in members(planted.installation, planted.lines())).decode()
        leaks = [each for each in planted.all if each in content or each[:10] in content]
        assert leaks == [], (number, leaks)
        assert content.count('"conversation": 5') == (0 if '"invalid"' in content else 1)


def test_what_helps_is_in_it(tmp_path: Path) -> None:
    planted = Planted(tmp_path / "parley", 1)
    bundled = {
        name: part.decode() for name, part in members(planted.installation, list(run_checks(planted.installation)))
    }
    assert set(bundled) == {
        "doctor.json", "versions.json", "settings.json", "workers.json", "blocked.json", "app.log.jsonl",
        "access.log.jsonl",
    }  # fmt: skip
    assert not [each for each in planted.all if each in "".join(bundled.values())]
    settings = json.loads(bundled["settings.json"])
    assert settings["THREADS"] == {"default": True, "value": 8}
    assert settings["ADMIN_TOKEN"] == {"default": False}
    assert settings["OPENAI_BASE_URL"] == {"default": False, "scheme": "http"}
    assert json.loads(bundled["blocked.json"])[1]["where"] == "chat/agent/loop.py:12 answer"
    (worker,) = json.loads(bundled["workers.json"])
    assert (worker["mode"], worker["rss_bytes"], worker["conversations"]) == ("async", 5, [{"id": 7, "bytes": 3}])
    records = [json.loads(line) for line in bundled["app.log.jsonl"].splitlines()]
    assert records[0]["message"] == "Turn 9: model_rejected: …"
    assert (records[0]["conversation"], records[0]["turn"], records[0]["logger"]) == (5, 9, "chat.turns.runner")
    assert records[2]["traceback"] == "chat/turns/runner.py:12 _run"
    assert "ValueError" in [record.get("traceback") for record in records]
    access = [json.loads(line) for line in bundled["access.log.jsonl"].splitlines()]
    assert (access[0]["path"], access[0]["status"]) == ("/s/…", 200)


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("🚀 Using ASYNC agent for conversation 12", "🚀 Using ASYNC agent for conversation 12"),
        ("Turn 5 is interrupted: its worker has gone", "Turn 5 is interrupted: its worker has gone"),
        ("Turn Five Tom is interrupted: its worker has gone", "Turn … is interrupted: its worker has gone"),
        ("anything else", "…"),
        ("", "…"),
    ],
)
def test_messages(message: str, expected: str) -> None:
    assert log_lines.sentence(message) == expected


def test_the_file(tmp_path: Path) -> None:
    path = tmp_path / "bundle.tar.gz"
    write(path, [("a.json", b"{}")])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with tarfile.open(path) as archive:
        (member,) = archive.getmembers()
        assert (member.name, member.mode) == ("parley-bundle/a.json", 0o600)
    with pytest.raises(MaintenanceRefused, match="exists already"):
        write(path, [("b.json", b"{}")])

    def broken() -> Any:
        yield "a.json", b"{}"
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write(tmp_path / "other.tar.gz", broken())
    assert [each.name for each in tmp_path.iterdir()] == ["bundle.tar.gz"]


def test_a_secret_that_is_a_usual_word_spoils_nothing(tmp_path: Path) -> None:
    planted = Planted(tmp_path / "parley", 2)
    planted.environ |= {"COOKIE_CONSENT": "true", "ADMIN_TOKEN": "false", "AUTH_TYPE": "level"}
    for name, content in members(planted.installation, list(run_checks(planted.installation, []))):
        for line in content.decode().splitlines() if name.endswith("l") else [content]:
            json.loads(line)
