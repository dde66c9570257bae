"""Following and stopping a turn on each road alone, and changing the road in the middle.

A new road is added to `ROADS` with the worker that has nothing else.
"""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from chat.cluster.contract import Unreachable
from chat.errors import ModelInterrupted
from chat.messages import ReasoningDelta, TextDelta, ToolCall, ToolResult, Usage
from chat.runtime.clock import MACHINE_CLOCK
from chat.store.records import COMPLETED, RUNNING, STOPPED
from chat.tools.function_tool import FunctionTool
from chat.turns.chunks import CHUNK_BYTES
from chat.turns.database_road import DatabaseRoad
from scripts.kit import redis_server
from scripts.kit.waiting import wait_until
from tests.fake_clock import HastyClock

from .worker import LONG_S, names, parsed, received, text_of


class StopsOnly(DatabaseRoad):
    """The last road of a worker that must follow without it while a turn runs."""

    def __init__(self, store):
        super().__init__(store, MACHINE_CLOCK)
        self._turns = store.turns

    def follow(self, turn_id, after, wait, for_s):
        assert self._turns.get(turn_id).status != RUNNING, "the other road failed"
        return super().follow(turn_id, after, wait, for_s)


class EndedTurnsOnly(StopsOnly):
    """The last road of a worker that must do without it while a turn runs."""

    def stop(self, turn_id):
        assert self._turns.get(turn_id).status != RUNNING, "the other road failed"
        super().stop(turn_id)


# Workers of one process have one name: each takes the turns of the other one for lost.
RARELY = {"recovery": 1_000.0}


def by_socket(home, make_worker):
    return make_worker(roads=lambda peers: [peers], database_road=EndedTurnsOnly(home.store), job_intervals=RARELY)


def by_database(home, make_worker):
    road = DatabaseRoad(home.store, MACHINE_CLOCK, 0.05, home.heartbeat_s)
    return make_worker(roads=lambda _peers: [], database_road=road, job_intervals=RARELY)


def by_redis(home, make_worker):
    if home.redis is None:
        pytest.skip(redis_server.missing())
    road = StopsOnly(home.store)  # a stop is recorded first; Redis wakes the home
    worker = make_worker(
        roads=lambda _peers: [], database_road=road, name="elsewhere:1", redis_url=home.services.settings.redis_url,
        job_intervals=RARELY,
    )  # fmt: skip
    wait_until(lambda: home.redis.road.usable and worker.redis.road.usable)
    return worker


# The worker that follows and stops: the home itself, or one that has this road only.
ROADS = {"here": lambda home, _make_worker: home, "socket": by_socket, "redis": by_redis, "database": by_database}
ELSEWHERE = [name for name in ROADS if name != "here"]


def look_up(what: str) -> ToolResult:
    """Look something up."""
    return ToolResult(json.dumps({"found": what}), f"Found {what}", {"rows": [["é 中 🙂", 1.5, None]]})


@pytest.fixture
def home(make_worker, redis_url):
    """Return the worker that runs the turns."""
    worker = make_worker(
        tools=[FunctionTool(look_up, "Looking up {what}")], job_intervals={"checkpoint": 0.05}, redis_url=redis_url
    )
    worker.listen()
    return worker


@pytest.fixture(params=list(ROADS))
def worker(request, home, make_worker):
    """Return the worker that follows and stops."""
    return ROADS[request.param](home, make_worker)


@pytest.fixture(params=ELSEWHERE)
def elsewhere(request, home, make_worker):
    """Return a worker other than the home."""
    return ROADS[request.param](home, make_worker)


def stream_of(worker, turn, after=0, wait=True):
    return b"".join(worker.follower.frames(turn, after, wait))


def read_until(frames, text):
    """Return the stream so far, once its text is `text`."""
    stream = b""
    while text_of(parsed(stream)) != text:
        stream += next(frames)
    return stream


def cuts(stream):
    """Return the rest of a stream after each of its events, by event number."""
    frames = [frame + b"\n\n" for frame in stream.split(b"\n\n") if frame and not frame.startswith(b":")]
    return {number: b"".join(frames[number:]) for number in range(len(frames) + 1)}


def events_of(stream):
    """Return a stream without its heartbeats."""
    return cuts(stream)[0]


