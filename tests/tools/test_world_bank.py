from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from chat.tools import countries, indicators
from chat.tools.http import SourceUnavailable
from chat.tools.indicators import GDP, GDP_GROWTH, INDICATORS
from tests.servers.market_answers import LAST_YEAR, UPDATED, figure

from .conftest import InContext, world_bank_at

CHINA = countries.find("China")
INFLATION = indicators.find("inflation")


def test_figures_come_with_their_years_and_dates(world_bank):
    observations = world_bank.observations([CHINA], [GDP])
    assert observations.of(CHINA, GDP)[2024] == figure("CHN", GDP.code, 2024)
    assert min(observations.of(CHINA, GDP)) == 1990
    assert observations.updated == UPDATED
    assert observations.retrieved.endswith("Z")


def test_several_indicators_and_economies_cost_one_request(world_bank, server):
    economies = [countries.find(name) for name in ("China", "India", "the euro area")]
    observations = world_bank.observations(economies, INDICATORS)
    assert len(server.requests) == 1
    for economy in economies:
        assert observations.of(economy, GDP_GROWTH)[2020] == figure(economy.code, GDP_GROWTH.code, 2020)


def test_a_year_without_a_figure_is_left_out(world_bank):
    observations = world_bank.observations([CHINA], [INFLATION, GDP])
    assert figure("CHN", INFLATION.code, LAST_YEAR) is None
    assert max(observations.of(CHINA, INFLATION)) == LAST_YEAR - 1
    assert max(observations.of(CHINA, GDP)) == LAST_YEAR


def test_rows_without_an_alpha_3_code_are_known_by_the_other(world_bank):
    high_income = countries.find("High income")
    assert world_bank.observations([high_income], [GDP]).of(high_income, GDP)


def test_several_pages_are_put_together(server, http):
    world_bank = InContext(world_bank_at(server, http, per_page=100))
    observations = world_bank.observations([CHINA], INDICATORS)
    assert len(server.requests) == 5
    for each in INDICATORS:
        assert observations.of(CHINA, each)[1990] == pytest.approx(figure("CHN", each.code, 1990))


def test_an_answer_in_too_many_pages_is_none(server, http):
    world_bank = InContext(world_bank_at(server, http, per_page=1))
    with pytest.raises(SourceUnavailable, match="documented format"):
        world_bank.observations([CHINA], INDICATORS)
    assert len(server.requests) == 1


def test_no_rows_at_all_is_an_answer(world_bank, server):
    server.fail("nothing")
    assert world_bank.observations([CHINA], [GDP]).of(CHINA, GDP) == {}


@pytest.mark.parametrize(
    ("fault", "message"), [("error_form", "refused the question"), ("wrong_shape", "documented format")]
)
def test_broken_responses_are_refused(world_bank, server, fault, message):
    server.fail(fault)
    with pytest.raises(SourceUnavailable, match=message):
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


def replaced(field: str, value: object, row: int = 0) -> Callable[[Any], Any]:
    """Put `value` into a field of a row of the World Bank's response, whose first row is of this year."""

    def rewrite(answer: Any) -> Any:
        answer[1][row][field] = value
        return answer

    return rewrite


def as_texts(answer: Any) -> Any:
    for row in answer[1]:
        row["value"] = row["value"] if row["value"] is None else str(row["value"])
    return [{name: str(value) for name, value in answer[0].items()}, answer[1]]


def test_numbers_may_come_as_texts(world_bank, server):
    server.rewrite = as_texts
    observations = world_bank.observations([CHINA], [GDP, INFLATION])
    assert observations.of(CHINA, GDP)[2024] == pytest.approx(figure("CHN", GDP.code, 2024))
    assert min(observations.of(CHINA, INFLATION)) == 1990


def test_pages_may_come_as_texts(server, http):
    world_bank = InContext(world_bank_at(server, http, per_page=100))
    server.rewrite = as_texts
    assert world_bank.observations([CHINA], INDICATORS).of(CHINA, INFLATION)[1990]
    assert len(server.requests) == 5


@pytest.mark.parametrize(
    ("written", "read"),
    [
        *((None, None), ("", None), ("..", None), (" ", None), ("…", None), ("-", None), ("—", None), (":", None)),
        *(("n/a", None), ("N.A.", None), ("NULL", None), ("None", None), ("missing", None)),
        *((1, 1.0), (1.5, 1.5), (0, 0.0), ("1", 1.0), (" 1.5 ", 1.5), ("2.5e3", 2500.0), ("+7", 7.0)),
    ],
)
def test_forms_of_a_figure(world_bank, server, written, read):
    server.rewrite = replaced("value", written)
    newest = datetime.now(UTC).year
    assert world_bank.observations([CHINA], [GDP]).of(CHINA, GDP).get(newest) == read


