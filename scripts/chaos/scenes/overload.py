"""Five times as many users as the server can answer: its throughput stays, and it refuses the others quickly."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from scripts.chaos.connection import Dropped, Refused
from scripts.chaos.crowd import side_by_side
from scripts.chaos.question import STREAM, make_question
from scripts.chaos.scene_run import SceneRun
from scripts.chaos.user import User
from scripts.chaos.watch import Watch

# The limit of one worker, in either mode.
PLACES = 4
FACTOR = 5
GOODPUT_SHARE = 0.9
_SHARE_A_SLACK, _LEAST_SHARE = 0.1, 0.6
REFUSED_S = 0.1
HEALTH_S = 0.2
_SECONDS = 4.0
_LONGEST_PAUSE_S = 1.0
# The least number of refusals for a p99.
_FEW = 10


def play(scene: SceneRun) -> None:
    """`count` is how many times four seconds are measured, `users` how many the server answers at once."""
    crowd = side_by_side([lambda: User(scene.server.address)] * (scene.users * FACTOR))
    with Watch(scene.server.address) as calm:
        peak = _goodput(scene, crowd[: scene.users])
    # In sync mode, a refused request has waited for a thread before.
    refused_user = User(scene.server.address) if scene.mode == "async" else None
    with Watch(scene.server.address, refused_user) as watch:
        overloaded = _goodput(scene, crowd)
    scene.counts["answers in a minute at the peak"] = round(peak * 60)
    scene.counts["and overloaded"] = round(overloaded * 60)
    # Throughput varies on a busy machine, but does not become three times smaller.
    share = max(_LEAST_SHARE, GOODPUT_SHARE - _SHARE_A_SLACK * (scene.slack - 1))
    scene.expect(overloaded >= share * peak, f"{overloaded:.1f} answers a second, where there were {peak:.1f}")
    scene.expect(not watch.failures, f"/healthz failed: {watch.failures[:3]}")
    scene.within("p99 of /healthz", watch.p99_s, HEALTH_S + 2 * calm.p99_s, "overloaded")
    if refused_user:
        scene.expect(watch.refusals >= _FEW, f"only {watch.refusals} refusals were timed")
        scene.within("p99 until refused", watch.refused_p99_s, REFUSED_S + 2 * calm.p99_s, "overloaded")
    scene.add("lost", 0)
    scene.add("doubled", 0)


def _goodput(scene: SceneRun, users: Sequence[User]) -> float:
    """Return the complete answers per second."""
    seconds = _SECONDS * scene.count
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=_ask_on, args=(scene, user, until)) for user in users]
    whole = scene.counts.get("completed", 0)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (scene.counts.get("completed", 0) - whole) / seconds


def _ask_on(scene: SceneRun, user: User, until: float) -> None:
    """Ask one question after the other. A refused user waits as long as the server says, within a limit."""
    path = f"/api/conversations/{user.conversation}/turns"
    while time.monotonic() < until:
        question = make_question(10, form=STREAM, gap=0.05, first=0.1)
        try:
            body = {"text": question.text, "client_id": question.client_id}
            *_, last = user.post(path, body, Accept="text/event-stream").events()
        except Refused as refused:
            retryable = refused.status == 503 and refused.retry_after
            scene.expect(retryable, f"{user.name} was refused by {refused}")
            scene.add("refused")
            time.sleep(min(float(refused.retry_after or 0), _LONGEST_PAUSE_S))
        except Dropped as dropped:
            scene.expect(False, f"{user.name}: {dropped}")
        else:
            if time.monotonic() < until and last.data.get("status") == "completed":
                scene.add("completed")
