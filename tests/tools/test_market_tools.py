from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from chat.tool_contract import Tool
from chat.tools import market_tools
from tests.servers.market_data import MarketDataServer

from .conftest import tool_context
from .shape import check

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


@pytest.fixture
def tools(server, client) -> dict[str, Tool]:
    return {tool.spec.name: tool for tool in market_tools(server.world_bank_url, server.frankfurter_url, client)}


def test_the_tools_that_ship(tools):
    assert list(tools) == ["market_data", "compare_markets", "exchange_rate"]


def test_a_model_can_be_told_of_every_tool_and_parameter(tools):
    for tool in tools.values():
        assert tool.spec.description
        for parameter in tool.spec.parameters["properties"].values():
            assert parameter["description"]


def test_the_context_is_no_parameter_of_the_model(tools):
    assert list(tools["market_data"].spec.parameters["properties"]) == ["country", "year"]


def test_labels_are_made_of_the_arguments(tools):
    labels = {name: tool.spec.label for name, tool in tools.items()}
    assert labels["market_data"].format(country="China") == "Looking up China at the World Bank"
    assert labels["compare_markets"].format(countries="China, India") == "Comparing China, India at the World Bank"
    assert labels["exchange_rate"].format(base="euro", quote="yen") == "Looking up euro in yen at the ECB"


def test_they_work_with_their_own_limits_too(tools):
    check(tools["market_data"].call({"country": "India"}, tool_context()))
    check(tools["compare_markets"].call({"countries": ["India", "Brazil"]}, tool_context()))
    check(tools["exchange_rate"].call({"base": "euro", "quote": "yen"}, tool_context()))


def test_failed_attempts_are_shown_to_the_user(tools, server):
    lines: list[str] = []
    server.fail("503", times=1)
    check(tools["market_data"].call({"country": "India"}, tool_context(progress=lines.append)))
    assert lines == ["The World Bank answered with an error (503). Trying again."]


def test_addresses_may_end_with_a_slash(server: MarketDataServer, client):
    (market_data, *_) = market_tools(server.world_bank_url + "/", server.frankfurter_url + "/", client)
    check(market_data.call({"country": "India"}, tool_context()))


def test_the_same_under_gevent():
    """Check time limits and merged fetches in a gevent worker, where threads are greenlets."""
    patched = "from gevent import monkey; monkey.patch_all(); import sys, pytest; sys.exit(pytest.main(sys.argv[1:]))"
    options = ["-q", "-p", "no:cacheprovider", "--confcutdir", str(HERE)]
    merged = "test_world_bank.py::test_ten_people_asking_for_china_at_once_cost_one_request"
    files = [str(HERE / name) for name in ("test_http.py", "test_cache.py", merged)]
    run = subprocess.run(
        [sys.executable, "-c", patched, *options, *files],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_stand_in_server_runs_by_hand(client):
    command = [sys.executable, "-m", "tests.servers.market_data", "--port", "0"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            urls = dict(process.stdout.readline().strip().split("=", 1) for _ in range(2))
            (market_data, *_) = market_tools(urls["WORLD_BANK_URL"], urls["FRANKFURTER_URL"], client)
            check(market_data.call({"country": "China"}, tool_context()))
        finally:
            process.terminate()
