"""Wrong input of every option: one sentence, exit status 2, and no request to a server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from .concurrency_check import Done
from .scripted_parley import ScriptedParley, quick

Here = Callable[..., Done]

WRONG = [
    ["", "N is missing"],
    ["0", "'0' is not a number of users from 1 to 10000"],
    ["ten", "'ten' is not a number of users"],
    ["10001", "not a number of users"],
    ["3 4", "there is no place for 4"],
    ["3 --nonsense", "there is no place for --nonsense"],
    ["3 --tim 5", "there is no place for --tim 5"],
    ["3 --rate 0", "--rate: '0' is not a number of starts a second"],
    ["3 --rate -1", "--rate"],
    ["3 --rate nan", "not a number of starts a second"],
    ["3 --rate", "--rate needs a value"],
    ["3 --seed x", "--seed: 'x' is not a whole number"],
    ["3 --seed 1.5", "not a whole number"],
    ["3 --ramp -1", "--ramp"],
    ["3 --ramp inf", "--ramp: 'inf' is not a number of seconds, such as 2.5"],
    ["3 --duration 0", "--duration: 0 s is too short: at least 1"],
    ["3 --duration soon", "not a number of seconds"],
    ["3 --turns 0", "--turns: '0' is not a whole number from 1 to 1000"],
    ["3 --turns 2000", "not a whole number from 1 to 1000"],
    ["3 --think x --turns 2", "--think: 'x' is not a number of seconds"],
    ["3 --think 5", "--think needs --turns or --duration"],
    ["3 --prompts /nowhere/at/all", "/nowhere/at/all cannot be read (No such file or directory)"],
    ["3 --prompts /", "cannot be read (Is a directory)"],
    ["3 --prompts /dev/null", "/dev/null has no question; it takes one a line"],
    ["3 --model ", "must be one line of printable ASCII"],
    ["3 --timeout 0", "--timeout: 0 s is too short"],
    ["3 --timeout soon", "--timeout: 'soon' is not a number of seconds"],
    ["3 --slo ttft", "'ttft' is not METRIC:STATISTIC:MILLISECONDS, such as ttft:p95:1500"],
    ["3 --slo speed:p95:10", "metrics are first_event, ttft, gap, max_gap, response, wait"],
    ["3 --slo ttft:p42:10", "statistics p50, p90, p95, p99, max, mean"],
    ["3 --slo ttft:p95:0", "is not METRIC:STATISTIC:MILLISECONDS"],
    ["3 --slo ttft:p95:fast", "is not METRIC:STATISTIC:MILLISECONDS"],
    ["--sweep 1,two", "--sweep: '1,two' is not a list of numbers of users, such as 1,2,4,8 or 1,2,4,…"],
    ["--sweep …", "is not a list of numbers"],
    ["--sweep 1,0", "is not a list of numbers"],
    ["--sweep 4,2", "does not grow"],
    ["3 --sweep 1,8", "8 users are more than N, which is 3"],
    ["3 --token a --login b", "--token and --login exclude each other"],
    ["3 --token ü", "printable ASCII"],
    ["3 --rate 1 --ramp 5", "--rate and --ramp exclude each other"],
    ["3 --duration 5 --turns 2", "--duration and --turns exclude each other"],
    ["3 --rate 10000 --duration 1000", "more than a million requests"],
    ["3 --api soap", "invalid choice: 'soap'"],
    ["3 --api openai", "--api openai needs --url"],
    ["3 --api openai --url http://localhost --model-url http://localhost", "--model-url needs a server in front"],
    ["--scene --url http://localhost", "--scene starts its own server and model"],
    ["--scene --compare x.json", "--scene starts its own server and model"],
    ["--scene --rate 5", "--scene plays one turn of users who start together"],
    ["3 --url nonsense", "'nonsense' is not an address; try --url http"],
    ["3 --json /nowhere/at/all", "/nowhere/at/all cannot be written to (No such file or directory); give --json"],
    ["3 --html /nowhere/at/all", "/nowhere/at/all cannot be written to (No such file or directory); give --html"],
    ["3 --compare /nowhere/at/all", "/nowhere/at/all cannot be read (No such file or directory); give --compare"],
    ["3 --compare /dev/null", "/dev/null is not a file of results; give --compare a file that --json wrote."],
]


@pytest.mark.parametrize(("arguments", "sentence"), WRONG, ids=[wrong[0] for wrong in WRONG])
def test_wrong_input_is_one_sentence(here: Here, arguments: str, sentence: str) -> None:
    done = here(*(arguments.split(" ") if arguments else []))
    assert done.returncode == 2
    assert done.stdout == ""
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.rstrip().endswith((".", "http://127.0.0.1:5000"))


@pytest.mark.parametrize("url", ["nonsense", "http://", "http://localhost:99999"])
def test_a_wrong_address_of_the_model(here: Here, url: str) -> None:
    with ScriptedParley(quick) as server:
        done = here(3, "--url", server.url, "--model-url", url)
        assert done.returncode == 2
        assert "is not an address; try --model-url" in done.stderr
        done = here(3, "--url", server.url, "--model-url", "http://127.0.0.1:9/v1")
    assert done.returncode == 2
    assert "No endpoint answers at http://127.0.0.1:9/v1 (" in done.stderr
    assert server.received.turns == []


def test_questions_that_are_not_text(here: Here, tmp_path: Path) -> None:
    (tmp_path / "questions").write_bytes(b"\xff\xfe\x00")
    done = here(3, "--prompts", tmp_path / "questions")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "is not UTF-8 text" in done.stderr


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("one\n\0\ntwo", "is not UTF-8 text"), ("a question\n" * 1_000_000, "has more than 10000000 characters")],
)
def test_questions_that_are_not_for_people(here: Here, tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "questions").write_text(content)
    done = here(3, "--prompts", tmp_path / "questions")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert sentence in done.stderr


OLD = {"conditions": {"users": 5}, "requests": []}
REQUEST = {
    **{f"{name}_s": 1.0 for name in ("planned", "sent", "turn", "worked", "first_token", "done", "ended")},
    "user": 0,
    "turn": 0,
    "token_s": [1.0, 2.0],
    "error": None,
    "tokens": 2,
}


def old_with(**changes: object) -> str:
    """Return a file of one request, of three users, with other figures."""
    return json.dumps({"conditions": {"users": 3}, "requests": [REQUEST | changes]})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "is not a file of results"),
        ("[1]", "is not a file of results"),
        ("{}", "is not a file of results"),
        ('{"runs": 5}', "is not a file of results"),
        (json.dumps({"conditions": {}, "requests": [{"user": 1}]}), "is not a file of results"),
        (old_with(done_s=float("nan")), "is not a file of results"),
        (old_with(token_s=[1.0, float("inf")]), "is not a file of results"),
        (old_with(turn_s=10**400), "is not a file of results"),
        (old_with(tokens="two"), "is not a file of results"),
        (old_with(user=[]), "is not a file of results"),
        (json.dumps({"format": 2, "measurements": []}), "has format 2 of a later version, but this one reads format 1"),
        (json.dumps({"format": 3} | OLD), "has format 3 of a later version"),
        (json.dumps(OLD), "the earlier runs had 5 users, this one has 3; compare the same number"),
    ],
)
def test_a_file_to_compare_that_is_none(here: Here, tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "old.json").write_text(content)
    done = here(3, "--compare", tmp_path / "old.json")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert sentence in done.stderr


def test_a_password_that_nobody_types(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    done = here(3, "--url", "http://127.0.0.1:9", "--login", "alice")
    assert done.returncode == 2
    assert done.stderr == "--login asks for a password: type it, or write it to standard input.\n"


def test_the_help_names_every_option(here: Here) -> None:
    done = here("--help")
    assert done.returncode == 0
    for option in [
        "--url",
        "--rate",
        "--seed",
        "--ramp",
        "--duration",
        "--turns",
        "--think",
        "--prompts",
        "--model",
        "--timeout",
        "--slo",
        "--sweep",
        "--token",
        "--login",
        "--json",
        "--html",
        "--compare",
        "--quiet",
        "--api",
        "--scene",
        "--model-url",
    ]:
        assert f"  {option}" in done.stdout