@pytest.fixture
def begun(home, dictation, conversation):
    """Return a turn with a title, reasoning, text and a tool call, which goes on."""
    started = home.ask(conversation, title="Why?")
    dictation.say(ReasoningDelta("Hm."), TextDelta("Let me see. "), ToolCall("c", "look_up", '{"what": "rain"}'))
    dictation.end()
    return started


@pytest.fixture
def going_on(begun, home, model, store):
    """Return the turn in its second step, whose first events are all committed."""
    go_on = threading.Event()

    def second_step(_messages, cancellation):
        yield TextDelta("It ")
        with cancellation.closing(go_on.set):
            assert go_on.wait(LONG_S)
        cancellation.check()
        yield TextDelta("rains.")
        yield Usage(3, 4)

    model.will_run(second_step)
    wait_until(lambda: store.turns.answer(begun.turn).text == "Let me see. It ")
    yield begun.turn, go_on
    go_on.set()
    home.vacant()


def test_the_stream_is_the_same_as_at_home(worker, home, going_on):
    turn, go_on = going_on
    with ThreadPoolExecutor(4) as threads:
        following = [threads.submit(stream_of, worker, turn) for _ in range(3)]
        at_home = threads.submit(stream_of, home, turn)
        go_on.set()
        stream = at_home.result(LONG_S)
        assert {events_of(each.result(LONG_S)) for each in following} == {stream}
    assert names(parsed(stream)) == [
        "turn", "title", "reasoning", "delta", "tool_call", "tool_result", "delta", "delta", "done"
    ]  # fmt: skip
    assert parsed(stream)[-1].data["status"] == COMPLETED
    home.vacant()
    assert stream_of(home, turn) == stream


def test_it_resumes_after_any_event(worker, home, going_on):
    turn, go_on = going_on
    with ThreadPoolExecutor(10) as threads:
        following = {after: threads.submit(stream_of, worker, turn, after) for after in range(9)}
        go_on.set()
        streams = {after: events_of(each.result(LONG_S)) for after, each in following.items()}
    assert streams == {after: rest for after, rest in cuts(streams[0]).items() if rest}
    assert len(parsed(streams[0])) == 9


def test_the_stream_so_far_is_read_without_waiting(worker, going_on):
    turn, _ = going_on
    events = parsed(stream_of(worker, turn, wait=False))
    assert (names(events)[0], text_of(events)) == ("turn", "Let me see. It ")
    assert stream_of(worker, turn, events[-1].number, wait=False) == b""


@pytest.mark.parametrize("first", ELSEWHERE)
@pytest.mark.parametrize("then", list(ROADS))
def test_changing_the_road_after_any_event_leaves_no_gap_and_no_double(home, make_worker, going_on, first, then):
    turn, go_on = going_on
    before, after = ROADS[first](home, make_worker), ROADS[then](home, make_worker)
    so_far = stream_of(before, turn, wait=False)
    with ThreadPoolExecutor(10) as threads:
        beginnings = {event.number for event in parsed(so_far)}
        following = {number: threads.submit(stream_of, after, turn, number) for number in beginnings}
        go_on.set()
        rests = {number: events_of(each.result(LONG_S)) for number, each in following.items()}
    home.vacant()
    whole_stream = stream_of(home, turn)
    assert len(beginnings) == 7
    assert whole_stream.startswith(events_of(so_far))
    assert rests == {number: rest for number, rest in cuts(whole_stream).items() if number in beginnings}


def test_a_stop_ends_the_turn_with_its_text(worker, home, store, going_on):
    turn, _ = going_on
    with ThreadPoolExecutor(1) as threads:
        following = threads.submit(lambda: received(worker.follower.frames(turn, 0)))
        stopped = worker.stopper.stop(turn)
        events = following.result(LONG_S)
    assert (stopped.status, stopped.error) == (STOPPED, None)
    assert store.turns.answer(stopped).text == text_of(events) == "Let me see. It "
    assert (names(events)[-1], events[-1].data["status"]) == ("done", STOPPED)


def test_many_stop_at_once(worker, going_on):
    turn, _ = going_on
    with ThreadPoolExecutor(5) as threads:
        stops = [threads.submit(worker.stopper.stop, turn) for _ in range(5)]
        assert {each.result(LONG_S).status for each in stops} == {STOPPED}


