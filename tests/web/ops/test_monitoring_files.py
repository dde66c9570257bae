"""The dashboard and the alert rules in `docs/monitoring/`: valid, and about figures that exist."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from flask.testing import FlaskClient

from config.paths import ROOT
from tests.prometheus import Figures

from ..api_client import converse, exchange

FOLDER = ROOT / "docs/monitoring"
RULES = yaml.safe_load((FOLDER / "parley-alerts.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
DASHBOARD = json.loads((FOLDER / "parley-dashboard.json").read_text(encoding="utf-8"))
NAME = re.compile(r"\bparley_\w+")
promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="needs promtool (Debian: prometheus)")


@pytest.fixture
def text(alice: FlaskClient) -> str:
    """The figures after a turn."""
    exchange(alice, converse(alice), "Hello")
    return alice.get("/metrics").text


def known_names(text: str) -> set[str]:
    """All names of samples, also of families that have none yet."""
    kinds = dict(line.split()[2:4] for line in text.splitlines() if line.startswith("# TYPE"))
    parts = ("_bucket", "_sum", "_count")
    return {name + part for name, kind in kinds.items() for part in (parts if kind == "histogram" else ("",))}


def labels_of(text: str) -> dict[str, set[str]]:
    labels: dict[str, set[str]] = {}
    for family in Figures(text).families:
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
    return labels


def expressions() -> list[str]:
    panels = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
    return [*panels, *(rule["expr"] for rule in RULES)]


def test_every_figure_that_is_asked_for_exists(text: str) -> None:
    known = known_names(text)
    for expression in expressions():
        assert set(NAME.findall(expression)) <= known, expression


def test_every_figure_is_in_the_dashboard(text: str) -> None:
    used = {name for expression in expressions() for name in NAME.findall(expression)}
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in known_names(text)}
    assert {name for name in families if not any(each.startswith(name) for each in used)} == {"parley_info"}


def test_the_labels_that_are_asked_for_exist(text: str) -> None:
    labels = labels_of(text)
    for expression in expressions():
        for name, selected in re.findall(r"(parley_\w+)\{(.*?)\}", expression):
            assert set(re.findall(r"(\w+)=", selected)) <= labels.get(name, {"reason"}), expression


def test_rules_name_a_severity_and_a_remedy() -> None:
    names = [rule["alert"] for rule in RULES]
    assert len(names) == len(set(names)) >= 10
    for rule in RULES:
        assert rule["labels"]["severity"] in ("page", "warn")
        assert rule["annotations"]["summary"].endswith(".")
        assert rule["annotations"]["remedy"].endswith(".")


@promtool
def test_prometheus_accepts_all_of_it(text: str, tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "monitoring")
    (tmp_path / "monitoring/parley-token").write_text("token\n")
    for command, input_text in (
        (["check", "rules", "parley-alerts.yml"], None),
        (["check", "config", "prometheus.yml"], None),
        (["check", "metrics"], text),
    ):
        ended = subprocess.run(
            ["promtool", *command], input=input_text, cwd=tmp_path / "monitoring", capture_output=True, text=True,
            timeout=60,
            check=False,
        )  # fmt: skip
        assert (ended.returncode, "error" in ended.stderr.lower()) == (0, False), ended
