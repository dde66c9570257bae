"""What the workers of a server share of what they have fetched: over processes, through deaths and full disks."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from chat.tools.http import SourceUnavailable
from chat.tools.shelf import Shelf
from tests.servers.market_data import MarketDataServer


@dataclass(frozen=True)
class Figures:
    by_year: dict[int, float]


CHINA = Figures({2023: 18.27, 2024: 18.73})


class Source:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def fetch(self) -> Figures:
        self.asked += 1
        return CHINA


@pytest.fixture
def source() -> Source:
    return Source()


def shelf(folder: Path | None, ttl_s: float = 60.0) -> Shelf[Figures]:
    return Shelf(folder, Figures, ttl_s)


def test_a_second_shelf_on_the_folder_finds_what_the_first_put_there(tmp_path: Path, source: Source) -> None:
    for _ in range(2):
        assert shelf(tmp_path / "cache").get("China", source.fetch) == CHINA
    assert source.asked == 1


def test_each_key_has_its_own(tmp_path: Path, source: Source) -> None:
    shelf(tmp_path).get("China", source.fetch)
    shelf(tmp_path).get("../../India", source.fetch)
    assert source.asked == 2
    assert {path.parent for path in tmp_path.rglob("*.json")} == {tmp_path}


def test_what_is_too_old_or_from_the_future_is_fetched_again(tmp_path: Path, source: Source) -> None:
    shelf(tmp_path).get("China", source.fetch)
    (file,) = tmp_path.glob("*.json")
    for moment in (time.time() - 61, time.time() + 3600):
        os.utime(file, (moment, moment))
        shelf(tmp_path).get("China", source.fetch)
    assert source.asked == 3


@pytest.mark.parametrize("garbage", [b"", b"{", b"[]", b'{"by_year": "x"}', b"\xff", b"[" * 100_000])
def test_what_cannot_be_read_is_fetched_again(tmp_path: Path, source: Source, garbage: bytes) -> None:
    shelf(tmp_path).get("China", source.fetch)
    (file,) = tmp_path.glob("*.json")
    file.write_bytes(garbage)
    assert shelf(tmp_path).get("China", source.fetch) == CHINA
    assert source.asked == 2


def test_a_failure_is_raised_and_not_kept(tmp_path: Path, source: Source) -> None:
    def fail() -> Figures:
        raise SourceUnavailable("away")

    with pytest.raises(SourceUnavailable, match="away"):
        shelf(tmp_path).get("China", fail)
    assert shelf(tmp_path).get("China", source.fetch) == CHINA
    assert source.asked == 1


def test_without_a_usable_folder_everybody_fetches(tmp_path: Path, source: Source) -> None:
    in_its_place = tmp_path / "file"
    in_its_place.touch()
    for folder in (None, in_its_place, in_its_place / "below"):
        assert shelf(folder).get("China", source.fetch) == CHINA
    assert source.asked == 3


def test_many_at_once_cost_one_fetch(tmp_path: Path, source: Source) -> None:
    def slowly() -> Figures:
        time.sleep(0.2)
        return source.fetch()

    found: list[Figures] = []
    crowd = [threading.Thread(target=lambda: found.append(shelf(tmp_path).get("China", slowly))) for _ in range(10)]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()
    assert found == [CHINA] * 10
    assert source.asked == 1


# A process that fetches for ever: it says so on its first line.
_HANGS = """
import sys, time
from pathlib import Path
from tests.tools.test_shelf import shelf

def hang():
    print("fetching", flush=True)
    time.sleep(60)

shelf(Path(sys.argv[1])).get("China", hang)
"""


def test_a_process_that_dies_while_it_fetches_holds_nobody_up(tmp_path: Path, source: Source) -> None:
    with subprocess.Popen([sys.executable, "-c", _HANGS, tmp_path], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "fetching\n"
        waiting = threading.Thread(target=lambda: shelf(tmp_path).get("China", source.fetch))
        waiting.start()
        waiting.join(0.3)
        assert source.asked == 0
        other.kill()
    waiting.join(5)
    assert source.asked == 1


def test_the_folder_stays_small(tmp_path: Path, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat.tools.shelf._MOST_FILES", 3)
    for number in range(10):
        shelf(tmp_path).get(f"country {number}", source.fetch)
    assert len(list(tmp_path.glob("*.json"))) == 3
    shelf(tmp_path).get("country 9", source.fetch)
    assert source.asked == 10


# A worker that looks China up, as soon as it is told to.
_LOOKS_UP = """
import sys
from pathlib import Path
from chat.tools import market_tools

market_data = market_tools(sys.argv[1], sys.argv[1], Path(sys.argv[2]))[0].function
sys.stdin.readline()
print(market_data("China").summary)
"""


def test_four_workers_asked_for_one_country_ask_the_source_once(tmp_path: Path) -> None:
    with MarketDataServer() as server:
        server.delay_s = 0.3
        command = [sys.executable, "-c", _LOOKS_UP, server.world_bank_url, str(tmp_path)]
        workers = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)
        ]
        said = []
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("now\n")
            worker.stdin.flush()
        for worker in workers:
            with worker:
                said.append(worker.communicate(timeout=30)[0])
        assert len(server.requests) == 1
    assert said[0].startswith("China: GDP ")
    assert said == said[:1] * 4
