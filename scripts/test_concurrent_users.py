"""Concurrency check: N users ask a running server at once, which must answer them side by side.

    python scripts/test_concurrent_users.py N [--url URL] [--text TEXT] [--model NAME]
                                              [--timeout S] [--ramp S] [--json FILE|-]

Every user has a cookie jar and a conversation of their own, made ready before the start and not counted. Then all send
the same question and read the turn's events. From `turn` to `done` is the user's response time; what passed before
`turn` is the wait; the time to the first token counts from sending, as a user does. The verdict weighs the total time
against the longest response, and looks at whether anybody had to wait for somebody else: `concurrency/verdict.py`
tells the rule and why it is more than a comparison of two numbers.

Exit status: 0 concurrent; 1 sequential, or errors; 2 could not run; 130 interrupted (Ctrl-C shows what is known).
Nothing is cleaned up: each made-up user leaves one conversation in the server's database, which no real user sees.

Runs under any Python 3.11 with nothing installed. What it misses outside the repository's .venv (python-dotenv, with
which HOST and PORT are read from .env; or a Python that is new enough) it gets by going over to .venv, if there is one.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WANTED = ("dotenv",)


def use_our_own_python() -> None:
    """Go on in the repository's virtual environment, where this Python lacks something and there is one."""
    lacking = sys.version_info < (3, 11) or any(importlib.util.find_spec(name) is None for name in WANTED)
    python = ROOT / ".venv" / "bin" / "python"
    if lacking and python.exists() and Path(sys.prefix).resolve() != (ROOT / ".venv").resolve():
        os.execv(python, [str(python), *sys.argv])
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever is in a hurry types the `python` that is at hand
        print("This needs Python 3.11 or later; ./scripts/serve makes .venv, which has one.", file=sys.stderr)
        sys.exit(2)


def run() -> int:
    use_our_own_python()
    sys.path.insert(0, str(ROOT))  # run by its path, Python looks for modules beside this file only
    from scripts.concurrency.command import main  # noqa: PLC0415 - an older Python could not even read it

    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(run())