@pytest.mark.parametrize(
    "written",
    [
        *(1e308, -1e308, 1e18, "1e308", "9" * 30, "1e400", 10**400, "1,5", "1.234.567", "12 trillion", "0x10", "١٢"),
        *("nan", "Infinity", True, [], {}, "<b>1</b>", "1_000", "1 234", "\u22125", "5 %", -5, "-5", 1e17 * 1.01),
    ],
)
def test_absurd_figures_break_an_answer(world_bank, server, written):
    server.rewrite = replaced("value", written)
    with pytest.raises(SourceUnavailable, match="documented format"):
        world_bank.observations([CHINA], [GDP])


def test_a_percentage_may_be_below_zero(world_bank, server):
    server.rewrite = replaced("value", -2.5)
    assert world_bank.observations([CHINA], [GDP_GROWTH]).of(CHINA, GDP_GROWTH)[datetime.now(UTC).year] == -2.5


def lower(answer: Any) -> Any:
    for row in answer[1]:
        row |= {"countryiso3code": "chn", "country": {"id": "cn"}, "indicator": {"id": row["indicator"]["id"].lower()}}
    return answer


@pytest.mark.parametrize(
    "rewrite",
    [
        lower,
        lambda answer: [answer[0], [None, *answer[1], None]],
        lambda answer: [answer[0], answer[1][::-1]],
        lambda answer: [answer[0] | {"pages": 0, "total": 0}, answer[1]],
        lambda answer: [answer[0], [row | {"countryiso3code": None, "unit": None, "more": [1]} for row in answer[1]]],
    ],
    ids=["lower case", "null rows", "oldest first", "no pages", "nulls beside"],
)
def test_odd_but_readable(world_bank, server, rewrite):
    server.rewrite = rewrite
    assert world_bank.observations([CHINA], [GDP]).of(CHINA, GDP)[2024] == pytest.approx(figure("CHN", GDP.code, 2024))


FRANCE = {"country": {"id": "FR", "value": "France"}, "countryiso3code": "FRA"}


@pytest.mark.parametrize(
    ("rewrite", "message"),
    [
        (lambda answer: [answer[0], [row | FRANCE for row in answer[1]]], "documented format"),
        (lambda answer: [answer[0], [row | {"indicator": {"id": "X.Y"}} for row in answer[1]]], "documented format"),
        (lambda answer: [answer[0], [[1, 2]]], "documented format"),
        (lambda answer: [answer[0], {"0": answer[1][0]}], "documented format"),
        (lambda answer: [None, answer[1]], "documented format"),
        (lambda answer: {"error": {"message": "x"}}, "documented format"),
        (lambda answer: None, "documented format"),
        (lambda answer: [{"message": [{"id": "175", "value": "not found"}]}, None], "refused the question"),
        (lambda answer: [{"error": "x"}, []], "refused the question"),
    ],
)
def test_an_answer_to_another_question_is_none(world_bank, server, rewrite, message):
    server.rewrite = rewrite
    with pytest.raises(SourceUnavailable, match=message):
        world_bank.observations([CHINA], [GDP])


def test_percentages_have_their_own_bound(world_bank, server):
    server.rewrite = replaced("value", 5e6, row=3)
    with pytest.raises(SourceUnavailable, match="documented format"):
        world_bank.observations([CHINA], [INFLATION])


@pytest.mark.parametrize("written", [2025, "2025", " 2025", "2025.0"])
def test_forms_of_a_year(world_bank, server, written):
    server.rewrite = replaced("date", written)
    assert world_bank.observations([CHINA], [GDP]).of(CHINA, GDP)[2025]


@pytest.mark.parametrize(
    "written", [1, "1", "0001", "2026-W01", "20250101", "2025Q1", "9999", 2025.5, "", None, True, []]
)
def test_absurd_years_break_an_answer(world_bank, server, written):
    server.rewrite = replaced("date", written)
    with pytest.raises(SourceUnavailable, match="documented format"):
        world_bank.observations([CHINA], [GDP])


@pytest.mark.parametrize(
    "written",
    [
        "2026-W01",
        "2026-W01-1",
        "20260101",
        "2026-13-01",
        "0001-01-01",
        "2999-01-01",
        "1990-06-30",
        "<b>",
        20260101,
        None,
    ],
)
def test_a_date_of_change_that_is_none_is_not_shown(world_bank, server, written):
    server.rewrite = lambda answer: [answer[0] | {"lastupdated": written}, answer[1]]
    assert world_bank.observations([CHINA], [GDP]).updated is None
