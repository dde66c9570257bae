"""Three servers behind nginx, each like a machine of its own: users must not notice which one serves them.

They share one database, and perhaps one Redis, but no files and no sockets. nginx uses them in turn.
"""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence

from scripts.chaos.crowd import Crowd, side_by_side
from scripts.chaos.fleet import Fleet, at, begin_asking, start_fleet
from scripts.chaos.ledger import all_completed, settle_questions, unnoticed
from scripts.chaos.parley import FLAGS, Parley
from scripts.chaos.question import FORMS, STREAM, Question, make_question
from scripts.chaos.scene_run import SceneRun
from scripts.chaos.scenes.switches import switch_patiently
from scripts.chaos.user import User, asking_for
from scripts.fake_llm import directive
from scripts.kit.server_runner import ROOT
from scripts.kit.sse import Event
from scripts.kit.waiting import poll, wait_until

# Much longer than any answer here.
GRACE_S = 60
KEY = "one-key-for-all-servers"
MARKED_S = 10.0
# By way of the database, events and stops arrive about once a second, with the commits.
BEHIND_S = {True: 1.0, False: 3.0}
_ENDING_S = 20.0
_TIMEOUT_S = 30.0
_ASKING = 50
_FOLLOWERS = 24
# How many answers of a server in turn come from each of its workers, as good as certainly.
_LOOKS = 8


def play(scene: SceneRun) -> None:
    """Play all parts with the scene's engines."""
    _play(scene, fast=scene.redis is not None)


def play_and_stop_redis(scene: SceneRun) -> None:
    """Stop Redis half-way: everything continues by way of the database, and at the end by Redis again."""
    assert scene.redis is not None
    _play(scene, fast=False, halfway=threading.Timer(1.0, scene.redis.pause))


def _play(scene: SceneRun, *, fast: bool, halfway: threading.Timer | None = None) -> None:
    questions: list[Question] = []
    with start_fleet(scene) as fleet:
        users = side_by_side([lambda: User(fleet.front)] * max(2, min(scene.users, _FOLLOWERS)))
        if halfway:
            halfway.start()
        while scene.counts.get("followed across", 0) < scene.count and not scene.failures:
            questions += side_by_side([_followed(scene, fleet, user, BEHIND_S[fast]) for user in users])
            questions += side_by_side([_stopped(scene, fleet, user, BEHIND_S[fast]) for user in users])
            scene.say(f"{scene.counts['followed across']} of {scene.count} answers followed from other servers")
        if fast or scene.count > 1:  # the shortest runs do this once only
            questions += _undisturbed(scene, fleet)
            _ask_at_once(scene, fleet)
        _check_reports(scene, fleet)
        questions += _killed(scene, fleet, users)
        if halfway:
            questions += _recovered(scene, fleet, users)
        settle_questions(scene, questions)


# Follow and stop from other servers


def _followed(scene: SceneRun, fleet: Fleet, user: User, behind_s: float) -> Callable[[], Question]:
    """Ask at one server, follow from the second, and follow from the third with breaks."""

    def run() -> Question:
        home, second, third = fleet.shuffled()
        question = make_question(random.randint(40, 80), gap=0.03, first=0.1)
        asking = begin_asking(at(user, home), question)
        (whole, whole_at), (resumed, resumed_at) = side_by_side(
            [lambda: _read(at(user, second), question, None), lambda: _read(at(user, third), question, 12)]
        )
        asking.join(_TIMEOUT_S)
        expected = b"".join(event.raw for event in question.events)
        for what, events in (("followed across", whole), ("resumed across", resumed)):
            same = b"".join(event.raw for event in events) == expected
            scene.expect(same, f"{what} servers, its events differ: {question}")
            scene.add(what)
        scene.within("longest behind", max(whole_at, resumed_at) - question.ended_at, behind_s, question)
        return question

    return run


def _read(user: User, question: Question, breaks: int | None) -> tuple[list[Event], float]:
    """Return the events to the end and the time of the last. With `breaks`, no connection brings more than so many."""
    assert question.turn
    events: list[Event] = []
    while not events or events[-1].name != "done":
        with asking_for(f"{user.name}, {question}"):
            answer = user.follow(
                question.turn["turn_id"], events[-1].number if events else 0, by_header=random.random() < 0.5
            )
            for number, event in enumerate(answer.events(), 1):
                events.append(event)
                if event.name == "done" or number == breaks:
                    break
            answer.close()
    return events, time.monotonic()


def _stopped(scene: SceneRun, fleet: Fleet, user: User, within_s: float) -> Callable[[], Question]:
    """Ask at one server, and stop from another."""

    def run() -> Question:
        home, other, _ = fleet.shuffled()
        question = make_question(600, gap=0.03, first=0.05)
        asking = begin_asking(at(user, home), question)
        assert question.turn
        since = time.monotonic()
        path = f"/api/turns/{question.turn['turn_id']}/stop"
        there = at(user, other)
        there.until_served(lambda: there.post(path))
        asking.join(_TIMEOUT_S)
        scene.expect(question.status == "stopped", f"stopped from another server, it is {question.status}: {question}")
        scene.within("longest until stopped", time.monotonic() - since, within_s, question)
        scene.add("stopped across")
        return question

    return run


# Restarts and switches that nobody notices


