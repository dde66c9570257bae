"""The guide's two scenes: four threads with five users, then one gevent worker with a hundred."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts.fake_llm import FakeLLM
from tests.servers.parley import ParleyServer, User

_ANSWER_S = 3.0


def play(folder: Path, users: int, **settings: object) -> list[tuple[float, float]]:
    """Return the begin and the end of each user's turn, in the order of the begins."""
    with (
        FakeLLM(first=_ANSWER_S, tokens=2, gap=0) as llm,
        ParleyServer(folder, WEB_CONCURRENCY=1, OPENAI_BASE_URL=llm.base_url, **settings) as server,
    ):
        crowd = [User(server.url) for _ in range(users)]
        places = [user.conversation() for user in crowd]

        def speak(number: int) -> tuple[float, float]:
            events = crowd[number].ask(places[number], "How long does it take?")
            assert events[-1].data["status"] == "completed"
            return events[0].at, events[-1].at

        with ThreadPoolExecutor(users) as speakers:
            return sorted(speakers.map(speak, range(users)))


def test_before_four_are_answered_at_once_and_the_fifth_waits(tmp_path: Path) -> None:
    answers = play(tmp_path, 5, USE_ASYNC_AGENT="false", THREADS=4)
    first_four = answers[:4]
    assert max(began_at for began_at, _ in first_four) < min(ended for _, ended in first_four)
    assert answers[4][0] >= min(ended for _, ended in first_four)


def test_after_a_hundred_start_at_once(tmp_path: Path) -> None:
    answers = play(tmp_path, 100, USE_ASYNC_AGENT="true")
    assert max(began_at for began_at, _ in answers) < min(ended for _, ended in answers)