def test_an_answer_that_is_cut_off_ends_with_its_error(worker, home, dictation, store, conversation):
    started = home.ask(conversation)
    dictation.say(TextDelta("Half"), ModelInterrupted("The stream ended."))
    events = received(worker.follower.frames(started.turn, 0))
    assert names(events) == ["turn", "delta", "error", "done"]
    assert events[2].data["code"] == "model_interrupted"


def test_a_large_event_comes_in_small_chunks(worker, home, dictation, conversation):
    started = home.ask(conversation)
    large = "wörd 🙂 " * 20_000
    dictation.say(TextDelta(large))
    dictation.end()
    chunks = list(worker.follower.frames(started.turn, 0))
    assert text_of(parsed(b"".join(chunks))) == large
    assert max(map(len, chunks)) <= CHUNK_BYTES + 64


def test_a_slow_follower_misses_nothing(worker, home, going_on):
    turn, go_on = going_on
    frames = worker.follower.frames(turn, 0)
    stream = next(frames)
    go_on.set()
    home.vacant()
    assert events_of(stream + b"".join(frames)) == stream_of(home, turn)


@pytest.mark.parametrize("heartbeat_s", [0.02])
def test_a_silent_turn_has_heartbeats(worker, going_on):
    turn, go_on = going_on
    frames = worker.follower.frames(turn, 7)
    assert [next(frames), next(frames)] == [b": still here\n\n"] * 2
    go_on.set()
    assert names(received(frames)) == ["delta", "done"]


@pytest.mark.parametrize("heartbeat_s", [0.02])
def test_a_follower_that_leaves_is_counted_no_longer(elsewhere, home, going_on):
    turn, _ = going_on
    running = home.running_turns.get(turn.id)
    frames = elsewhere.follower.frames(turn, 0)
    next(frames)
    frames.close()
    wait_until(lambda: running.followers == 0)


class Broken:
    """A road that fails after some bytes of an answer."""

    reliable = False

    def __init__(self, road, after_bytes):
        self._road = road
        self._left = after_bytes

    def ask(self, worker, request, timeout_s):
        for chunk in self._road.ask(worker, request, timeout_s):
            yield chunk[: self._left]
            self._left = max(0, self._left - len(chunk))
            if not self._left:
                raise Unreachable(worker)


@pytest.mark.parametrize("bytes_before", [0, 1, 100, 250, 400, 650, 800])
def test_where_one_road_breaks_off_the_next_continues(home, make_worker, going_on, bytes_before):
    """Check a break between two events and in the middle of one."""
    turn, go_on = going_on
    worker = make_worker(roads=lambda peers: [Broken(peers, bytes_before)], job_intervals=RARELY)
    with ThreadPoolExecutor(1) as threads:
        following = threads.submit(stream_of, worker, turn)
        go_on.set()
        stream = events_of(following.result(LONG_S))
    home.vacant()
    assert stream == stream_of(home, turn)


def test_a_follower_returns_to_a_faster_road(home, make_worker, going_on):
    """Check a worker that could not be asked at first."""
    turn, go_on = going_on
    home.peers.close()
    worker = make_worker(roads=lambda peers: [peers], job_intervals=RARELY, clock=HastyClock())
    frames = worker.follower.frames(turn, 0)
    stream = read_until(frames, "Let me see. It ")
    running = home.running_turns.get(turn.id)
    assert running.followers == 0
    home.listen()
    with ThreadPoolExecutor(1) as threads:
        rest = threads.submit(lambda: b"".join(frames))
        wait_until(lambda: running.followers == 1)
        go_on.set()
        stream += rest.result(LONG_S)
    home.vacant()
    assert events_of(stream) == stream_of(home, turn)


def test_a_stop_that_no_worker_answers_is_in_the_database(home, make_worker, store, going_on):
    turn, _ = going_on
    home.services.jobs.stop()
    worker = make_worker(roads=lambda _peers: [], job_intervals=RARELY, clock=HastyClock())
    assert store.turns.stop_requests(home.peers.name) == []
    assert worker.stopper.stop(turn).status == RUNNING
    assert store.turns.stop_requests(home.peers.name) == [turn.id]
    assert store.turns.stop_requests("another:1") == []
    home.services.turns.checkpoints.checkpoint()
    home.vacant()
    assert store.turns.get(turn.id).status == STOPPED
    assert store.turns.stop_requests(home.peers.name) == []