def _undisturbed(scene: SceneRun, fleet: Fleet) -> list[Question]:
    """Restart the servers in turn, and switch the mode of all, while a crowd asks by way of nginx.

    In the shortest run, one server is restarted, and the mode is not switched back.
    """
    # The more users, the slower each answer: the scene is about the number of streams, not of tokens.
    gap_s = max(0.04, scene.users * 0.001)
    with Crowd(fleet.front, scene.users, lambda: _short(gap_s)) as crowd:
        for server in fleet.servers[: scene.count]:
            wait_until(lambda: len(crowd.open_questions()) >= scene.users // 2, "the crowd asks", _TIMEOUT_S)
            took = server.time_to_stop(2 * (GRACE_S + _ENDING_S) * scene.slack)
            scene.within("longest to end", took, GRACE_S + _ENDING_S, server.address)
            server.start()
            scene.add("restarts")
            scene.say(f"{scene.counts['restarts']} restarts, {len(crowd.questions)} questions")
        for mode in [_other_mode(scene.mode), scene.mode][: scene.count]:
            for server in fleet.servers:
                switch_patiently(scene, server, mode)
                scene.add("switches")
                scene.say(f"{scene.counts['switches']} switches, {len(crowd.questions)} questions")
        crowd.finish()
    for problem in crowd.problems:
        scene.expect(False, f"a user was not served: {problem}")
    for _, question in crowd.questions:
        unnoticed(scene, question)
    questions = [question for _, question in crowd.questions]
    numbers = {question.client_id for question in questions}
    all_completed(scene, [row for row in scene.database.turns() if row.client_id in numbers])
    scene.add("asked elsewhere by nginx", fleet.nginx.refusals)
    return questions


def _short(gap_s: float) -> Question:
    return make_question(random.randint(30, 60), form=random.choice((STREAM, *FORMS)), gap=gap_s, first=0.1)


def _other_mode(mode: str) -> str:
    return next(other for other in FLAGS if other != mode)


def _ask_at_once(scene: SceneRun, fleet: Fleet) -> None:
    """Run the concurrency check against nginx."""
    url = f"http://{fleet.front.host}:{fleet.front.port}"
    text = f"[{directive(tokens=40, gap=0.04, first=0.2)}]"
    command = [
        sys.executable,
        "scripts/test_concurrent_users.py",
        str(_ASKING),
        "--url",
        url,
        "--text",
        text,
        "--quiet",
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    scene.expect(done.returncode == 0, f"the concurrency check: {(done.stdout + done.stderr).strip()[-600:]}")
    scene.add("asked at once", _ASKING)


def _check_reports(scene: SceneRun, fleet: Fleet) -> None:
    """Check that each server shows the workers of all."""
    expected = len(fleet.servers) * scene.server.size

    def workers_shown_by(server: Parley) -> int:
        report = server.address.ask("GET", "/admin/memory-debug", headers={"Accept": "application/json"}).json
        live = [worker for worker in report["workers"] if not worker["stale"]]
        return len(live) if report["totals"]["servers"] == len(fleet.servers) else 0

    for server in fleet.servers:
        complete = poll(lambda server=server: workers_shown_by(server) == expected, _TIMEOUT_S, 0.5)
        scene.expect(
            complete, f"the server at port {server.port} shows {workers_shown_by(server)} of {expected} workers"
        )
        scene.add("reports of all servers", int(bool(complete)))


# Redis that comes back


def _recovered(scene: SceneRun, fleet: Fleet, users: Sequence[User]) -> list[Question]:
    """Let a stopped Redis go on: each server says so, and its followers are as near as before."""
    assert scene.redis is not None
    missed = {server.port for server in fleet.servers for status in _redis_statuses(server) if status != "ok"}
    scene.expect(len(missed) == len(fleet.servers), f"of {len(fleet.servers)} servers, {len(missed)} missed Redis")
    scene.redis.resume()
    wait_until(
        lambda: all(status == "ok" for server in fleet.servers for status in _redis_statuses(server)),
        "each worker asks Redis again",
        _TIMEOUT_S,
    )
    scene.add("saw Redis go and come", len(fleet.servers))
    return side_by_side([_followed(scene, fleet, user, BEHIND_S[True]) for user in users])


def _redis_statuses(server: Parley) -> list[str]:
    return [server.address.ask("GET", "/readyz").json["checks"]["redis"] for _ in range(_LOOKS)]


# A server that dies


def _killed(scene: SceneRun, fleet: Fleet, users: Sequence[User]) -> list[Question]:
    """Kill a whole server while it answers; then retry its answers on the others."""
    server, *_ = fleet.shuffled()
    questions = [make_question(400, gap=0.03, first=0.05) for _ in users]
    for user, question in zip(users, questions, strict=True):
        begin_asking(at(user, server), question)
    server.kill()
    since = time.monotonic()
    side_by_side([_retry(scene, user, question, since) for user, question in zip(users, questions, strict=True)])
    server.start()
    return questions


def _retry(scene: SceneRun, user: User, question: Question, since: float) -> Callable[[], None]:
    def run() -> None:
        assert question.turn
        turn = question.turn["turn_id"]
        poll(lambda: user.look(turn)["status"] != "running", MARKED_S * scene.slack, 0.1)
        scene.within("longest until marked", time.monotonic() - since, MARKED_S, question)
        status = user.look(turn)["status"]
        scene.expect(status == "interrupted", f"its server was killed, and it is {status}: {question}")
        again = Question(question.text, question.answer, "", conversation=user.conversation)
        user.ask_again(question.turn["message_id"], again)
        scene.expect(again.status == "completed", f"tried again, it is {again.status}: {question}")
        scene.add("retried elsewhere")

    return run
