"""Five times as many people as the server answers at once: it goes on answering as many, and refuses the rest soon."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from scripts.chaos.connection import Dropped, Refused
from scripts.chaos.crowd import side_by_side
from scripts.chaos.person import Person
from scripts.chaos.question import STREAM, question
from scripts.chaos.stage import Stage
from scripts.chaos.watch import Watch

# Of one worker, in either mode.
PLACES = 4
FACTOR = 5
KEPT = 0.9
_SHARE_A_SLACK, _LEAST_SHARE = 0.1, 0.6
REFUSED_S = 0.1
HEALTH_S = 0.2
_SECONDS = 4.0
_LONGEST_PAUSE_S = 1.0
# Refusals that a p99 is made of, at least.
_FEW = 10


def play(stage: Stage) -> None:
    """`count` is how many times four seconds are measured, `people` how many the server answers at once."""
    crowd = side_by_side([lambda: Person(stage.server.address)] * (stage.people * FACTOR))
    with Watch(stage.server.address) as calm:
        peak = _goodput(stage, crowd[: stage.people])
    # In the other mode, who is refused has waited for a thread before.
    knocking = Person(stage.server.address) if stage.mode == "async" else None
    with Watch(stage.server.address, knocking) as watch:
        kept = _goodput(stage, crowd)
    stage.counts["answers in a minute at the peak"] = round(peak * 60)
    stage.counts["and overloaded"] = round(kept * 60)
    # A share is no time: on a machine that has other things to do it varies, but does not become three times smaller.
    share = max(_LEAST_SHARE, KEPT - _SHARE_A_SLACK * (stage.slack - 1))
    stage.expect(kept >= share * peak, f"{kept:.1f} answers a second, where there were {peak:.1f}")
    stage.expect(not watch.failures, f"/healthz failed: {watch.failures[:3]}")
    stage.within("p99 of /healthz", watch.p99_s, HEALTH_S + 2 * calm.p99_s, "overloaded")
    if knocking:
        stage.expect(watch.refusals >= _FEW, f"only {watch.refusals} refusals were timed")
        stage.within("p99 until refused", watch.refused_p99_s, REFUSED_S + 2 * calm.p99_s, "overloaded")
    stage.add("lost", 0)
    stage.add("doubled", 0)


def _goodput(stage: Stage, people: Sequence[Person]) -> float:
    """Answers that came whole, a second."""
    seconds = _SECONDS * stage.count
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=_ask_on, args=(stage, person, until)) for person in people]
    whole = stage.counts.get("completed", 0)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (stage.counts.get("completed", 0) - whole) / seconds


def _ask_on(stage: Stage, person: Person, until: float) -> None:
    """One question after the other, until it is time; who is refused comes again as asked, but soon."""
    path = f"/api/conversations/{person.conversation}/turns"
    while time.monotonic() < until:
        asked = question(10, form=STREAM, gap=0.05, first=0.1)
        try:
            body = {"text": asked.text, "client_id": asked.client_id}
            *_, last = person.post(path, body, Accept="text/event-stream").events()
        except Refused as refused:
            told = refused.status == 503 and refused.retry_after
            stage.expect(told, f"{person.name} was refused by {refused}")
            stage.add("refused")
            time.sleep(min(float(refused.retry_after or 0), _LONGEST_PAUSE_S))
        except Dropped as dropped:
            stage.expect(False, f"{person.name}: {dropped}")
        else:
            if time.monotonic() < until and last.data.get("status") == "completed":
                stage.add("completed")
