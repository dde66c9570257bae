"""Workers of one server among each other, in either kind: see test_mode.py.

The peers are real processes: children that listen, publish, and die.
"""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chat.cluster.contract import Unreachable
from chat.cluster.peers import Peers

from .peer_process import PeerProcess

Request = dict[str, Any]


@pytest.fixture
def short() -> Iterator[Path]:
    """Yield a folder with a short path, because the address of a socket has at most 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="peers", dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture
def run_dir(short: Path) -> Path:
    return short / "run"


@pytest.fixture
def peer(run_dir: Path) -> Iterator[PeerProcess]:
    with PeerProcess(run_dir) as started:
        yield started


@pytest.fixture
def listen(run_dir: Path) -> Iterator[Callable[..., Peers]]:
    """Return a function that makes this process a worker that answers: `listen(handler)`."""
    listening: list[Peers] = []

    def start(handler: Callable[[Request], Any], folder: Path = run_dir) -> Peers:
        peers = Peers(folder)
        peers.listen(handler)
        listening.append(peers)
        return peers

    yield start
    for peers in listening:
        peers.close()


def echo(request: Request) -> Iterator[bytes]:
    yield json.dumps(request).encode()


def ask(peers: Peers, worker: str | None = None, timeout_s: float = 10, **request: Any) -> bytes:
    return b"".join(peers.ask(worker or peers.name, request, timeout_s))


# Asking


def test_asking(listen: Callable[..., Peers]) -> None:
    peers = listen(echo)
    assert peers.name == f"{socket.gethostname()}:{os.getpid()}"
    assert json.loads(ask(peers, follow=5, after=0, text="Zürich\n\u2028")) == {
        "follow": 5,
        "after": 0,
        "text": "Zürich\n\u2028",
    }


def test_asking_another_process(run_dir: Path, peer: PeerProcess) -> None:
    assert ask(Peers(run_dir), peer.name, say="hello") == b"you said hello"


def test_an_answer_comes_as_it_is_made(listen: Callable[..., Peers]) -> None:
    more = threading.Event()

    def slowly(_request: Request) -> Iterator[bytes]:
        yield b"first"
        assert more.wait(20)
        yield b"second"

    peers = listen(slowly)
    answer = peers.ask(peers.name, {}, 20)
    assert next(answer) == b"first"
    more.set()
    assert b"".join(answer) == b"second"


def test_a_large_answer(listen: Callable[..., Peers]) -> None:
    peers = listen(lambda request: [b"x" * 1_000_000] * 5)
    assert len(ask(peers)) == 5_000_000


def test_many_at_once(listen: Callable[..., Peers]) -> None:
    all_here = threading.Barrier(30)

    def together(request: Request) -> Iterator[bytes]:
        all_here.wait(20)
        yield b"%d" % request["number"]

    peers = listen(together)
    answers: list[bytes] = []
    askers = [
        threading.Thread(target=lambda number=number: answers.append(ask(peers, number=number, timeout_s=20)))
        for number in range(30)
    ]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join(30)
    assert sorted(answers) == sorted(b"%d" % number for number in range(30))


# Whom nobody can ask


@pytest.mark.parametrize(
    "worker", ["", ":", "elsewhere:1", "{host}", "{host}:", "{host}:x", "{host}:-1", "{host}:999999999"]
)
def test_a_worker_that_is_none(run_dir: Path, worker: str) -> None:
    with pytest.raises(Unreachable):
        ask(Peers(run_dir), worker.format(host=socket.gethostname()))


def test_a_worker_that_was_killed(run_dir: Path, peer: PeerProcess) -> None:
    peer.kill()
    assert (run_dir / f"{peer.pid}.sock").exists()
    with pytest.raises(Unreachable):
        ask(Peers(run_dir), peer.name, say="hello")


def test_a_worker_that_dies_while_it_answers_ends_its_answer(run_dir: Path, peer: PeerProcess) -> None:
    said = b""
    try:
        for chunk in Peers(run_dir).ask(peer.name, {"say": "die"}, 20):
            said += chunk
    except Unreachable:
        pass
    assert said in (b"", b"you said die")
    assert peer.process.wait(20) == 9


def test_a_worker_that_falls_silent(listen: Callable[..., Peers]) -> None:
    go_on = threading.Event()

    def silent(_request: Request) -> Iterator[bytes]:
        yield b"first"
        go_on.wait(20)
        yield b"second"

    peers = listen(silent)
    answer = peers.ask(peers.name, {}, 0.05)
    assert next(answer) == b"first"
    with pytest.raises(Unreachable):
        next(answer)
    go_on.set()


# Whoever asks badly


def raw(run_dir: Path, sent: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        connection.connect(str(run_dir / f"{os.getpid()}.sock"))
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while chunk := connection.recv(4096):
            answer += chunk
        return answer


@pytest.mark.parametrize(
    "sent", [b"", b"\n", b"{", b"{\n", b"\xff\n", b"[\n", b'"x' + b"x" * 8000, b"x" * 4096, b"[" * 4000 + b"\n"]
)
def test_what_is_no_request_is_answered_with_nothing(
    run_dir: Path, listen: Callable[..., Peers], sent: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    peers = listen(echo)
    try:
        assert raw(run_dir, sent) == b""
    except ConnectionResetError:  # it was too long to be read to its end
        assert len(sent) >= 4096
    assert ask(peers, n=1) == b'{"n": 1}'
    assert capfd.readouterr() == ("", "")


def test_a_handler_that_fails_ends_its_own_answer_only(listen: Callable[..., Peers]) -> None:
    def fails(request: Request) -> Iterator[bytes]:
        yield b"so f"
        yield request["missing"]

    peers = listen(fails)
    assert ask(peers) == b"so f"
    assert ask(peers, missing="") == b"so f"
    assert ask(peers) == b"so f"


def test_whoever_leaves_in_the_middle_ends_the_handler(listen: Callable[..., Peers]) -> None:
    ended = threading.Event()

    def endless(_request: Request) -> Iterator[bytes]:
        try:
            while True:
                yield b"x" * 100_000
        finally:
            ended.set()

    peers = listen(endless)
    answer = peers.ask(peers.name, {}, 20)
    next(answer)
    answer.close()
    assert ended.wait(20)


# Files


def test_nobody_else_may_ask_or_read(run_dir: Path, listen: Callable[..., Peers]) -> None:
    listen(echo)
    assert stat.S_IMODE(run_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE((run_dir / f"{os.getpid()}.sock").stat().st_mode) == 0o600


def test_what_a_dead_worker_of_the_same_number_left_is_no_hindrance(
    run_dir: Path, listen: Callable[..., Peers]
) -> None:
    run_dir.mkdir()
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(run_dir / f"{os.getpid()}.sock"))
    left.close()
    assert ask(listen(echo), n=1) == b'{"n": 1}'


def test_closing_takes_everything_along(run_dir: Path, listen: Callable[..., Peers]) -> None:
    peers = listen(echo)
    peers.publish({"pid": os.getpid()})
    peers.close()
    assert list(run_dir.iterdir()) == []
    assert not [thread for thread in threading.enumerate() if thread.name == "peers"]
    with pytest.raises(Unreachable):
        ask(peers)


def test_closing_twice_or_without_having_listened(run_dir: Path) -> None:
    peers = Peers(run_dir)
    peers.close()
    peers.listen(echo)
    peers.close()
    peers.close()


# Long paths


def folder_for(base: Path, length: int) -> Path:
    """Return a folder in which the absolute path of this process's socket has so many bytes."""
    room = length - len(str(base)) - len(f"//{os.getpid()}.sock")
    return base / ("d" * room)


