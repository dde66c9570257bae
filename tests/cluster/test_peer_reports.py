"""Reports that workers write for each other, in either kind: see test_mode.py."""

from __future__ import annotations

import json
import os
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chat.cluster.peers import Peers, Presence

from .peer_process import PeerProcess


@pytest.fixture
def run_dir() -> Iterator[Path]:
    """Return a folder with a short path, for the reason in test_peers.py."""
    with tempfile.TemporaryDirectory(prefix="peers", dir="/tmp") as folder:
        yield Path(folder) / "run"


@pytest.fixture
def peer(run_dir: Path) -> Iterator[PeerProcess]:
    with PeerProcess(run_dir) as started:
        yield started


def test_reports_of_all_who_live(run_dir: Path, peer: PeerProcess) -> None:
    me = Peers(run_dir)
    me.publish({"pid": os.getpid(), "word": "Zürich"})
    assert sorted(me.reports(), key=lambda report: report["pid"] != os.getpid()) == [
        {"pid": os.getpid(), "word": "Zürich", "stale": False},
        {"pid": peer.pid, "from": "a peer", "stale": False},
    ]
    peer.end()
    assert [report["pid"] for report in me.reports()] == [os.getpid()]


def test_a_disk_that_does_not_answer_holds_nobody_else_up(run_dir: Path) -> None:
    me = Peers(run_dir)
    me.publish({"pid": os.getpid(), "number": 1})
    held_up = run_dir / f"{os.getpid()}.tmp"
    os.mkfifo(held_up)  # opening it waits in C for its other end, as a busy disk does
    publishing = threading.Thread(target=me.publish, args=({"pid": os.getpid(), "number": 2},))
    publishing.start()
    assert [report["number"] for report in me.reports()] == [1]
    assert publishing.is_alive()
    with held_up.open("rb") as other_end:
        publishing.join(20)
        assert json.loads(other_end.read())["number"] == 2


def test_the_last_report_counts(run_dir: Path) -> None:
    me = Peers(run_dir)
    for number in range(3):
        me.publish({"pid": os.getpid(), "number": number})
    assert [report["number"] for report in me.reports()] == [2]


def test_who_was_killed_is_forgotten(run_dir: Path, peer: PeerProcess) -> None:
    me = Peers(run_dir)
    assert len(me.reports()) == 1
    peer.kill()
    assert me.reports() == []
    assert list(run_dir.iterdir()) == []


def aged(run_dir: Path, pid: int, age_s: float) -> None:
    """Set the age of a report."""
    path = run_dir / f"{pid}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"published": time.monotonic() - age_s}))


def test_who_has_not_reported_for_a_while_is_stale(run_dir: Path, peer: PeerProcess) -> None:
    for age_s, stale in ((0, False), (8, True), (60, True)):
        aged(run_dir, peer.pid, age_s)
        assert [report["stale"] for report in Peers(run_dir).reports()] == [stale]


def test_one_that_reports_no_more_can_still_be_asked(run_dir: Path, peer: PeerProcess) -> None:
    aged(run_dir, peer.pid, 3600)
    assert Peers(run_dir).reports() == []
    assert b"".join(Peers(run_dir).ask(peer.name, {"say": "hello"}, 20)) == b"you said hello"


@pytest.mark.parametrize("jump_s", [-3600, 3600])
def test_a_wall_clock_that_jumps_makes_no_report_older(run_dir: Path, peer: PeerProcess, jump_s: float) -> None:
    then = time.time() + jump_s
    os.utime(run_dir / f"{peer.pid}.json", (then, then))
    assert [report["stale"] for report in Peers(run_dir).reports()] == [False]


def test_whose_process_lives_is_here_until_it_ends(run_dir: Path, peer: PeerProcess) -> None:
    me = Peers(run_dir)
    assert me.presence(peer.name) is Presence.HERE
    peer.kill()
    assert me.presence(peer.name) is Presence.GONE


def test_a_process_number_that_has_gone_to_somebody_else(run_dir: Path, peer: PeerProcess) -> None:
    me = Peers(run_dir)
    path = run_dir / f"{peer.pid}.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"process_began": 1}))
    assert me.presence(peer.name) is Presence.GONE
    path.unlink()
    assert me.presence(peer.name) is Presence.UNKNOWN


@pytest.mark.parametrize("name", ["elsewhere:1", "", ":", "x", f"{socket.gethostname()}:", f"{socket.gethostname()}:x"])
def test_who_is_on_another_machine_cannot_be_seen(run_dir: Path, name: str) -> None:
    assert Peers(run_dir).presence(name) is Presence.UNKNOWN


@pytest.mark.parametrize(
    "garbage", [b"", b"{", b"[]", b"7", b"null", b"{}", b'{"pid": 1}', b"\xff", b"[" * 100_000, b"9" * 5000]
)
def test_what_is_no_report_is_passed_over(run_dir: Path, peer: PeerProcess, garbage: bytes) -> None:
    me = Peers(run_dir)
    (run_dir / f"{os.getpid()}.json").write_bytes(garbage)
    assert [report["pid"] for report in me.reports()] == [peer.pid]


def test_files_of_other_names_are_passed_over(run_dir: Path) -> None:
    run_dir.mkdir()
    for name in ("x.json", "1.5.json", "-1.json", f"{'9' * 30}.json", f"{os.getpid()}.tmp", ".json", "1.sock"):
        (run_dir / name).write_text(json.dumps({"pid": os.getpid()}), encoding="utf-8")
    assert Peers(run_dir).reports() == []


def test_where_nothing_can_be_written_a_report_is_lost_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    peers = Peers(tmp_path / "file")
    peers.publish({"pid": os.getpid()})
    assert peers.reports() == []
