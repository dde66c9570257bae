"""Reports of the concurrency check: the live line, JSON, HTML, objectives, comparisons, a sweep."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest

from scripts.concurrency import html_charts, html_report
from scripts.concurrency.bars import timeline_bars
from scripts.concurrency.errors import Failure
from scripts.concurrency.evidence import Evidence
from scripts.concurrency.load import Progress
from scripts.concurrency.plan import Plan
from scripts.concurrency.progress import ProgressLine
from scripts.concurrency.result import Result
from scripts.concurrency.timeline import Timeline
from scripts.concurrency.verdict import judge

from .concurrency_check import CONCURRENT, SEQUENTIAL, Done, cause, verdict
from .scripted_parley import Browser, ScriptedParley, at_most, quick, together

pytestmark = pytest.mark.by_times

Here = Callable[..., Done]


def test_the_raw_times_of_every_request(here: Here, tmp_path: Path) -> None:
    def answer(browser: Browser) -> None:
        browser.begin()
        browser.speak(3, 0.02)
        if browser.turn == 1:
            browser.cut()
        else:
            browser.end(tokens=9, queued=1.5, model_first=20, tools=0)

    with ScriptedParley(answer) as server:
        done = here(3, "--url", server.url, "--json", tmp_path / "results.json")
    results = json.loads((tmp_path / "results.json").read_text())
    assert [len(each["token_s"]) for each in results["requests"]] == [3, 3, 3]
    for each in results["requests"]:
        times = [each[f"{name}_s"] for name in ("planned", "sent", "turn", "first_token")]
        assert times == sorted(times)
        assert each["first_token_s"] == each["token_s"][0]
    failed = [each for each in results["requests"] if each["error"]]
    assert [(each["error"], each["done_s"], each["tokens"]) for each in failed] == [("stream_cut", None, None)]
    good = next(each for each in results["requests"] if not each["error"])
    assert (good["tokens"], good["timings"]) == (9, {"queued": 1.5, "model_first": 20.0, "tools": 0.0})
    assert results["cause"]["code"] == "errors"
    assert results["exit_status"] == done.returncode == 1
    assert results["rates"]["answers"] == 2
    assert results["seconds"]["time_to_first_event"]["max"] > 0
    assert "server: queued" in done.stdout


def test_objectives_and_goodput(here: Here) -> None:
    with ScriptedParley(together(4)) as server:
        done = here(4, "--url", server.url, "--slo", "ttft:p95:5000", "--slo", "response:p50:5000")
        assert "Objective ttft:p95:5000: met (" in done.stdout
        assert re.search(r"Goodput: \S+ answers/s keep every objective \(4 of 4 requests, 100%\)", done.stdout)
        assert done.returncode == 0
    with ScriptedParley(together(4)) as server:
        done = here(4, "--url", server.url, "--slo", "ttft:p95:5000", "--slo", "response:max:20")
    assert "Objective response:max:20: MISSED (" in done.stdout
    assert cause(done.stdout).startswith("OBJECTIVE MISSED: response:max is "), done.stdout
    assert ", above 20 ms; one user alone misses it, too: " in cause(done.stdout)
    assert "(0 of 4 requests, 0%)" in done.stdout
    assert CONCURRENT.match(verdict(done.stdout)), done.stdout
    assert done.returncode == 1


def test_quiet_prints_what_is_wrong_and_the_verdict_only(here: Here) -> None:
    with ScriptedParley(at_most(1, 0.2)) as server:
        done = here(4, "--url", server.url, "--quiet", "--slo", "wait:max:1", "--slo", "wait:max:9000")
    lines = done.stdout.splitlines()
    assert lines[0] == "Errors: none"
    assert lines[1].startswith("Objective wait:max:1: MISSED (")
    assert SEQUENTIAL.match(verdict(done.stdout))
    assert len(lines) == 6
    assert done.returncode == 1


def test_a_sweep_names_the_knee_and_stops_behind_it(here: Here, tmp_path: Path) -> None:
    with ScriptedParley(at_most(2, 0.2)) as server:
        done = here(64, "--url", server.url, "--sweep", "1,2,…", "--json", tmp_path / "results.json")
    assert "Knee: 2 users, with " in done.stdout
    assert [line.split()[0] for line in done.stdout.splitlines() if re.match(r" +\d+ .*tial$| +\d+ .*rent$", line)] == [
        *("1", "2", "4"),
    ]
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["knee_users"] == 2
    assert [run["conditions"]["users"] for run in results["runs"]] == [1, 2, 4]
    assert SEQUENTIAL.match(verdict(done.stdout))
    assert done.returncode == 1


def test_a_sweep_without_a_knee(here: Here) -> None:
    # So long that a pause of a loaded machine is short beside it.
    with ScriptedParley(lambda browser: _lasting(browser, 0.9)) as server:
        done = here("--url", server.url, "--sweep", "1,2,4")
    assert "Knee: not reached with 4 users" in done.stdout, done.stdout
    assert CONCURRENT.match(verdict(done.stdout)), done.stdout
    assert done.returncode == 0


def _lasting(browser: Browser, seconds: float) -> None:
    browser.begin()
    browser.speak(3, seconds / 3)
    browser.end()


def test_a_comparison_with_repeated_runs(here: Here, tmp_path: Path) -> None:
    seconds = 0.15
    with ScriptedParley(lambda browser: _lasting(browser, seconds)) as server:
        # The same number three times: the file then knows how much runs differ.
        here("--url", server.url, "--sweep", "8,8,8", "--json", tmp_path / "old.json")
        seconds = 0.45
        slower = here(8, "--url", server.url, "--compare", tmp_path / "old.json", "--json", tmp_path / "new.json")
    assert "Compared with the earlier results (noise from 3 earlier runs):" in slower.stdout
    assert re.search(r"  response time +\d+ ms → +\d+ ms +[+-]\d+%  ±\S+ m?s: WORSE", slower.stdout), slower.stdout
    rows = {row["name"]: row for row in json.loads((tmp_path / "new.json").read_text())["compared"]}
    assert rows["response time"]["beyond_noise"]
    low, high = rows["response time"]["interval_95"]
    assert 0.2 < low <= high < 0.5
    assert slower.returncode == 0  # a comparison is no objective


def test_a_comparison_with_a_single_run_says_what_it_does_not_know(here: Here, tmp_path: Path) -> None:
    with ScriptedParley(quick) as server:
        here(3, "--url", server.url, "--json", tmp_path / "old.json")
        done = here(3, "--url", server.url, "--text", "Other", "--compare", tmp_path / "old.json")
    assert "noise between runs is unknown from a single one: 10 % is assumed" in done.stdout
    assert "Other conditions: prompts: ['Show me China market data'] → ['Other']" in done.stdout


class _Page(HTMLParser):
    """Collects the tags, texts and addresses of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attributes if name in ("src", "href", "action", "xlink:href")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


