"""The cache that the workers of a server share: several processes, killed processes, unusable folders."""

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
from chat.tools.shared_disk_cache import SharedDiskCache
from tests.servers.market_data import MarketDataServer


@dataclass(frozen=True)
class Figures:
    by_year: dict[int, float]


CHINA = Figures({2023: 18.27, 2024: 18.73})


class Source:
    """A source that counts its requests."""

    def __init__(self) -> None:
        self.requests = 0

    def fetch(self) -> Figures:
        self.requests += 1
        return CHINA


@pytest.fixture
def source() -> Source:
    return Source()


def disk_cache(folder: Path | None, ttl_s: float = 60.0) -> SharedDiskCache[Figures]:
    return SharedDiskCache(folder, Figures, ttl_s)


def test_a_second_cache_on_the_folder_finds_the_values_of_the_first(tmp_path: Path, source: Source) -> None:
    for _ in range(2):
        assert disk_cache(tmp_path / "cache").get("China", source.fetch) == CHINA
    assert source.requests == 1


def test_each_key_has_its_own(tmp_path: Path, source: Source) -> None:
    disk_cache(tmp_path).get("China", source.fetch)
    disk_cache(tmp_path).get("../../India", source.fetch)
    assert source.requests == 2
    assert {path.parent for path in tmp_path.rglob("*.json")} == {tmp_path}


def test_values_that_are_too_old_or_from_the_future_are_fetched_again(tmp_path: Path, source: Source) -> None:
    disk_cache(tmp_path).get("China", source.fetch)
    (file,) = tmp_path.glob("*.json")
    for moment in (time.time() - 61, time.time() + 3600):
        os.utime(file, (moment, moment))
        disk_cache(tmp_path).get("China", source.fetch)
    assert source.requests == 3


@pytest.mark.parametrize("garbage", [b"", b"{", b"[]", b'{"by_year": "x"}', b"\xff", b"[" * 100_000])
def test_unreadable_values_are_fetched_again(tmp_path: Path, source: Source, garbage: bytes) -> None:
    disk_cache(tmp_path).get("China", source.fetch)
    (file,) = tmp_path.glob("*.json")
    file.write_bytes(garbage)
    assert disk_cache(tmp_path).get("China", source.fetch) == CHINA
    assert source.requests == 2


def test_a_failure_is_raised_and_not_kept(tmp_path: Path, source: Source) -> None:
    def fail() -> Figures:
        raise SourceUnavailable("away")

    with pytest.raises(SourceUnavailable, match="away"):
        disk_cache(tmp_path).get("China", fail)
    assert disk_cache(tmp_path).get("China", source.fetch) == CHINA
    assert source.requests == 1


def test_without_a_usable_folder_every_caller_fetches(tmp_path: Path, source: Source) -> None:
    file = tmp_path / "file"
    file.touch()
    for folder in (None, file, file / "below"):
        assert disk_cache(folder).get("China", source.fetch) == CHINA
    assert source.requests == 3


def test_many_at_once_cost_one_fetch(tmp_path: Path, source: Source) -> None:
    def slowly() -> Figures:
        time.sleep(0.2)
        return source.fetch()

    values: list[Figures] = []
    crowd = [
        threading.Thread(target=lambda: values.append(disk_cache(tmp_path).get("China", slowly))) for _ in range(10)
    ]
    for each in crowd:
        each.start()
    for each in crowd:
        each.join()
    assert values == [CHINA] * 10
    assert source.requests == 1


# A process whose fetch never ends; it prints a line when the fetch begins.
_HANGS = """
import sys, time
from pathlib import Path
from tests.tools.test_shared_disk_cache import disk_cache

def hang():
    print("fetching", flush=True)
    time.sleep(60)

disk_cache(Path(sys.argv[1])).get("China", hang)
"""


def test_a_process_that_dies_during_a_fetch_releases_its_lock(tmp_path: Path, source: Source) -> None:
    with subprocess.Popen([sys.executable, "-c", _HANGS, tmp_path], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "fetching\n"
        waiting = threading.Thread(target=lambda: disk_cache(tmp_path).get("China", source.fetch))
        waiting.start()
        waiting.join(0.3)
        assert source.requests == 0
        other.kill()
    waiting.join(30)
    assert source.requests == 1


def test_the_folder_stays_small(tmp_path: Path, source: Source) -> None:
    small = SharedDiskCache(tmp_path, Figures, 60.0, max_files=3)
    for number in range(10):
        small.get(f"country {number}", source.fetch)
    assert len(list(tmp_path.glob("*.json"))) == 3
    small.get("country 9", source.fetch)
    assert source.requests == 10


# A worker that looks up China when it receives a line.
_LOOKS_UP = """
import ssl, sys, time
from pathlib import Path
from chat.cancellation import Cancellation
from chat.net.http_client import HttpClient
from chat.tool_contract import ToolContext
from chat.tools import market_tools

client = HttpClient(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))
tool = market_tools(sys.argv[1], sys.argv[1], client, Path(sys.argv[2]))[0]
sys.stdin.readline()
context = ToolContext(7, time.monotonic() + 60, Cancellation(60), print)
print(tool.call({"country": "China"}, context).summary)
client.close()
"""


def test_four_workers_asked_for_one_country_ask_the_source_once(tmp_path: Path) -> None:
    with MarketDataServer() as server:
        server.delay_s = 0.3
        command = [sys.executable, "-c", _LOOKS_UP, server.world_bank_url, str(tmp_path)]
        workers = [
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)
        ]
        summaries = []
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("now\n")
            worker.stdin.flush()
        for worker in workers:
            with worker:
                summaries.append(worker.communicate(timeout=30)[0])
        assert len(server.requests) == 1
    assert summaries[0].startswith("China: GDP ")
    assert summaries == summaries[:1] * 4
