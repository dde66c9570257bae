"""Check that a tool's `data` has the form of docs/tools.md, for any content."""

from __future__ import annotations

import json
import re
from typing import Any

from chat.messages import ToolResult

CONTENT_LIMIT = 6 * 1024


def check(result: ToolResult) -> dict[str, Any]:
    """Assert the form of a result and return its data."""
    assert result.ok
    assert result.summary and "\n" not in result.summary
    assert len(result.content.encode()) <= CONTENT_LIMIT
    assert json.loads(result.content)["source"]["name"]
    data = result.data
    assert data is not None
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert list(data) == ["title", "note", "tables", "charts", "sources"]
    assert isinstance(data["title"], str) and (data["note"] is None or isinstance(data["note"], str))
    for table in data["tables"]:
        _check_table(table)
    for chart in data["charts"]:
        _check_chart(chart)
    assert data["sources"]
    for source in data["sources"]:
        _check_source(source)
    return data


def _check_table(table: dict[str, Any]) -> None:
    assert list(table) == ["title", "columns", "rows"]
    assert table["rows"]
    for row in table["rows"]:
        assert len(row) == len(table["columns"])
        assert all(isinstance(cell, str) for cell in row)
        # No figure without its year or date.
        assert re.search(r"\d{4}", row[-1]) or row[1] == "no figure"


def _check_chart(chart: dict[str, Any]) -> None:
    assert list(chart) == ["title", "unit", "kind", "x", "series"]
    assert chart["kind"] in ("line", "bar") and chart["x"] in ("year", "date")
    form = r"\d{4}" if chart["x"] == "year" else r"\d{4}-\d\d-\d\d"
    assert chart["series"]
    for series in chart["series"]:
        assert list(series) == ["name", "points"]
        places = [x for x, _ in series["points"]]
        assert places and places == sorted(set(places))
        assert all(re.fullmatch(form, x) for x in places)
        assert all(value is None or type(value) in (int, float) for _, value in series["points"])
    if chart["x"] == "year":
        assert len({tuple(x for x, _ in series["points"]) for series in chart["series"]}) == 1


def _check_source(source: dict[str, Any]) -> None:
    assert list(source) == ["name", "url", "updated", "retrieved"]
    assert source["url"].startswith("https://")
    assert source["updated"] is None or re.fullmatch(r"\d{4}-\d\d-\d\d", source["updated"])
    assert source["retrieved"] is None or re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", source["retrieved"])