HOSTILE = "<script>alert(1)</script>\"'><img src=http://127.0.0.1:9/x>&"


def hostile_result(users: int) -> Result:
    """Return a result in which every text that comes from outside is hostile."""
    lines = []
    for number in range(users):
        line = Timeline(user=number, planned=0.0, sent=0.0, turn=0.1, first_token=0.5, done=2.0, ended=2.0)
        line.about = {"worker": HOSTILE}
        if number % 5 == 4:
            line.done, line.failure = None, Failure(HOSTILE, HOSTILE, 500)
        lines.append(line)
    about = {"server": HOSTILE, "api": HOSTILE, "mode": HOSTILE, "model": HOSTILE}
    result = Result(about, Plan(users=users, prompts=(HOSTILE,)), lines, evidence=Evidence(blocked=(HOSTILE,)))
    result.verdict = judge(lines, result.evidence)
    return result


@pytest.mark.parametrize("users", [1, 10, 200, 2000])
def test_the_page_has_no_foreign_parts_and_every_text_escaped(users: int) -> None:
    table = html_report.Comparison((HOSTILE,), [(HOSTILE,)], HOSTILE, HOSTILE)
    text = html_report.page(hostile_result(users), (), table)
    page = _Page(text)
    assert not {"script", "img", "link", "iframe", "object"} & set(page.tags)
    assert page.addresses == []
    assert "url(" not in text
    assert "@import" not in text
    assert HOSTILE not in text
    if users > 4:
        assert any(HOSTILE in each for each in page.texts)
    assert "default-src 'none'" in text
    assert len(text) < 200_000


