"""`python scripts/benchmarks`: runs the scenes and prints the table. `--help` lists the options."""

from __future__ import annotations

import sys
from pathlib import Path


def run() -> int:
    # Run by its path, Python looks for modules in this folder, where a file may have the name of a library.
    folder = Path(__file__).resolve().parent
    sys.path[:] = [str(folder.parents[1]), *(path for path in sys.path if Path(path).resolve() != folder)]
    from scripts.kit.own_python import NO_SERVER_PACKAGES, SERVER_PACKAGES, continue_in_venv  # noqa: PLC0415 - found now

    if not continue_in_venv(SERVER_PACKAGES):
        print(NO_SERVER_PACKAGES, file=sys.stderr)
        return 2
    from scripts.benchmarks.command import main  # noqa: PLC0415 - found only now

    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(run())
