"""The proof that turns survive: servers are started, broken on purpose under load, and what came of it is counted.

    python scripts/chaos.py [--quick] [--scene NAME] [--mode async|sync|both] [--kills 1000 …]

Each scene starts a server of its own and a fake model, in a temporary folder and on free ports of this machine, plays
users who ask as the page would, and breaks something: `docs/survival.md` tells what, and what must hold all the same.

Exit status: 0 everything held; 1 something did not (what, and in which folder to look, is printed); 2 could not run;
130 interrupted. It needs Linux and what requirements.txt names; where the Python at hand lacks that, it goes over to
the repository's .venv, if there is one.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WANTED = ("gunicorn", "gevent", "flask", "dotenv")


def use_our_own_python() -> None:
    """Go on in the repository's virtual environment, where this Python lacks something and there is one."""
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