@pytest.mark.parametrize(
    ("requests", "rows", "group"), [(0, 0, 1), (1, 1, 1), (120, 120, 1), (121, 61, 2), (2000, 118, 17)]
)
def test_many_requests_are_summed_up(requests: int, rows: int, group: int) -> None:
    lines = [Timeline(user=number, planned=0.0, ended=1.0) for number in range(requests)]
    bars, size = html_charts.bars(lines, 0.0)
    assert (len(bars), size) == (rows, group)


def test_a_page_of_a_whole_run(here: Here, tmp_path: Path) -> None:
    with ScriptedParley(at_most(2, 0.2)) as server:
        here(4, "--url", server.url, "--html", tmp_path / "report.html", "--slo", "ttft:p95:9000")
    page = _Page((tmp_path / "report.html").read_text())
    text = " ".join(page.texts)
    for part in (
        "SEQUENTIAL PROCESSING", "BLOCKING: first token grows", "time to first token", "A bar a request",
        "Requests open", "Pieces of text a second", "Objective ttft:p95:9000", "Show me China market data",
        "One user alone", "/healthz",
    ):  # fmt: skip
        assert part in text, part
    assert page.tags.count("i") >= 2 * 4


def test_the_curve_of_concurrency() -> None:
    lines = [Timeline(planned=0.0, turn=float(number), ended=4.0) for number in range(4)]
    series = html_charts.concurrency(lines, 0.0, since_turn=True)
    assert series.seconds == 4.0
    assert series.values[0] == 1
    assert max(series.values) == 4
    assert series.values[-1] == 0
    assert max(html_charts.concurrency(lines, 0.0, since_turn=False).values) == 4


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


PROGRESS = Progress("load", at_s=3.2, users=8, ready=8, waiting=2, answering=3, done=3, share=0.5)


def printed_progress(
    monkeypatch: pytest.MonkeyPatch, out: io.StringIO, progress: Progress = PROGRESS, **env: str
) -> str:
    for name in ("NO_COLOR", "COLUMNS", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ({"COLUMNS": "100", "TERM": "xterm"} | env).items():
        monkeypatch.setenv(name, value)
    line = ProgressLine(out)
    line.show(progress)
    return out.getvalue()


def test_the_live_line_of_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    text = printed_progress(monkeypatch, Terminal())
    assert text.startswith("\r\x1b[32m████████████░░░░░░░░░░░░ \x1b[0m")
    assert text.endswith("3.2s  2 waiting, 3 being answered, 3 done\x1b[K")


def test_the_live_line_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    text = printed_progress(monkeypatch, Terminal(), NO_COLOR="1")
    assert text.startswith("\r████████████░░░░░░░░░░░░   ")
    assert "\x1b[3" not in text


@pytest.mark.parametrize("columns", [5, 20, 40, 61])
def test_the_live_line_never_wraps(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    text = printed_progress(monkeypatch, Terminal(), NO_COLOR="1", COLUMNS=str(columns))
    assert len(text.removeprefix("\r").removesuffix("\x1b[K")) < columns
    assert ("█" in text) == (columns >= 60)


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {}])
def test_no_live_line_elsewhere(monkeypatch: pytest.MonkeyPatch, env: dict[str, str]) -> None:
    out = Terminal() if env else io.StringIO()
    assert printed_progress(monkeypatch, out, **env) == "    3.2s  2 waiting, 3 being answered, 3 done\n"


def test_the_bars_of_a_timeline() -> None:
    def line(user: int, turn: float, first: float, end: float) -> Timeline:
        return Timeline(user=user, planned=0.0, sent=0.0, turn=turn, first_token=first, done=end, ended=end)

    failed = Timeline(user=2, planned=0.0, ended=40.0)
    text = timeline_bars([line(0, 0, 4, 20), line(1, 20, 24, 40), failed], 0.0, columns=43)
    assert text.splitlines()[:3] == [
        "  User 1: [--========          ] ✓ 20.00 s",
        "  User 2: [··········--========] ✓ 40.00 s",
        "  User 3: [····················] ✗ -",
    ]
    assert len(timeline_bars([line(user, 0, 1, 2) for user in range(100)], 0.0).splitlines()) == 15