def test_a_path_that_just_fits(short: Path, listen: Callable[..., Peers], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    folder = folder_for(short, 107)
    peers = listen(echo, folder)
    assert len(os.fsencode(folder / f"{os.getpid()}.sock")) == 107
    assert ask(peers, n=1) == b'{"n": 1}'
    peers.close()


def test_a_path_that_is_short_from_here(
    tmp_path: Path, listen: Callable[..., Peers], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_for(tmp_path, 200)
    folder.mkdir()
    monkeypatch.chdir(folder)
    peers = listen(echo, folder)
    assert ask(peers, n=1) == b'{"n": 1}'
    peers.close()


def test_a_path_that_is_too_long_is_an_error_of_the_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """chat/services.py turns the error into a sentence: see test_services.py."""
    monkeypatch.chdir("/")
    peers = Peers(folder_for(tmp_path, 200))
    with pytest.raises(OSError, match="too long"):
        peers.listen(echo)
    peers.close()


def test_a_folder_that_cannot_be_made_is_one_too(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"Not a directory|File exists"):
        Peers(tmp_path / "file" / "run").listen(echo)


def test_who_is_known_to_have_ended(tmp_path):
    peers = Peers(tmp_path)
    assert not peers.is_gone(peers.name)
    ended = subprocess.Popen(["true"])
    ended.wait()
    here, _, _ = peers.name.rpartition(":")
    assert peers.is_gone(f"{here}:{ended.pid}")
    assert not peers.is_gone(f"{here}-elsewhere:{ended.pid}")
    assert not peers.is_gone("nonsense")
