"""Proof that turns survive: starts servers, causes faults under load, and counts the outcomes.

    python scripts/chaos.py [--quick] [--scene NAME] [--mode async|sync|both] [--kills 1000 …]

Each scene starts a server of its own and a fake model, in a temporary folder and on free ports of this machine. It
simulates users who ask like the page, and causes faults: `docs/survival.md` says which, and what must still hold.

Exit status: 0 all checks passed; 1 a check failed (the output says which, and names the folder); 2 could not run;
130 interrupted. It needs Linux and the packages of requirements.txt; if this Python lacks them, it continues in the
repository's .venv, if there is one.
"""

from __future__ import annotations

import sys
from pathlib import Path


def run() -> int:
    # Run by its path, Python looks for modules beside this file only, where this file would stand for the package.
    sys.path[0] = str(Path(__file__).resolve().parent.parent)
    from scripts.kit.own_python import NO_SERVER_PACKAGES, SERVER_PACKAGES, continue_in_venv  # noqa: PLC0415 - found now

    if not continue_in_venv(SERVER_PACKAGES):
        print(NO_SERVER_PACKAGES, file=sys.stderr)
        return 2
    from scripts.chaos.command import main  # noqa: PLC0415 - an older Python could not even read it

    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(run())
