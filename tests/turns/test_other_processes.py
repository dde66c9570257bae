"""Following and stopping a turn that runs in another process, which may die: over its socket, or by the database."""

from __future__ import annotations

import pytest

from chat.store.records import COMPLETED, INTERRUPTED, STOPPED
from scripts.kit.waiting import wait_until

from .peer_process import PeerProcess
from .worker import names, parsed, received, text_of


@pytest.fixture
def peer(database_url, store, tmp_path):
    """Return a factory of peers of the test's worker: `peer("gevent")`."""
    processes = []

    def start(*options):
        processes.append(PeerProcess(database_url, tmp_path / "run", *options))
        return processes[-1]

    yield start
    for each in processes:
        each.close()


# The roads of the test's worker.
ROADS = {"socket": None, "database": lambda _peers: []}


@pytest.fixture(params=list(ROADS))
def worker(request, make_worker):
    return make_worker(roads=ROADS[request.param], job_intervals={"recovery": 0.1})


def read_until(frames, text):
    """Return the events so far, once their text has reached this length."""
    stream = b""
    while text_of(parsed(stream)) != text:
        stream += next(frames)
    return stream


@pytest.mark.parametrize("mode", ["threads", "gevent"])
def test_a_turn_is_followed_across_workers(peer, worker, store, mode):
    there = peer(mode)
    begun = there.ask(ask="Why?")
    assert begun["mode"] == {"threads": "sync", "gevent": "async"}[mode]
    assert begun["worker"] != worker.peers.name
    there.tell(say="One ")
    turn = store.turns.get(begun["turn"])
    frames = worker.follower.frames(turn, 0)
    stream = read_until(frames, "One ")
    assert store.turns.get(begun["turn"]).status == "running"
    # A second follower continues, while the turn runs, after the last event of the first.
    resumed = worker.follower.frames(turn, parsed(stream)[-1].number)
    there.tell(say="two ")
    resumed_stream = read_until(resumed, "two ")
    for piece in ("three ", "wörd 🙂 " * 20_000):
        there.tell(say=piece)
    there.tell(end=True)
    there_frames = there.ask(follow=begun["turn"])["frames"].encode()
    everything = stream + b"".join(frames)
    assert parsed(everything) == parsed(there_frames)
    assert parsed(resumed_stream) + received(resumed) == parsed(there_frames)[len(parsed(stream)) :]
    assert text_of(parsed(everything)) == "One two three " + "wörd 🙂 " * 20_000
    # And again from the database, byte for byte.
    wait_until(lambda: store.turns.get(begun["turn"]).status == COMPLETED)
    assert b"".join(worker.follower.frames(turn, 0)) == there_frames


def test_a_worker_that_goes_in_good_order_ends_its_turns(peer, worker, store):
    there = peer()
    begun = there.ask(ask="Why?")
    there.tell(say="Half")
    turn = store.turns.get(begun["turn"])
    frames = worker.follower.frames(turn, 0)
    stream = read_until(frames, "Half")
    there.ask(stop=True)
    events = parsed(stream) + received(frames)
    assert names(events) == ["turn", "delta", "error", "done"]
    assert events[-1].data["status"] == INTERRUPTED
    ended, answer, _ = store.turns.with_answer(begun["turn"])
    assert (ended.status, answer.text) == (INTERRUPTED, "Half")


@pytest.mark.parametrize("mode", ["threads", "gevent"])
def test_a_worker_killed_in_mid_turn_is_an_interruption(peer, worker, store, mode):
    there = peer(mode, "lease=1500")
    begun = there.ask(ask="Why?")
    turn = store.turns.get(begun["turn"])
    there.tell(say="kept ")
    wait_until(lambda: store.turns.answer(turn).text == "kept ")
    there.tell(say="perhaps lost")
    frames = worker.follower.frames(turn, 0)
    before = parsed(read_until(frames, "kept perhaps lost"))
    there.kill()
    after = received(frames)
    # It had received every delta, so only the error and the end follow, with consecutive numbers.
    assert names(after) == ["error", "done"]
    assert [event.number for event in after] == [before[-1].number + 1, before[-1].number + 2]
    assert (after[0].data["code"], after[0].data["retryable"]) == ("turn_interrupted", True)
    assert after[1].data["status"] == INTERRUPTED
    ended, answer, _ = store.turns.with_answer(turn.id)
    assert ended.status == INTERRUPTED
    assert answer.text in ("kept ", "kept perhaps lost")
    # A later follower receives the stored events and the end.
    late = received(worker.follower.frames(turn, 0))
    assert (text_of(late), names(late)[-2:]) == (answer.text, ["error", "done"])
    assert [event.number for event in late] == list(range(1, len(late) + 1))


@pytest.mark.parametrize("mode", ["threads", "gevent"])
def test_a_turn_is_stopped_across_workers(peer, worker, store, mode):
    there = peer(mode)
    turn = store.turns.get(there.ask(ask="Why?")["turn"])
    there.tell(say="Half")
    frames = worker.follower.frames(turn, 0)
    stream = read_until(frames, "Half")
    assert worker.stopper.stop(turn).status == STOPPED
    events = parsed(stream) + received(frames)
    assert (names(events), events[-1].data["status"]) == (["turn", "delta", "done"], STOPPED)
    assert store.turns.answer(turn).text == "Half"
