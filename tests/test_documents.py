"""The documents: every file that they name exists, and so does every heading that they link to."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "docs" / "nginx.conf", ROOT / ".env.example"])
CODE = re.compile(r"`([^`\n]+)`")
FILE = re.compile(r"[\w./-]+\.(?:py|js|mjs|css|md|conf|csv|json|toml|txt|in|yml)")
FOLDER = re.compile(r"(?:chat|config|scripts|tests|docs)/[\w./-]*")
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([\w-]+))?\)")
GENERATED = {"results.json", "results.md", "/api/openapi.json"}


def tracked() -> set[str]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    if not listed:
        pytest.skip("not a clone: nothing says which files belong to the program")
    return set(listed)


def named_files(text: str) -> set[str]:
    """Return the paths in inline code: files by their ending, and folders of the program."""
    words = {word for code in CODE.findall(text) for word in code.split()}
    return {word for word in words if FILE.fullmatch(word) or FOLDER.fullmatch(word)} - GENERATED


def exists(name: str, files: set[str]) -> bool:
    """Return whether a file has this path or ends in it; a folder counts if it has a file."""
    tail = "/" + name.removeprefix("./").rstrip("/")
    return any(("/" + file).endswith(tail) or f"{tail}/" in "/" + file for file in files)


def anchors(document: Path) -> set[str]:
    headings = re.findall(r"^#+ (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_file_that_a_document_names_exists(document: Path) -> None:
    files = tracked()
    names = named_files(document.read_text(encoding="utf-8"))
    assert {name for name in names if not exists(name, files)} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_inside_the_repository_leads_somewhere(document: Path) -> None:
    for path, anchor in LINK.findall(document.read_text(encoding="utf-8")):
        target = document.parent / path if path else document
        assert target.exists(), path
        assert not anchor or anchor in anchors(target), f"{path}#{anchor}"


def test_the_figures_of_chaos_are_explained_under_their_present_names() -> None:
    section = (ROOT / "docs" / "survival.md").read_text(encoding="utf-8").split("## Reading the output")[1]
    named = {name for cell in re.findall(r"^\| (`.*?) \|", section, re.MULTILINE) for name in CODE.findall(cell)}
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "scripts" / "chaos").rglob("*.py"))
    scenes = {path.stem for path in (ROOT / "scripts" / "chaos" / "scenes").glob("*.py")}
    assert {name for name in named - scenes if f'"{name}"' not in code} == set()


def test_names_are_found_and_missing_ones_noticed() -> None:
    text = "Run `python scripts/chaos.py --quick`; see `chat/gone/`, `nowhere.py`, `chat/turns/`, and GET `/api/me`."
    assert named_files(text) == {"scripts/chaos.py", "chat/gone/", "nowhere.py", "chat/turns/"}
    files = {"scripts/chaos.py", "chat/turns/runner.py"}
    assert {name for name in named_files(text) if not exists(name, files)} == {"chat/gone/", "nowhere.py"}
