"""What workers leave for each other to read, in either kind: see test_mode.py."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chat.workers.peers import Peers

from .neighbour import Neighbour


@pytest.fixture
def run_dir() -> Iterator[Path]:
    """With a short path: see test_peers.py."""
    with tempfile.TemporaryDirectory(prefix="peers", dir="/tmp") as folder:
        yield Path(folder) / "run"


@pytest.fixture
def neighbour(run_dir: Path) -> Iterator[Neighbour]:
    with Neighbour(run_dir) as started:
        yield started


def test_reports_of_all_who_live(run_dir: Path, neighbour: Neighbour) -> None:
    me = Peers(run_dir)
    me.publish({"pid": os.getpid(), "word": "Zürich"})
    assert sorted(me.reports(), key=lambda report: report["pid"] != os.getpid()) == [
        {"pid": os.getpid(), "word": "Zürich", "stale": False},
        {"pid": neighbour.pid, "from": "a neighbour", "stale": False},
    ]
    neighbour.end()
    assert [report["pid"] for report in me.reports()] == [os.getpid()]


def test_the_last_report_counts(run_dir: Path) -> None:
    me = Peers(run_dir)
    for number in range(3):
        me.publish({"pid": os.getpid(), "number": number})
    assert [report["number"] for report in me.reports()] == [2]


def test_who_was_killed_is_forgotten(run_dir: Path, neighbour: Neighbour) -> None:
    me = Peers(run_dir)
    assert len(me.reports()) == 1
    neighbour.kill()
    assert me.reports() == []
    assert list(run_dir.iterdir()) == []


def aged(run_dir: Path, pid: int, age_s: float) -> None:
    then = time.time() - age_s
    os.utime(run_dir / f"{pid}.json", (then, then))


def test_who_has_not_reported_for_a_while_is_stale(run_dir: Path, neighbour: Neighbour) -> None:
    for age_s, stale in ((0, False), (8, True), (60, True)):
        aged(run_dir, neighbour.pid, age_s)
        assert [report["stale"] for report in Peers(run_dir).reports()] == [stale]


def test_a_clock_that_was_put_forward_cuts_nobody_off(run_dir: Path, neighbour: Neighbour) -> None:
    aged(run_dir, neighbour.pid, 3600)
    assert Peers(run_dir).reports() == []
    assert b"".join(Peers(run_dir).ask(neighbour.name, {"say": "hello"}, 20)) == b"you said hello"


def test_a_clock_that_was_put_back(run_dir: Path, neighbour: Neighbour) -> None:
    aged(run_dir, neighbour.pid, -3600)
    assert [report["stale"] for report in Peers(run_dir).reports()] == [False]


@pytest.mark.parametrize(
    "garbage", [b"", b"{", b"[]", b"7", b"null", b"{}", b'{"pid": 1}', b"\xff", b"[" * 100_000, b"9" * 5000]
)
def test_what_is_no_report_is_passed_over(run_dir: Path, neighbour: Neighbour, garbage: bytes) -> None:
    me = Peers(run_dir)
    (run_dir / f"{os.getpid()}.json").write_bytes(garbage)
    assert [report["pid"] for report in me.reports()] == [neighbour.pid]


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
