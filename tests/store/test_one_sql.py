"""The repositories' statements are in the SQL that `engines/contract.py` describes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import chat.store

REPOSITORIES = sorted(Path(chat.store.__file__).parent.glob("*.py"))

# Of SQLite or of PostgreSQL alone.
FOREIGN = re.compile(
    r"json_(each|extract|group_array|group_object)|\browid\b|\bMATCH\b|\bPRAGMA\b|\bREPLACE INTO\b"
    r"|\bOR (IGNORE|REPLACE)\b|\bIFNULL\b|\bGLOB\b|\bzeroblob\b|sqlite|\?[0-9]"
    r"|%s|::|\bILIKE\b|\bnextval\b|\bunnest\b|\bGREATEST\b",
    re.IGNORECASE,
)
STATEMENT = re.compile(
    r'"""\s+(?:WITH|SELECT|INSERT|UPDATE|DELETE|FROM)\b.*?"""|"(?:SELECT|INSERT|UPDATE|DELETE|FROM) .*?"', re.DOTALL
)


def test_statements_are_recognised() -> None:
    statements = [statement for path in REPOSITORIES for statement in STATEMENT.findall(path.read_text())]
    assert len(statements) > 60


@pytest.mark.parametrize("path", REPOSITORIES, ids=lambda path: path.stem)
def test_a_repository_uses_no_dialect(path: Path) -> None:
    statements = STATEMENT.findall(path.read_text())
    assert [statement for statement in statements if FOREIGN.search(statement)] == []
