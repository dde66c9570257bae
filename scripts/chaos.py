"""Proof that turns survive: starts servers, causes faults under load, and counts the outcomes.

    python scripts/chaos.py [--quick] [--scene NAME] [--mode async|sync|both] [--kills 1000 …]

Each scene starts a server of its own and a fake model, in a temporary folder and on free ports of this machine. It
simulates users who ask like the page, and causes faults: `docs/survival.md` says which, and what must still hold.

Exit status: 0 everything held; 1 a check failed (the output says which, and names the folder); 2 could not run;
130 interrupted. It needs Linux and the packages of requirements.txt; if this Python lacks them, it continues in the
repository's .venv, if there is one.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WANTED = ("gunicorn", "gevent", "flask", "dotenv")


def use_our_own_python() -> None:
    """Continue in the repository's virtual environment if this Python lacks something and there is one."""
    lacking = sys.version_info < (3, 11) or any(importlib.util.find_spec(name) is None for name in WANTED)
    python = ROOT / ".venv" / "bin" / "python"
    if lacking and python.exists() and Path(sys.prefix).resolve() != (ROOT / ".venv").resolve():
        os.execv(python, [str(python), *sys.argv])
    if lacking:
        print(
            "This starts servers, and needs what they need: run ./scripts/serve once, it makes .venv.", file=sys.stderr
        )
        sys.exit(2)


def run() -> int:
    use_our_own_python()
    # Run by its path, Python looks for modules beside this file only, where this file would stand for the package.
    sys.path[0] = str(ROOT)
    from scripts.chaos.command import main  # noqa: PLC0415 - an older Python could not even read it

    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(run())
