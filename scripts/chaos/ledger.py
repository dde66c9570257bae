"""Comparison of the users' events with the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from scripts.chaos.crowd import Crowd
from scripts.chaos.database import TurnRow
from scripts.chaos.question import POLL, Question
from scripts.chaos.scene_run import SceneRun

_TIMEOUT_S = 15.0


def settle(scene: SceneRun, crowd: Crowd) -> dict[str, TurnRow]:
    """Return the turns of the crowd by client_id, after the checks that hold in every scene."""
    for problem in crowd.problems:
        scene.expect(False, f"a user was not served: {problem}")
    return settle_questions(scene, [question for _, question in crowd.questions])


def settle_questions(scene: SceneRun, questions: Iterable[Question]) -> dict[str, TurnRow]:
    """Check that each acknowledged question has exactly one turn, and that its events agree with the database."""
    for turn in scene.database.wait_until_none_runs(_TIMEOUT_S * scene.slack):
        scene.expect(False, f"turn {turn} runs for ever")
    turns = defaultdict(list)
    for row in scene.database.turns():
        turns[row.client_id].append(row)
    scene.counts |= {"questions": 0, "acknowledged": 0, "lost": 0, "doubled": scene.database.doubled()}
    settled = {}
    for question in questions:
        scene.add("questions")
        if question.turn is None:
            continue
        scene.add("acknowledged")
        if not turns[question.client_id]:
            scene.add("lost")
            scene.expect(False, f"an acknowledged question is lost: {question}")
            continue
        settled[question.client_id] = turns[question.client_id][0]
        _compare(scene, question, settled[question.client_id])
    for each in scene.database.inconsistencies():
        scene.expect(False, each)
    return settled


def _compare(scene: SceneRun, question: Question, row: TurnRow) -> None:
    scene.add(row.status)
    turn = question.turn
    scene.expect(turn and turn["turn_id"] == row.id, f"the user got the id of another turn than {row.id}: {question}")
    scene.expect(row.conversation == question.conversation, f"turn {row.id} is in another conversation: {question}")
    scene.expect(question.answer.startswith(row.text), f"the stored text is not what the model sent: {question}")
    scene.expect(
        question.answer.startswith(question.received_text), f"a follower got other text than the model sent: {question}"
    )
    scene.expect(
        question.status in ("", row.status),
        f"the user got {question.status}, but the database has {row.status}: {question}",
    )
    scene.expect(row.status in ENDS, f"{row.status} ({row.error}): {question}")
    if row.status == "completed":
        text = question.polled_text if question.form == POLL else question.received_text
        scene.expect(row.text == question.answer, f"an answer that is called complete is not: {question}")
        scene.expect(not question.status or text == row.text, f"a follower got less than all of it: {question}")


ENDS = ("completed", "interrupted", "stopped", "failed")


def all_completed(scene: SceneRun, rows: Iterable[TurnRow]) -> None:
    for row in rows:
        scene.expect(row.status == "completed", f"turn {row.id} is {row.status} ({row.error}), not complete")


def unnoticed(scene: SceneRun, question: Question) -> None:
    """Check that the user of this question noticed no interruption."""
    scene.add("cut short", len(question.drops))
    scene.add("refused", question.refusals.total())
    scene.expect(not question.drops, f"its connection was lost ({'; '.join(question.drops)}): {question}")
    scene.expect(not question.refusals, f"refused with {', '.join(question.refusals)}: {question}")
    scene.expect(question.status, f"it did not end: {question}")
