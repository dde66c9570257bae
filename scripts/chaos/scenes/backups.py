"""Backups are taken while the server answers, and each is restored on another machine: in another folder, empty."""

from __future__ import annotations

import contextlib
import copy
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.chaos.connection import Refused
from scripts.chaos.crowd import Crowd
from scripts.chaos.database import Database
from scripts.chaos.ledger import settle
from scripts.chaos.parley import Parley
from scripts.chaos.question import Question, make_question
from scripts.chaos.scene_run import SceneRun
from scripts.chaos.user import User
from scripts.kit.server_runner import inherited_environment
from scripts.kit.waiting import poll

_INTERRUPTED_S = 15.0
_COMMAND_S = 300.0


@dataclass(frozen=True)
class _Link:
    """A shared link, its owner, and what it shows."""

    owner: User
    url: str
    response: object

    @property
    def address(self) -> str:
        """Return the address of the owner's view of the link."""
        return f"/api/conversations/{self.owner.conversation}/share"

    @property
    def content(self) -> str:
        """Return the address of the page that anyone can read."""
        return f"/api/shared/{self.url.rpartition('/')[2]}"


def play(scene: SceneRun) -> None:
    link = _share(scene)
    with Crowd(scene.server.address, scene.users, lambda: make_question(150, gap=0.03, first=0.05)) as crowd:
        poll(lambda: len(crowd.open_questions()) >= scene.users * 0.9, 60)
        for number in range(1, scene.count + 1):
            _back_up_and_restore(scene, crowd, link, number)
            scene.say(f"{number} of {scene.count} backups, {len(crowd.questions)} answers")
        crowd.finish()
    rows = settle(scene, crowd)
    for _, question in crowd.questions:
        status = rows[question.client_id].status if question.client_id in rows else "lost"
        scene.expect(status == "completed", f"{status}, but was to be completed: {question}")


def _share(scene: SceneRun) -> _Link:
    owner = User(scene.server.address)
    owner.ask(make_question(20))
    link = _Link(owner, str(owner.post(f"/api/conversations/{owner.conversation}/share").json["url"]), None)
    return replace(link, response=owner.get(link.content).json)


def _back_up_and_restore(scene: SceneRun, crowd: Crowd, link: _Link, number: int) -> None:
    before = [question for _, question in list(crowd.questions) if question.status]
    file = scene.server.folder / f"backup {number}"
    since = time.monotonic()
    streams = len(crowd.open_questions())
    if not _run(scene, scene.server.folder, "backup", file):
        return
    scene.add("backups")
    scene.longest["backup"] = max(scene.longest.get("backup", 0.0), time.monotonic() - since)
    scene.counts["fewest streams at a backup"] = min(streams, scene.counts.get("fewest streams at a backup", streams))
    folder = scene.server.folder / f"machine-{number}"
    database, settings = scene.database.elsewhere(folder)
    with contextlib.closing(scene.server.elsewhere(folder, **settings)) as machine:
        _refuse_half(scene, machine.folder, database, file)
        if not _run(scene, machine.folder, "restore", file):
            return
        machine.start()
        scene.add("restored")
        _compare(scene, database, before)
        _open(scene, machine, link)
        _go_on(scene, machine, link.owner)
        _run(scene, machine.folder, "check")


def _refuse_half(scene: SceneRun, folder: Path, database: Database, file: Path) -> None:
    """Check that half of a backup is refused in one sentence, before anything is written."""
    half = folder / "half"
    half.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    refusal = _command(folder, "restore", half)
    sentence = f"Error: {half} is no complete backup: it is cut short, damaged, or another kind of file.\n"
    given = (refusal.returncode, refusal.stdout, refusal.stderr)
    scene.expect(given == (1, "", sentence), f"half a backup is not refused as it should be: {given}")
    scene.expect(database.is_untouched(), "half a backup was refused after something had been written")
    scene.add("halves refused")


def _compare(scene: SceneRun, database: Database, before: list[Question]) -> None:
    """Check that the copy has all answers that ended before the backup, and the beginnings of the others."""
    scene.expect(not database.wait_until_none_runs(_INTERRUPTED_S * scene.slack), "answers run for ever")
    for wrong in database.inconsistencies():
        scene.expect(False, f"restored: {wrong}")
    rows = {row.client_id: row for row in database.turns()}
    scene.add("answers restored", len(rows))
    for question in before:
        row = rows.get(question.client_id)
        scene.expect(row and row.status == "completed" and row.text == question.answer, f"not restored: {question}")
    scene.add("interrupted", sum(row.status == "interrupted" for row in rows.values()))


def _open(scene: SceneRun, machine: Parley, link: _Link) -> None:
    scene.expect(machine.address.ask("GET", link.content).json == link.response, "the shared link shows something else")
    try:
        mine = machine.address.ask("GET", link.address, None, link.owner.headers).json["url"]
    except Refused as error:
        mine = str(error)
    scene.expect(mine == link.url, f"the owner does not see the shared link any more: {mine}")


def _go_on(scene: SceneRun, machine: Parley, owner: User) -> None:
    """Check that a user whom only the backup knows finds their conversation there, and asks in it."""
    user = copy.copy(owner)
    user.address = machine.address
    question = make_question(5)
    user.ask(question)
    scene.expect(question.status == "completed", f"on the other machine, it is {question.status}: {question}")
    texts = [message["text"] for message in user.get(f"/api/conversations/{user.conversation}").json["messages"]]
    scene.expect(len(texts) == 4 and texts[-1] == question.answer, f"{len(texts)} messages, not 4, after {question}")


def _run(scene: SceneRun, folder: Path, *arguments: object) -> bool:
    """Run a `db` command in a folder. Return whether it succeeded; record a failure."""
    done = _command(folder, *arguments)
    scene.expect(done.returncode == 0, f"`db {arguments[0]}` failed: {done.stdout}{done.stderr}")
    return done.returncode == 0


def _command(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "db", *map(str, arguments)],
        cwd=folder, env=inherited_environment(), capture_output=True, text=True, timeout=_COMMAND_S, check=False,
    )  # fmt: skip
