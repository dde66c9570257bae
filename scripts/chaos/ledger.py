"""What people were told, held against what stands in the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from scripts.chaos.crowd import Crowd
from scripts.chaos.database import TurnRow
from scripts.chaos.question import POLL, Question
from scripts.chaos.stage import Stage

_PATIENCE_S = 15.0


def settle(stage: Stage, crowd: Crowd) -> dict[str, TurnRow]:
    """Return the turns of the crowd by client_id, after the checks that hold in every scene."""
    for problem in crowd.problems:
        stage.expect(False, f"somebody got no further: {problem}")
    return settle_questions(stage, [question for _, question in crowd.asked])


def settle_questions(stage: Stage, questions: Iterable[Question]) -> dict[str, TurnRow]:
    """Each acknowledged question stands exactly once with one turn, and nobody was told what is not so."""
    for turn in stage.database.wait_until_none_runs(_PATIENCE_S * stage.slack):
        stage.expect(False, f"turn {turn} runs for ever")
    turns = defaultdict(list)
    for row in stage.database.turns():
        turns[row.client_id].append(row)
    stage.counts |= {"questions": 0, "acknowledged": 0, "lost": 0, "doubled": stage.database.doubled()}
    settled = {}
    for question in questions:
        stage.add("questions")
        if question.turn is None:
            continue
        stage.add("acknowledged")
        if not turns[question.client_id]:
            stage.add("lost")
            stage.expect(False, f"an acknowledged question is lost: {question}")
            continue
        settled[question.client_id] = turns[question.client_id][0]
        _compare(stage, question, settled[question.client_id])
    for wrong in stage.database.wrongs():
        stage.expect(False, wrong)
    return settled


def _compare(stage: Stage, question: Question, row: TurnRow) -> None:
    stage.add(row.status)
    asked = question.turn
    stage.expect(asked and asked["turn_id"] == row.id, f"told the number of another turn than {row.id}: {question}")
    stage.expect(row.conversation == question.conversation, f"turn {row.id} is in another conversation: {question}")
    stage.expect(question.answer.startswith(row.text), f"what is kept is not what the model sent: {question}")
    stage.expect(question.answer.startswith(question.told), f"what was told is not what the model sent: {question}")
    stage.expect(question.status in ("", row.status), f"told {question.status}, but kept as {row.status}: {question}")
    stage.expect(row.status in ENDS, f"{row.status} ({row.error}): {question}")
    if row.status == "completed":
        told = question.shown if question.form == POLL else question.told
        stage.expect(row.text == question.answer, f"an answer that is called complete is not: {question}")
        stage.expect(not question.status or told == row.text, f"told less than all of it: {question}")


ENDS = ("completed", "interrupted", "stopped", "failed")


def all_completed(stage: Stage, rows: Iterable[TurnRow]) -> None:
    for row in rows:
        stage.expect(row.status == "completed", f"turn {row.id} is {row.status} ({row.error}), not complete")
