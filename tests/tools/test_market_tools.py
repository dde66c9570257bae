from __future__ import annotations

import inspect
import subprocess
import sys
import typing
from pathlib import Path

import pytest

from chat.tools import market_tools
from tests.servers.market_data import MarketDataServer

from .shape import check

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


@pytest.fixture
def tools(server, http):
    return {tool.function.__name__: tool for tool in market_tools(server.world_bank_url, server.frankfurter_url, http)}


def test_the_tools_that_ship(tools):
    assert list(tools) == ["market_data", "compare_markets", "exchange_rate"]


def test_a_model_can_be_told_of_every_tool_and_parameter(tools):
    for tool in tools.values():
        assert inspect.getdoc(tool.function)
        hints = typing.get_type_hints(tool.function, include_extras=True)
        for parameter in inspect.signature(tool.function).parameters.values():
            assert typing.get_origin(hints[parameter.name]) is typing.Annotated
            assert isinstance(hints[parameter.name].__metadata__[0], str)


def test_labels_are_made_of_the_arguments(tools):
    assert tools["market_data"].label.format(country="China") == "Looking up China at the World Bank"
    assert tools["compare_markets"].label.format(countries="China, India") == "Comparing China, India at the World Bank"
    assert tools["exchange_rate"].label.format(base="euro", quote="yen") == "Looking up euro in yen at the ECB"


def test_they_work_with_their_own_limits_too(tools):
    check(tools["market_data"].function("India"))
    check(tools["compare_markets"].function(["India", "Brazil"]))
    check(tools["exchange_rate"].function("euro", "yen"))


def test_addresses_may_end_with_a_slash(server: MarketDataServer, http):
    (market_data, *_) = market_tools(server.world_bank_url + "/", server.frankfurter_url + "/", http)
    check(market_data.function("India"))


def test_the_same_under_gevent():
    """Check time limits and merged fetches in a gevent worker, where threads are greenlets."""
    patched = "from gevent import monkey; monkey.patch_all(); import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))"
    options = ["-q", "-p", "no:cacheprovider", "--confcutdir", str(HERE)]
    files = [str(HERE / name) for name in ("test_http.py", "test_cache.py", "test_world_bank.py")]
    run = subprocess.run(
        [sys.executable, "-c", patched, *options, *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_stand_in_server_runs_by_hand(http):
    command = [sys.executable, "-m", "tests.servers.market_data", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            urls = dict(process.stdout.readline().strip().split("=", 1) for _ in range(2))
            (market_data, *_) = market_tools(urls["WORLD_BANK_URL"], urls["FRANKFURTER_URL"], http)
            check(market_data.function("China"))
        finally:
            process.terminate()
