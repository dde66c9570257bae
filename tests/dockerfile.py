"""A reader of the Dockerfile."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions in order, without comments, with continued lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    text = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    text = re.sub(r"\\\n\s*", " ", text)
    return [(line.split()[0], line.partition(" ")[2].strip()) for line in text.splitlines() if line.strip()]


def final_stage() -> list[tuple[str, str]]:
    every = instructions()
    last_from = max(number for number, (name, _) in enumerate(every) if name == "FROM")
    return every[last_from:]


def last(name: str) -> str:
    return [rest for each, rest in instructions() if each == name][-1]


def health_code() -> str:
    python, option, code = json.loads(last("HEALTHCHECK").partition("CMD")[2])
    assert (python, option) == ("python", "-c")
    assert isinstance(code, str)
    return code
