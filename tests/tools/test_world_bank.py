from __future__ import annotations

import threading

import pytest

from chat.tools import countries, indicators, world_bank
from chat.tools.http import SourceUnavailable
from chat.tools.indicators import GDP, GDP_GROWTH, INDICATORS
from tests.servers.market_answers import LAST_YEAR, UPDATED, figure

CHINA = countries.find("China")
INFLATION = indicators.find("inflation")


def test_figures_come_with_their_years_and_dates(world_bank):
    found = world_bank.observations([CHINA], [GDP])
    assert found.of(CHINA, GDP)[2024] == figure("CHN", GDP.code, 2024)
    assert min(found.of(CHINA, GDP)) == 1990
    assert found.updated == UPDATED
    assert found.retrieved.endswith("Z")


def test_several_indicators_and_economies_cost_one_request(world_bank, server):
    economies = [countries.find(name) for name in ("China", "India", "the euro area")]
    found = world_bank.observations(economies, INDICATORS)
    assert len(server.requests) == 1
    for economy in economies:
        assert found.of(economy, GDP_GROWTH)[2020] == figure(economy.code, GDP_GROWTH.code, 2020)


def test_a_year_without_a_figure_is_left_out(world_bank):
    found = world_bank.observations([CHINA], [INFLATION, GDP])
    assert figure("CHN", INFLATION.code, LAST_YEAR) is None
    assert max(found.of(CHINA, INFLATION)) == LAST_YEAR - 1
    assert max(found.of(CHINA, GDP)) == LAST_YEAR


def test_rows_without_an_alpha_3_code_are_known_by_the_other(world_bank):
    high_income = countries.find("High income")
    assert world_bank.observations([high_income], [GDP]).of(high_income, GDP)


def test_several_pages_are_put_together(world_bank, server, monkeypatch):
    monkeypatch.setattr("chat.tools.world_bank._PER_PAGE", 100)
    found = world_bank.observations([CHINA], INDICATORS)
    assert len(server.requests) == 5
    for each in INDICATORS:
        assert found.of(CHINA, each)[1990] == pytest.approx(figure("CHN", each.code, 1990))


def test_an_answer_in_too_many_pages_is_none(world_bank, server, monkeypatch):
    monkeypatch.setattr("chat.tools.world_bank._PER_PAGE", 1)
    with pytest.raises(SourceUnavailable, match="documented format"):
        world_bank.observations([CHINA], INDICATORS)
    assert len(server.requests) == 1


def test_no_rows_at_all_is_an_answer(world_bank, server):
    server.fail("nothing")
    assert world_bank.observations([CHINA], [GDP]).of(CHINA, GDP) == {}


@pytest.mark.parametrize(
    ("fault", "told"), [("error_form", "refused the question"), ("wrong_shape", "documented format")]
)
def test_what_is_not_an_answer_is_not_taken_for_one(world_bank, server, fault, told):
    server.fail(fault)
    with pytest.raises(SourceUnavailable, match=told):
        world_bank.observations([CHINA], [GDP])


def test_ten_people_asking_for_china_at_once_cost_one_request(world_bank, server):
    server.gate.clear()
    answers = []
    asking = [
        threading.Thread(target=lambda: answers.append(world_bank.observations([CHINA], INDICATORS))) for _ in range(10)
    ]
    for thread in asking:
        thread.start()
    assert server.first_arrival.wait(10)
    assert not server.third_arrival.wait(0.1)
    server.gate.set()
    for thread in asking:
        thread.join(10)
    assert len(answers) == 10
    assert len(server.requests) == 1


def test_the_order_of_a_question_does_not_matter_to_the_cache(world_bank, server):
    india = countries.find("India")
    world_bank.observations([CHINA, india], [GDP])
    world_bank.observations([india, CHINA], [GDP])
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("value", "number"),
    [(1, 1.0), (1.5, 1.5), (None, None), ("1", None), (True, None), ([], None), (10**400, None), (float("inf"), None)],
)
def test_only_numbers_are_figures(value, number):
    assert world_bank._number(value) == number
