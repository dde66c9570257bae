"""Command `flask --app wsgi doctor`. It needs neither the application nor a running server."""

from __future__ import annotations

import dataclasses
import json
import sys
from urllib.parse import urlsplit

import click

from chat.commands.doctor.findings import FAIL, PASS, SKIP, WARN
from chat.commands.doctor.installation import Installation
from chat.commands.doctor.run_checks import Line, has_failure, run_checks

_SIGNS = {PASS: "ok  ", WARN: "WARN", FAIL: "FAIL", SKIP: "-   "}


@click.command("doctor")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--public-url", default="", help="Also check the address at which users reach the server.")
def doctor(as_json: bool, public_url: str) -> None:
    """Check the installation, the running server, the database and the model.

    Each line has a stable code, explained in docs/doctor.md. It asks the model two short questions. The exit status is
    1 if a check fails, 0 otherwise.
    """
    if public_url and not _is_address(public_url):
        raise click.UsageError(
            "--public-url takes an address that begins with http:// or https://, such as https://chat.example.com/chat."
        )
    lines = []
    for line in run_checks(Installation(public_url=public_url)):
        lines.append(line)
        if not as_json:
            click.echo(text_of(line))
    if as_json:
        click.echo(json.dumps({"checks": [dataclasses.asdict(line) for line in lines]}, ensure_ascii=False, indent=2))
    else:
        click.echo(summary(lines))
    sys.exit(1 if has_failure(lines) else 0)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return valid and not parts.query and not parts.fragment and text.isprintable() and " " not in text


def text_of(line: Line) -> str:
    """Return a line as text, with its remedy on the next one."""
    text = f"{_SIGNS[line.level]} {line.code} {line.subject}: {line.message}"
    return f"{text}\n     → {line.remedy}" if line.remedy else text


def summary(lines: list[Line]) -> str:
    """Return the counts by level."""
    counts = {level: sum(line.level == level for line in lines) for level in _SIGNS}
    return (
        f"{counts[PASS]} passed, {counts[WARN]} warnings, {counts[FAIL]} failed, {counts[SKIP]} not checked. "
        "docs/doctor.md explains each code."
    )
