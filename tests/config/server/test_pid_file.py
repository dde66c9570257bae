"""The process id of the server's master: never another process's, whatever the file says."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from config.paths import ROOT
from config.server import pid_file

from .ordinary_user import as_ordinary_user

MASTER = """
import os, sys
from pathlib import Path
from config.server.pid_file import OWN
OWN.acquire(Path(sys.argv[1]))
print("ready", flush=True)
for line in sys.stdin:
    if line == "fork\\n":
        child = os.fork()
        if not child:
            OWN.close()
            sys.stdin.readline()
            os._exit(0)
    if line == "release\\n":
        OWN.release()
    if line.startswith("take "):
        OWN.acquire(Path(line[5:].strip()))
    print("done", flush=True)
"""


class Running:
    def __init__(self, run_dir: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", MASTER, str(run_dir)],
            cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.pid = self.process.pid
        assert self._answer() == "ready\n"

    def do(self, what: str) -> None:
        assert self.process.stdin
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        assert self._answer() == "done\n"

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def _answer(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline()


@contextmanager
def master(run_dir: Path) -> Iterator[Running]:
    running = Running(run_dir)
    try:
        yield running
    finally:
        running.kill()
        for pipe in (running.process.stdin, running.process.stdout):
            with suppress(OSError):
                pipe.close()  # type: ignore[union-attr]


@pytest.fixture
def run_dir(tmp_path: Path) -> Path:
    return tmp_path / "data" / "run"


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_running_master_is_found_and_an_ended_one_is_not(run_dir: Path) -> None:
    assert pid_file.master(run_dir) is None
    with master(run_dir) as running:
        assert pid_file.master(run_dir) == running.pid
        assert (run_dir / "server.pid").read_text() == f"{running.pid}\n"
        assert names(run_dir) == ["server.pid"]
        running.do("release")
        assert names(run_dir) == []
        assert pid_file.master(run_dir) is None


def test_looking_does_not_unlock_it(run_dir: Path) -> None:
    with master(run_dir) as running:
        assert [pid_file.master(run_dir) for _ in range(3)] == [running.pid] * 3


def test_a_killed_master_is_not_found(run_dir: Path) -> None:
    with master(run_dir) as running:
        running.kill()
        assert (run_dir / "server.pid").exists()
        assert pid_file.master(run_dir) is None


def test_nor_is_one_whose_worker_lives_on(run_dir: Path) -> None:
    with master(run_dir) as running:
        running.do("fork")
        assert pid_file.master(run_dir) == running.pid
        (child,) = Path(f"/proc/{running.pid}/task/{running.pid}/children").read_text().split()
        running.kill()
        assert pid_file.master(run_dir) is None
        with suppress(ProcessLookupError):  # it ends by itself when its input does
            os.kill(int(child), signal.SIGKILL)


@pytest.mark.parametrize(
    "content",
    [f"{os.getpid()}\n", "1\n", "", "no number\n", "9" * 500],
    ids=["ours", "the first", "none", "no number", "a long one"],
)
def test_a_number_that_nobody_stands_for_is_nobodys(run_dir: Path, content: str) -> None:
    run_dir.mkdir(parents=True)
    (run_dir / "server.pid").write_text(content)
    assert pid_file.master(run_dir) is None
    with master(run_dir) as running:  # and it does not stop a start
        assert pid_file.master(run_dir) == running.pid


@pytest.mark.parametrize("content", ["1\n", "", "no number\n"])
def test_a_master_with_another_number_there_is_elsewhere(run_dir: Path, content: str) -> None:
    """Return process ids as in a container, which has its own."""
    with master(run_dir):
        (run_dir / "server.pid").write_text(content)
        with pytest.raises(pid_file.ServerElsewhere):
            pid_file.master(run_dir)


def test_the_later_of_two_is_found_and_stays_when_the_earlier_ends(run_dir: Path) -> None:
    """One server still finishes its last answers, and its successor has started."""
    with master(run_dir) as earlier, master(run_dir) as later:
        assert pid_file.master(run_dir) == later.pid
        earlier.do("release")
        assert pid_file.master(run_dir) == later.pid


def test_it_moves_with_the_folder(run_dir: Path, tmp_path: Path) -> None:
    with master(run_dir) as running:
        running.do(f"take {tmp_path}/other")
        assert pid_file.master(run_dir) is None
        assert names(run_dir) == []
        assert pid_file.master(tmp_path / "other") == running.pid


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "data").touch()
    assert pid_file.master(tmp_path / "data" / "run") is None
    with pytest.raises(OSError):
        pid_file.PidFile().acquire(tmp_path / "data" / "run")


def test_a_folder_that_is_closed_to_this_user(run_dir: Path) -> None:
    run_dir.mkdir(parents=True)
    (run_dir / "server.pid").touch()
    run_dir.chmod(0)
    with as_ordinary_user(), pytest.raises(PermissionError):
        pid_file.master(run_dir)
    run_dir.chmod(0o700)
