"""Parts of the benchmarks' figures: percentiles, streams read in passing, verdicts, the picture, the seeds."""

from __future__ import annotations

import json
import math
import sqlite3
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.store import Store
from chat.store.engines.sqlite.engine import SqliteEngine
from scripts.benchmarks import figures, measures, package_profile, results, scene
from scripts.benchmarks.measures import Measure
from scripts.benchmarks.model import Pace
from scripts.benchmarks.plot import drawing
from scripts.benchmarks.seed import RARE, Seeds
from scripts.benchmarks.stream import Stream
from scripts.fake_model.request import stamp_text

FIRST, LAST = stamp_text(100.25, 0.0015), stamp_text(104.5, 0.25)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body)


ANSWER = (
    HEAD
    + chunk(b'id: 1\nevent: turn\ndata: {"turn_id":7}\n\n')
    + chunk(b'id: 2\nevent: delta\ndata: {"text":"%b"}\n\n' % FIRST.encode())
    + chunk(b": still here\n\n")
    + chunk(
        b'id: 3\nevent: delta\ndata: {"text":"two "}\n\nid: 4\nevent: delta\ndata: {"text":"three %b"}\n\n'
        % LAST.encode()
    )
    + chunk(b'id: 5\nevent: done\ndata: {"status":"completed","usage":{}}\n\n')
    + b"0\r\n\r\n"
)


@given(st.lists(st.integers(0, len(ANSWER)), max_size=20))
def test_an_answer_whatever_the_cuts(cuts: list[int]) -> None:
    stream = Stream()
    for at, (start, end) in enumerate(pairwise([0, *sorted(cuts), len(ANSWER)]), 1):
        stream.feed(ANSWER[start:end], float(at))
    stream.ended()
    assert (stream.failure, stream.status, stream.deltas) == ("", 200, 3)
    assert stream.chars == len(FIRST) + len("two three ") + len(LAST)
    assert stream.stamps == ((100.25, 0.0015), (104.5, 0.25))
    assert 0 < stream.turn <= stream.first <= stream.done


def test_times_are_those_of_the_piece_that_completed_the_event() -> None:
    stream = Stream()
    middle = ANSWER.index(b"id: 3")
    stream.feed(ANSWER[:middle], 1.0)
    stream.feed(ANSWER[middle:], 2.0)
    assert (stream.turn, stream.first, stream.done) == (1.0, 1.0, 2.0)


