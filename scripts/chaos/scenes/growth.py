"""Very many turns: afterwards the numbers of bytes, descriptors, greenlets and threads are as before."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator

from scripts.chaos.connection import Dropped, Refused
from scripts.chaos.crowd import side_by_side
from scripts.chaos.question import FORMS, STREAM, make_question
from scripts.chaos.scene_run import SceneRun
from scripts.chaos.user import Lost, User
from scripts.kit.waiting import wait_until

MEMORY_LIMIT_MB = 2
# Before the first measurement: until caches are full, pools are open and the allocator holds enough memory.
_WARM_SHARE = 0.2
_IN_A_CONVERSATION = 8
# The workers close connections that their peer has closed within this time.
_SETTLED_S = 8.0
_READINGS = 20
# The growth that is allowed for a worker.
_BYTES, _DESCRIPTORS, _GREENLETS, _THREADS = 12 << 20, 4, 3, 3
_MORE = {"rss_bytes": _BYTES, "fds": _DESCRIPTORS, "greenlets": _GREENLETS, "threads": _THREADS}


def play(scene: SceneRun) -> None:
    warm = int(scene.count * _WARM_SHARE)
    users = side_by_side([lambda: User(scene.server.address)] * scene.users)
    _ask(scene, users, warm)
    _open_what_is_opened_once(users)
    before = _figures(scene)
    _ask(scene, users, scene.count - warm)
    after = _figures(scene)
    for name, more in _MORE.items():
        grown = after[name] - before[name]
        scene.expect(grown <= more * scene.server.size, f"{name} grew from {before[name]} to {after[name]}")
    scene.counts |= {f"{name} before": before[name] for name in _MORE} | {
        f"{name} after": after[name] for name in _MORE
    }
    scene.counts |= {"lost": 0, "doubled": scene.database.doubled()}
    stored = len(scene.database.turns())
    scene.expect(stored == scene.counts["turns"], f"{scene.counts['turns']} turns were answered, {stored} are stored")


def _open_what_is_opened_once(users: list[User]) -> None:
    """Have so much read at once that every worker has used each of its connections to the database."""
    for _ in range(_READINGS):
        side_by_side([lambda user=user: user.until_served(lambda: user.get("/api/export")) for user in users])


def _ask(scene: SceneRun, users: list[User], many: int) -> None:
    """Run so many turns, in all forms; one user in ten leaves in the middle."""
    numbers = iter(range(many))
    lock = threading.Lock()

    def mine() -> Iterator[int]:
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            yield number

    def run(user: User) -> None:
        for own, number in zip(itertools.count(), mine(), strict=False):
            if own % _IN_A_CONVERSATION == 0:
                user.conversation = user.new_conversation()
            _turn(scene, user, number)

    side_by_side([lambda user=user: run(user) for user in users])


def _turn(scene: SceneRun, user: User, number: int) -> None:
    question = make_question(8, form=FORMS[number % len(FORMS)], gap=0.002, tool=number % 20 == 0)
    if number % 10 == 0 and question.form == STREAM:
        _leave_in_the_middle(user, question.text)
    else:
        try:
            user.ask(question)
        except Lost as lost:
            scene.expect(False, f"a user was not served: {lost}")
        whole = question.status == "completed" and (
            question.form != STREAM or question.received_text == question.answer
        )
        scene.expect(whole, f"{question.status} ({question.error}): {question}")
    scene.add("turns")
    if number % 100 == 0:
        scene.say(f"{scene.counts['turns']} of {scene.count} turns")


def _leave_in_the_middle(user: User, text: str) -> None:
    path = f"/api/conversations/{user.conversation}/turns"
    answer = user.until_served(lambda: user.post(path, {"text": text}, Accept="text/event-stream"))
    turn = next(answer.events()).data["turn_id"]
    answer.close()
    while user.look(turn)["status"] == "running":
        time.sleep(0.02)


def _figures(scene: SceneRun) -> dict[str, int]:
    """Return the sums over all workers, once no turn is running.

    Without idle connections to the model: their number follows the turns of the last second, so it says nothing.
    """
    scene.llm.close_idle()
    time.sleep(_SETTLED_S)
    return wait_until(lambda: _figures_at_rest(scene), "the workers come to rest", pause_s=0.2)


def _figures_at_rest(scene: SceneRun) -> dict[str, int] | None:
    """Return the sums over all workers, or None while a turn runs or a worker does not report."""
    try:
        report = scene.server.address.ask("GET", "/admin/memory-debug", headers={"Accept": "application/json"}).json
    except (Dropped, Refused):
        return None
    workers = [worker for worker in report["workers"] if not worker["stale"]]
    if len(workers) != scene.server.size or any(worker["active_turns"] for worker in workers):
        return None
    return {name: sum(worker[name] for worker in workers) for name in _MORE}
