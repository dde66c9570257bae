"""Concurrency check: N users ask a running server at once, which must answer them side by side.

    python scripts/test_concurrent_users.py N [options]     --help lists them, docs/concurrency-check.md explains them
    python scripts/test_concurrent_users.py --scene         starts a server itself, in sync and in async mode

One user alone asks first. Then N users do, each with a cookie jar and a conversation of their own, which are made
before the start, not counted, and deleted afterwards. From `turn` to `done` is a user's response time; what passed
before `turn` is the wait, which counts from the intended start, as does the time to the first token.
`concurrency/verdict.py` has the rule of the verdict.

Exit status: 0 concurrent; 1 sequential, errors or a missed objective; 2 could not run, or interrupted. Ctrl-C shows
what was measured so far.

Runs under any Python 3.11 with nothing installed. If python-dotenv is missing, which reads HOST and PORT from .env, or
Python is too old, it continues in the repository's .venv if there is one; --scene needs it.
"""

from __future__ import annotations

import sys
from pathlib import Path


def run() -> int:
    # Run by its path, Python looks for modules beside this file only.
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    from scripts.kit.own_python import NO_SERVER_PACKAGES, SERVER_PACKAGES, continue_in_venv  # noqa: PLC0415 - found now

    starts_server = "--scene" in sys.argv
    suitable = continue_in_venv(SERVER_PACKAGES if starts_server else ("dotenv",))
    if sys.version_info < (3, 11):  # noqa: UP036 - people in a hurry type the `python` that is at hand
        print("This needs Python 3.11 or later; ./scripts/serve makes .venv, which has one.", file=sys.stderr)
        return 2
    if starts_server and not suitable:
        print(NO_SERVER_PACKAGES, file=sys.stderr)
        return 2
    from scripts.concurrency.command import main  # noqa: PLC0415 - an older Python could not even read it

    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(run())