@pytest.mark.parametrize(
    ("data", "failure"),
    [
        (ANSWER[: ANSWER.index(b"id: 5")], "cut off"),
        (ANSWER.replace(b"completed", b"failed"), "not completed"),
        (HEAD + chunk(b'id: 2\nevent: error\ndata: {"code":"model_timeout","message":"."}\n\n'), "model_timeout"),
        (b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 3\r\n\r\n{}", "HTTP 503"),
        (b"", "cut off"),
    ],
)
def test_an_answer_that_is_none(data: bytes, failure: str) -> None:
    stream = Stream()
    stream.feed(data, 1.0)
    stream.ended()
    assert stream.failure == failure


def test_when_to_come_back() -> None:
    stream = Stream()
    stream.feed(b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 3\r\nContent-Length: 2\r\n\r\n{}", 1.0)
    assert stream.retry_after == "3"


def test_percentiles_occurred() -> None:
    values = [5.0, 1.0, 4.0, 2.0, 3.0]
    assert [figures.percentile(values, percent) for percent in (0, 20, 50, 99, 100)] == [1.0, 1.0, 3.0, 5.0, 5.0]
    assert figures.median([4.0, 1.0]) == 1.0


def test_who_got_nothing_is_later_than_all_others() -> None:
    spread = figures.spread([1.0] * 98 + [None] * 2)
    assert (spread["p50"], spread["p90"]) == (1.0, 1.0)
    assert math.isinf(spread["p99"])
    assert figures.spread([]) == {}
    assert figures.curve([2.0, None])[49:51] == [2.0, figures.NEVER]


def test_a_whole_answer_has_as_many_characters_as_the_model_writes() -> None:
    assert Pace(tokens=3).characters == len(stamp_text(0, 0) + "market(1) " + stamp_text(0, 0))


def test_targets_are_bounds() -> None:
    assert Measure("cpu", "", "µs", 40, 40, 80).met
    assert not Measure("cpu", "", "µs", 40, 40.1).met
    assert not Measure("late", "", "ms", 40, figures.NEVER).met
    assert Measure("rate", "", "/s", 130, 131, at_least=True).met
    assert not Measure("rate", "", "/s", 130, 129, at_least=True).met


def test_the_ratio_tells_how_many_times_better() -> None:
    assert Measure("cpu", "", "µs", 40, 40, 80).ratio == 2
    assert Measure("rate", "", "/s", 130, 140, 70, at_least=True).ratio == 2
    assert Measure("late", "", "ms", 40, 40, figures.NEVER).ratio is None
    assert Measure("failed", "", "", 0, 0, 5).ratio is None


def test_the_tables_show_figures_as_people_read_them() -> None:
    two = [Measure("cpu", "CPU", "µs", 40, 19.96, 220), Measure("late", "late", "ms", 250, figures.NEVER)]
    assert measures.markdown_table(two).splitlines()[2:] == [
        "| CPU | ≤ 40 µs | 20.0 µs | 220 µs | 11.0 × | yes |",
        "| late | ≤ 250 ms | never | - | - | no |",
    ]
    lines = measures.text_table(two).splitlines()
    assert len({len(line) for line in lines}) == 1


def test_results_are_json_even_of_what_never_came() -> None:
    actual = results.finite({"a": [1.5, math.inf, float("nan")], "b": (1, "x", True, None)})
    assert json.loads(json.dumps(actual, allow_nan=False)) == {"a": [1.5, None, None], "b": [1, "x", True, None]}


def test_answers_are_counted_in_the_part_of_the_scene_that_is_asked_for() -> None:
    def stream(sent: float, done: float, failure: str = "") -> Stream:
        result = Stream()
        result.sent, result.done, result.failure = sent, done, failure
        return result

    streams = [stream(100.0, 105.0), stream(101.0, 106.0), stream(102.0, 107.5), stream(103.0, 0.0, "cut off")]
    assert scene.answers_per_s(streams, 5.0, 7.0) == 1.0
    assert scene.answers_per_s(streams, 0.0, 5.0) == 0.0
    assert scene.answers_per_s(streams, 0.0, 10.0) == 0.3


SAMPLES = [
    "run (/v/gevent/greenlet.py:10);handle (/v/gunicorn/base_async.py:5);send (/v/gevent/_socketcommon.py:7) 6",
    "run (/usr/threading.py:1);_run (/p/chat/turns/runner.py:9);stream (/p/chat/llm/client.py:4);get (/usr/q.py:3) 3",
    "run (/v/gevent/hub.py:10) 1",
    "run (/usr/threading.py:1);get (/v/gevent/_threading.py:8);acquire_with_timeout (/v/gevent/_threading.py:4) 90",
    "NativePool._serve (/p/chat/runtime/native.py:8) 70",
    "_serve (/p/chat/runtime/native.py:8) 20",
]


def test_a_sample_belongs_to_the_innermost_package() -> None:
    assert package_profile.by_package(SAMPLES) == {"gunicorn": 0.6, "llm": 0.3, "gevent's loop": 0.1}
    assert list(package_profile.by_function(SAMPLES, 2)) == [
        "handle (gunicorn/base_async.py)",
        "stream (llm/client.py)",
    ]


def result(reference: bool = True) -> dict[str, object]:
    """Return a result like that of `results.collected`, with a user whom the reference never answered."""
    curves = {"first_late_s": [0.01, None], "end_late_s": [0.02, None]}
    outcome = {"users": 1000, "workers": 2, "curves": curves}
    servers = {"Parley": outcome} | ({"the reference": outcome} if reference else {})
    other = 200.0 if reference else None
    return {
        "measures": [
            {"name": "cpu_hundred", "target": 40, "parley": 30.0, "reference": other},
            {"name": "cpu_thousand", "target": 25, "parley": None, "reference": other},
        ],
        "scenes": {"hundred": servers, "thousand": servers},
    }


@pytest.mark.parametrize("reference", [True, False])
def test_the_picture_is_svg_for_light_and_dark(reference: bool) -> None:
    picture = drawing(result(reference))
    tree = ElementTree.fromstring(picture)
    assert tree.tag == "{http://www.w3.org/2000/svg}svg"
    assert "prefers-color-scheme: dark" in picture
    lines = [each.get("class", "") for each in tree.iter("{http://www.w3.org/2000/svg}polyline")]
    assert sum("parley" in line for line in lines) == 2
    assert sum("reference" in line for line in lines) == 2 * reference
    numbers = [each.get(name) for each in tree.iter() for name in ("x", "y", "width", "height", "x1", "x2")]
    assert all(math.isfinite(float(number)) for number in numbers if number is not None)


def test_nothing_is_drawn_of_other_scenes() -> None:
    assert drawing({"measures": [], "scenes": {}}) == ""


def test_seeds_are_the_products_own_rows(tmp_path: Path) -> None:
    path = tmp_path / "chat.db"
    seeds = Seeds(path)
    user = seeds.user(3, 10, rare=5)
    seeds.close()
    store = Store(SqliteEngine(path))
    identity = store.sessions.find(user.cookie.partition("=")[2])
    assert identity is not None
    listed, _ = store.conversations.page(identity.user_id, 50)
    assert sorted(each.id for each in listed) == user.conversations
    answers = store.history.path_to(listed[0].head_id or 0, 50)
    assert [answer.role for answer in answers] == ["user", "assistant"] * 5
    assert all(answer.turn and answer.turn.status == "completed" for answer in answers[1::2])
    store.close()
    with sqlite3.connect(path) as database:
        holding = database.execute("SELECT count(*) FROM messages WHERE text LIKE ?", (f"% {RARE} %",)).fetchone()
    database.close()
    assert holding == (5,)
